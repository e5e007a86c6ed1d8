/** `POST /api/generate`, `/api/embed` and `/api/embeddings` of Ollama. */
import { finishReason, type InputMessage, type OutputMessage } from '../../events/content.ts';
import type { InputContent, ResponseFacts } from '../contract.ts';
import { copy, fields, items, present, some, text, type Fields } from '../fields.ts';
import { imageParts } from './ollama-chat.ts';
import { endOf, ollamaRequest, ollamaResponse, ollamaUsage } from './ollama-facts.ts';
import { errorFacts, responseFacts } from '../openai/openai-facts.ts';
import { defineOperation, type ChunkFolder } from '../operation.ts';
import { blobPart, reasoningPart, textPart } from '../parts.ts';

class OllamaGenerateFolder implements ChunkFolder {
  #rest: Fields = {};
  #response = '';
  #thinking = '';

  push(chunk: any): void {
    if (typeof chunk !== 'object' || chunk === null) return;
    if (typeof chunk.response === 'string') this.#response += chunk.response;
    if (typeof chunk.thinking === 'string') this.#thinking += chunk.thinking;
    if (chunk.done === true || chunk.error) {
      // `context` is the conversation as token numbers: long, and read by nobody here.
      const { response: _, thinking: __, context: ___, ...rest } = chunk as Fields;
      this.#rest = copy(rest) as Fields;
    } else if (this.#rest['model'] === undefined && typeof chunk.model === 'string') this.#rest['model'] = chunk.model;
  }

  body(): Fields {
    const body: Fields = { ...this.#rest, response: this.#response };
    if (this.#thinking !== '') body['thinking'] = this.#thinking;
    return body;
  }

  closed(): boolean {
    return this.#rest['done'] === true;
  }
}

function response(given: unknown): ResponseFacts {
  const body = fields(given);
  return responseFacts(ollamaResponse(body), ollamaUsage(body), errorFacts(body));
}

function input(given: unknown): InputContent {
  const body = fields(given);
  const parts = [...textPart(body['prompt']), ...textPart(body['suffix']), ...imageParts(body['images'])];
  const messages: InputMessage[] = parts.length === 0 ? [] : [{ role: 'user', parts }];
  return present({ system: some(textPart(body['system'])), input: some(messages) });
}

function output(given: unknown): OutputMessage[] {
  const body = fields(given);
  const parts = [...reasoningPart(body['thinking']), ...textPart(body['response']), ...blobPart('image', body['image'])];
  if (parts.length === 0 && body['done'] !== true) return [];
  return [{ role: 'assistant', parts, finish_reason: finishReason(endOf(body)) }];
}

/** A completion of a prompt, or, of some models, an image. */
export const ollamaGenerate = defineOperation({
  operation: 'text_completion',
  api: 'ollama_generate',
  request: (body) => ollamaRequest(fields(body)),
  folder: () => new OllamaGenerateFolder(),
  response,
  input,
  output,
});

/** One answer has a list of vectors, the other, older one has one vector. */
function vectorResponse(given: unknown): ResponseFacts {
  const body = fields(given);
  const vector = items(items(body['embeddings'])[0] ?? body['embedding']);
  const facts = { ...ollamaResponse(body), ...present({ dimensions: vector.length || undefined }) };
  return responseFacts(facts, ollamaUsage(body), errorFacts(body));
}

function textsInput(given: unknown): InputContent {
  const messages = (Array.isArray(given) ? given : [given]).flatMap((one): InputMessage[] => {
    const content = text(one);
    return content === undefined ? [] : [{ role: 'user', parts: textPart(content) }];
  });
  return present({ input: some(messages) });
}

/** Vectors of one or several texts. */
export const ollamaEmbed = defineOperation({
  operation: 'embeddings',
  api: 'ollama_embed',
  request: (body) => ollamaRequest(fields(body)),
  response: vectorResponse,
  input: (body) => textsInput(fields(body)['input']),
});

/** The vector of one text, in the API that `/api/embed` replaced. It says nothing of tokens. */
export const ollamaEmbeddings = defineOperation({
  operation: 'embeddings',
  api: 'ollama_embeddings',
  request: (body) => ollamaRequest(fields(body)),
  response: vectorResponse,
  input: (body) => textsInput(fields(body)['prompt']),
});
