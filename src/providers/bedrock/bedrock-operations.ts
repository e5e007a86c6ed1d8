/** What else Bedrock can be asked beside a model's answer. */
import type { InputMessage } from '../../events/content.ts';
import type { LlmRequest } from '../../events/model.ts';
import { awsError, modelName } from './bedrock-facts.ts';
import { converse } from './converse.ts';
import type { InputContent, ResponseFacts } from '../contract.ts';
import { fields, items, present, some, text, word, type Fields } from '../fields.ts';
import { invokeOperations, invokeRequest } from './invoke-model.ts';
import { responseFacts } from '../openai/openai-facts.ts';
import { defineOperation } from '../operation.ts';
import { genericPart, textPart } from '../parts.ts';

const modelOf = (body: Fields): LlmRequest => present({ model: modelName(body['modelId']) });

/** The request whose tokens are counted: one of Converse, or one of `InvokeModel`. */
function counted(given: unknown): { request: LlmRequest; input: InputContent } {
  const { converse: asked, invokeModel } = fields(fields(given)['input']);
  if (asked !== undefined) return { request: converse.request(asked), input: converse.input(asked) };
  const [chat] = invokeOperations;
  const { body } = fields(invokeModel);
  // The SDK has bytes; the wire has them as base64.
  const bytes = typeof body === 'string' ? Buffer.from(body, 'base64') : body;
  const plain = invokeRequest({ body: bytes });
  return { request: chat!.request(plain), input: chat!.input(plain) };
}

/** `POST /model/{id}/count-tokens`. The answer is a count of what a call would take, not of tokens that were billed: it is no usage. */
export const bedrockCountTokens = defineOperation({
  operation: 'count_tokens',
  api: 'bedrock_count_tokens',
  request: (body) => ({ ...counted(body).request, ...modelOf(fields(body)) }),
  response: (body) => responseFacts({}, undefined, awsError(body)),
  input: (body) => counted(body).input,
});

function guardrailInput(given: unknown): InputContent {
  const body = fields(given);
  const parts = items(body['content']).flatMap((value) => {
    const { text: said, image } = fields(value);
    return said === undefined ? (image === undefined ? [] : genericPart(value)) : textPart(fields(said)['text']);
  });
  const message: InputMessage = { role: body['source'] === 'OUTPUT' ? 'assistant' : 'user', parts };
  return present({ input: some(parts.length > 0 ? [message] : []) });
}

function guardrailResponse(given: unknown): ResponseFacts {
  const body = fields(given);
  return responseFacts(present({ status: word(body['action']) }), undefined, awsError(body));
}

/** `POST /guardrail/{id}/version/{version}/apply`: a text is judged, and maybe replaced, without a model. It bills units of text, not tokens. */
export const applyGuardrail = defineOperation({
  operation: 'apply_guardrail',
  api: 'apply_guardrail',
  request: () => ({}),
  response: guardrailResponse,
  input: guardrailInput,
  output: (given) => {
    const body = fields(given);
    const parts = items(body['outputs']).flatMap((one) => textPart(fields(one)['text']));
    const reason = text(body['action']) === 'GUARDRAIL_INTERVENED' ? 'content_filter' : 'stop';
    return parts.length > 0 ? [{ role: 'assistant', parts, finish_reason: reason }] : [];
  },
});

/** `POST /async-invoke`: begins a job (a video, embeddings of a film) whose result goes to S3. The answer is the job's ARN, which names the account: it stays where it is. */
export const startAsyncInvoke = defineOperation({
  operation: 'start_async_invoke',
  api: 'start_async_invoke',
  request: (body) => modelOf(fields(body)),
  response: (body) => responseFacts({}, undefined, awsError(body)),
  input: (body) => {
    const parts = genericPart(fields(body)['modelInput']);
    return present({ input: some(parts.length > 0 ? [{ role: 'user', parts }] : []) });
  },
});
