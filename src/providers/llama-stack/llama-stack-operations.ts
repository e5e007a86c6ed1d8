/** What Llama Stack has beside OpenAI's APIs: shields, and reranking. */
import type { InputMessage } from '../../events/content.ts';
import { chatInput } from '../openai/chat-content.ts';
import { asText, fields, items, present, some, text, type Fields } from '../fields.ts';
import { commonRequest, errorFacts, responseFacts } from '../openai/openai-facts.ts';
import { defineOperation } from '../operation.ts';
import { genericPart, textPart } from '../parts.ts';

/** `POST /v1/safety/run-shield`. A shield is no model; its answer is empty where it found nothing. */
export const runShield = defineOperation({
  operation: 'moderation',
  api: 'run_shield',
  request: (given) => {
    const { messages } = fields(given);
    return present({ messageCount: Array.isArray(messages) ? messages.length : undefined });
  },
  response: (body) => responseFacts({}, undefined, errorFacts(fields(body))),
  input: chatInput,
  output: (body) => {
    const violation = fields(body)['violation'];
    return violation ? [{ role: 'assistant', parts: textPart(asText(violation)), finish_reason: 'stop' }] : [];
  },
});

const itemParts = (item: unknown): InputMessage['parts'] =>
  typeof item === 'string' ? textPart(item) : text(fields(item)['text']) ? textPart(fields(item)['text']) : genericPart(item);

/** The list itself, which the SDK takes out of `data`. */
const resultsOf = (body: unknown): readonly unknown[] => (Array.isArray(body) ? body : items(fields(body)['data']));

/** `POST /v1alpha/inference/rerank`. The conventions have no word for it. */
export const rerankItems = defineOperation({
  operation: 'rerank',
  api: 'llama_stack_rerank',
  request: (given) => commonRequest(fields(given)),
  response: (body) => responseFacts({}, undefined, errorFacts(fields(body))),
  input: (given) => {
    const body: Fields = fields(given);
    const texts = [body['query'], ...items(body['items'])];
    return present({ input: some(texts.map((one): InputMessage => ({ role: 'user', parts: itemParts(one) }))) });
  },
  output: (body) => {
    const results = resultsOf(body);
    return results.length > 0 ? [{ role: 'assistant', parts: textPart(asText(results)), finish_reason: 'stop' }] : [];
  },
});
