/** Embeddings, in OpenAI's shape. */
import type { InputMessage } from '../../events/content.ts';
import type { LlmRequest } from '../../events/model.ts';
import type { InputContent, ResponseFacts } from '../contract.ts';
import { fields, items, present, some, text, word } from '../fields.ts';
import { commonRequest, commonResponse, errorFacts, openaiUsage, responseFacts } from './openai-facts.ts';
import { defineOperation } from '../operation.ts';
import { textPart } from '../parts.ts';
import { saidCost } from '../said-cost.ts';

function request(given: unknown): LlmRequest {
  const body = fields(given);
  const format = word(body['encoding_format']);
  return { ...commonRequest(body), ...present({ encodingFormats: format === undefined ? undefined : [format] }) };
}

const FLOAT_BYTES = 4;

/** Length of a vector: of a list of numbers, of the typed array that some clients make, or of base64 as the wire has it. */
function dimensions(vector: unknown): number | undefined {
  if (Array.isArray(vector) || vector instanceof Float32Array || vector instanceof Float64Array)
    return vector.length || undefined;
  if (typeof vector !== 'string') return undefined;
  const bytes = Buffer.byteLength(vector, 'base64');
  return bytes > 0 && bytes % FLOAT_BYTES === 0 ? bytes / FLOAT_BYTES : undefined;
}

function response(given: unknown): ResponseFacts {
  const body = fields(given);
  const facts = { ...commonResponse(body), ...present({ dimensions: dimensions(fields(items(body['data'])[0])['embedding']) }) };
  const { output: _, ...usage } = openaiUsage(body['usage']) ?? {};
  const counted = usage.input === undefined ? undefined : usage;
  return { ...responseFacts(facts, counted, errorFacts(body)), ...saidCost(body['usage']) };
}

/** The texts to embed; one given as token numbers has no text that we could show. */
function input(given: unknown): InputContent {
  const value = fields(given)['input'];
  const texts = (Array.isArray(value) ? value : [value]).map((one) => text(one)).filter((one) => one !== undefined);
  const messages: InputMessage[] = texts.map((one) => ({ role: 'user', parts: textPart(one) }));
  return present({ input: some(messages) });
}

/** `POST /embeddings`. */
export const embeddings = defineOperation({ operation: 'embeddings', api: 'embeddings', request, response, input });
