/** Mistral's small operations: embeddings, moderation and classification, reading documents. */
import { finishReason, type InputMessage, type MessagePart, type OutputMessage } from '../../events/content.ts';
import type { LlmRequest } from '../../events/model.ts';
import { chatInput, contentParts } from '../openai/chat-content.ts';
import type { InputContent, ResponseFacts } from '../contract.ts';
import { embeddings } from '../openai/embeddings.ts';
import { asText, fields, items, some, text, type Fields } from '../fields.ts';
import { wireAnswer, wireForm, wireMembers } from './mistral-wire.ts';
import { commonRequest, commonResponse, errorFacts, openaiUsage, responseFacts } from '../openai/openai-facts.ts';
import { defineOperation } from '../operation.ts';
import { textPart } from '../parts.ts';

/** The SDK's `inputs` is `input` on the wire. */
function withInput(given: unknown): Fields {
  const { inputs, ...body } = wireMembers(given);
  return inputs === undefined ? body : { ...body, input: inputs };
}

/** What was said by one who says nothing but this. */
export function userInput(parts: MessagePart[]): InputContent {
  return parts.length > 0 ? { input: [{ role: 'user', parts }] } : {};
}

/** What was answered, as one message that came to its end. */
export function wholeOutput(parts: MessagePart[]): OutputMessage[] {
  return parts.length > 0 ? [{ role: 'assistant', parts, finish_reason: finishReason('stop') }] : [];
}

/** Facts of an answer that says no more than its model and its tokens. */
export function plainAnswer(given: unknown): ResponseFacts {
  const body = wireAnswer(given);
  return responseFacts(commonResponse(body), openaiUsage(body['usage']), errorFacts(body));
}

/** `POST /v1/embeddings`. */
export const mistralEmbeddings = defineOperation({
  operation: 'embeddings',
  api: 'mistral_embeddings',
  request: (body) => embeddings.request(withInput(body)),
  response: (body) => embeddings.response(wireAnswer(body)),
  input: (body) => embeddings.input(withInput(body)),
});

/** What is judged: texts, a conversation, or several of either. */
function judgedInput(given: unknown): InputContent {
  const said = (value: unknown): InputMessage[] => {
    if (typeof value === 'string') return [{ role: 'user', parts: textPart(value) }];
    if (Array.isArray(value)) return value.flatMap(said);
    const body = fields(value);
    if (Array.isArray(body['messages'])) return said(body['messages']);
    return text(body['role']) === undefined ? [] : (chatInput({ messages: [body] }).input ?? []);
  };
  const input = some(said(wireForm(withInput(given)['input'])));
  return input === undefined ? {} : { input };
}

const judging = {
  request: (body: unknown): LlmRequest => commonRequest(fields(body)),
  response: plainAnswer,
  input: judgedInput,
  output: (body: unknown) => {
    const verdicts = items(wireAnswer(body)['results']);
    return wholeOutput(verdicts.length > 0 ? textPart(asText(verdicts)) : []);
  },
};

/** `POST /v1/moderations` and `/v1/chat/moderations`. */
export const mistralModerations = defineOperation({ ...judging, operation: 'moderation', api: 'mistral_moderations' });

/** `POST /v1/classifications` and `/v1/chat/classifications`, with a model of one's own. */
export const mistralClassifications = defineOperation({
  ...judging,
  operation: 'classification',
  api: 'mistral_classifications',
});

/** `POST /v1/ocr`. It is billed by the page: there are no tokens. */
export const mistralOcr = defineOperation({
  operation: 'generate_content',
  api: 'mistral_ocr',
  request: (body) => ({ ...commonRequest(fields(body)), outputType: 'text' }),
  response: plainAnswer,
  input: (body) => userInput(contentParts([wireForm(fields(body)['document'])])),
  output: (body) => {
    const answer = wireAnswer(body);
    const pages = items(answer['pages']).flatMap((page) => textPart(fields(page)['markdown']));
    return wholeOutput([...pages, ...textPart(answer['document_annotation'])]);
  },
});
