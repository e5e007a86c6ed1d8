/** Operations of Cohere's API that generate no text of their own, versions 1 and 2 alike: embeddings, reranking, and parsing of documents. */
import type { InputMessage, MessagePart } from '../../events/content.ts';
import type { LlmRequest, Usage } from '../../events/model.ts';
import { cohereContent } from './cohere-chat.ts';
import { cohereRequest, cohereUsage, documentPart, errorOf, member } from './cohere-facts.ts';
import type { InputContent, ResponseFacts } from '../contract.ts';
import { asText, count, fields, items, present, some, text, word, type Fields } from '../fields.ts';
import { listed, responseFacts } from '../openai/openai-facts.ts';
import { defineOperation } from '../operation.ts';
import { textPart, urlPart } from '../parts.ts';

function plainResponse(given: unknown): ResponseFacts {
  const body = fields(given);
  return responseFacts(present({ id: text(body['id']) }), undefined, errorOf(body));
}

/* Embeddings */

function embedRequest(given: unknown): LlmRequest {
  const body = fields(given);
  return {
    ...present({ model: text(body['model']) }),
    ...present({ encodingFormats: listed(items(member(body, 'embedding_types')).map(word)) }),
  };
}

const BITS_IN_BYTE = 8;
const FLOAT_BYTES = 4;

/** Dimensions of a vector, by the name of its type: a byte of a binary one holds eight of them, and a base64 text holds floats. */
function dimensionsOf(type: string, vector: unknown): number | undefined {
  if (typeof vector === 'string') return Buffer.byteLength(vector, 'base64') / FLOAT_BYTES;
  const length = items(vector).length;
  return type === 'binary' || type === 'ubinary' ? length * BITS_IN_BYTE : length;
}

/** The first vector that there is: in a list, as version 1 gives floats, or in a list for each type that was asked for. */
function dimensions(embeddings: unknown): number | undefined {
  const byType: [string, unknown][] = Array.isArray(embeddings) ? [['float', embeddings]] : Object.entries(fields(embeddings));
  for (const [type, vectors] of byType) {
    const found = dimensionsOf(type, items(vectors)[0]);
    if (found !== undefined && found > 0 && Number.isInteger(found)) return found;
  }
  return undefined;
}

/** Tokens of images are billed apart from those of texts; our word for input includes them. */
function embedUsage(meta: unknown): Usage | undefined {
  const { input } = cohereUsage(meta) ?? {};
  const images = count(member(fields(member(fields(meta), 'billed_units')), 'image_tokens'));
  return input === undefined && images === undefined ? undefined : { input: (input ?? 0) + (images ?? 0) };
}

function embedResponse(given: unknown): ResponseFacts {
  const body = fields(given);
  const facts = present({ id: text(body['id']), dimensions: dimensions(body['embeddings']) });
  return responseFacts(facts, embedUsage(body['meta']), errorOf(body));
}

/** What is to be embedded, a message each. */
function embedInput(given: unknown): InputContent {
  const body = fields(given);
  const each: MessagePart[][] = [
    ...items(body['texts']).map(textPart),
    ...items(body['images']).map((image) => urlPart('image', image)),
    ...items(body['inputs']).map((one) => cohereContent(fields(one)['content'])),
  ];
  const messages: InputMessage[] = each.filter((parts) => parts.length > 0).map((parts) => ({ role: 'user', parts }));
  return present({ input: some(messages) });
}

/** `POST /v2/embed` and `/v1/embed`. */
export const cohereEmbed = defineOperation({
  operation: 'embeddings',
  api: 'cohere_embed',
  request: embedRequest,
  response: embedResponse,
  input: embedInput,
});

/* Reranking */

/** `POST /v2/rerank` and `/v1/rerank`. It bills search units, not tokens. */
export const cohereRerank = defineOperation({
  operation: 'rerank',
  api: 'cohere_rerank',
  request: (body) => present({ model: text(fields(body)['model']) }),
  response: plainResponse,
  input: (given) => {
    const body = fields(given);
    const parts = [...textPart(body['query']), ...items(body['documents']).flatMap(documentPart)];
    return parts.length > 0 ? { input: [{ role: 'user', parts }] } : {};
  },
  output: (body) => {
    const ranked = items(fields(body)['results']);
    return ranked.length > 0 ? [{ role: 'assistant', parts: textPart(asText(ranked)), finish_reason: 'stop' }] : [];
  },
});

/* Documents */

function pageParts(value: unknown): MessagePart[] {
  const page: Fields = fields(value);
  return textPart(fields(page['markdown'])['content'] ?? page['content'] ?? asText(page['blocks']));
}

/** `POST /v2/parse`: reads the picture of a page. It bills pages, not tokens. */
export const cohereParse = defineOperation({
  operation: 'generate_content',
  api: 'cohere_parse',
  request: (body) => ({ ...cohereRequest(fields(body)), outputType: 'text' }),
  response: plainResponse,
  input: (given) => {
    const document = fields(fields(given)['document']);
    const parts = urlPart('image', member(document, 'image_url'));
    return parts.length > 0 ? { input: [{ role: 'user', parts }] } : {};
  },
  output: (body) => {
    const parts = items(fields(body)['pages']).flatMap(pageParts);
    return parts.length > 0 ? [{ role: 'assistant', parts, finish_reason: 'stop' }] : [];
  },
});
