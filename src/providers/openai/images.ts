/** Making, editing and varying images, in OpenAI's shape. */
import type { MessagePart, OutputMessage } from '../../events/content.ts';
import type { LlmRequest } from '../../events/model.ts';
import type { InputContent, ResponseFacts } from '../contract.ts';
import { copy, fields, items, present, text, type Fields } from '../fields.ts';
import { commonRequest, commonResponse, errorFacts, openaiUsage, responseFacts } from './openai-facts.ts';
import { defineOperation, type ChunkFolder } from '../operation.ts';
import { blobPart, textPart, urlPart } from '../parts.ts';

/** A stream shows the image getting sharper; only the finished ones are kept. */
const IMAGES_MAX = 128;

class ImageFolder implements ChunkFolder {
  readonly #images: Fields[] = [];
  #rest: Fields = {};
  #error: unknown = undefined;

  push(event: any): void {
    if (typeof event !== 'object' || event === null) return;
    if (event.error) this.#error = copy(event.error);
    const type = event.type;
    if (typeof type !== 'string' || !type.endsWith('.completed') || this.#images.length === IMAGES_MAX) return;
    this.#images.push(present({ b64_json: text(event.b64_json), url: text(event.url) }));
    this.#rest = present({
      output_format: text(event.output_format),
      usage: event.usage ? copy(event.usage) : this.#rest['usage'],
    });
  }

  body(): Fields {
    return { ...this.#rest, data: this.#images, ...(this.#error !== undefined && { error: this.#error }) };
  }

  closed(): boolean {
    return this.#images.length > 0;
  }
}

function request(given: unknown): LlmRequest {
  return { ...commonRequest(fields(given)), outputType: 'image' };
}

function response(given: unknown): ResponseFacts {
  const body = fields(given);
  return responseFacts(commonResponse(body), openaiUsage(body['usage']), errorFacts(body));
}

function input(given: unknown): InputContent {
  const parts = textPart(fields(given)['prompt']);
  return parts.length > 0 ? { input: [{ role: 'user', parts }] } : {};
}

/** The images are the parts of one message, each after the prompt that it was really made from, where the API says. */
function output(given: unknown): OutputMessage[] {
  const body = fields(given);
  const parts: MessagePart[] = items(body['data']).flatMap((value) => {
    const image = fields(value);
    const mimeType = `image/${text(body['output_format']) ?? 'png'}`;
    return [
      ...textPart(image['revised_prompt']),
      ...blobPart('image', image['b64_json'], mimeType),
      ...urlPart('image', image['url']),
    ];
  });
  return parts.length > 0 ? [{ role: 'assistant', parts, finish_reason: 'stop' }] : [];
}

/** `POST /images/generations`, `/images/edits` and `/images/variations`. */
export const images = defineOperation({
  operation: 'generate_content',
  api: 'images',
  request,
  folder: () => new ImageFolder(),
  response,
  input,
  output,
});
