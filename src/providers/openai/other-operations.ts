/** Small operations of OpenAI and Anthropic: moderation, speech and transcription, counting tokens, and Anthropic's first API. */
import { finishReason, type InputMessage, type OutputMessage } from '../../events/content.ts';
import type { LlmRequest } from '../../events/model.ts';
import type { InputContent, ResponseFacts } from '../contract.ts';
import { asText, copy, count, fields, flag, items, number, present, some, text, word, type Fields } from '../fields.ts';
import { commonRequest, commonResponse, errorFacts, openaiUsage, responseFacts } from './openai-facts.ts';
import { defineOperation, type ChunkFolder } from '../operation.ts';
import { textPart, urlPart } from '../parts.ts';

const user = (parts: InputMessage['parts']): InputContent => (parts.length > 0 ? { input: [{ role: 'user', parts }] } : {});

/** Facts of an answer that says no more than its model and its tokens. */
function plainResponse(given: unknown): ResponseFacts {
  const body = fields(given);
  return responseFacts(commonResponse(body), openaiUsage(body['usage']), errorFacts(body));
}

/** `POST /moderations`. It judges and generates nothing: the conventions have no word for it. */
export const moderations = defineOperation({
  operation: 'moderation',
  api: 'moderations',
  request: (body) => commonRequest(fields(body)),
  response: plainResponse,
  input: (body) => {
    const given = fields(body)['input'];
    const parts = (Array.isArray(given) ? given : [given]).flatMap((one) => {
      const part = fields(one);
      return typeof one === 'string'
        ? textPart(one)
        : [...textPart(part['text']), ...urlPart('image', fields(part['image_url'])['url'])];
    });
    return user(parts);
  },
  output: (body) => {
    const verdicts = items(fields(body)['results']);
    return verdicts.length > 0 ? [{ role: 'assistant', parts: textPart(asText(verdicts)), finish_reason: 'stop' }] : [];
  },
});

/** `POST /audio/speech`. The answer is sound, which nobody reads but the app. */
export const audioSpeech = defineOperation({
  operation: 'generate_content',
  api: 'audio_speech',
  request: (body) => ({ ...commonRequest(fields(body)), outputType: 'speech' }),
  response: plainResponse,
  input: (body) => user([...textPart(fields(body)['instructions']), ...textPart(fields(body)['input'])]),
});

/** The text grows, and comes once more with its usage when it is done. */
class TranscriptFolder implements ChunkFolder {
  #text = '';
  #body: Fields = {};
  #closed = false;

  push(event: any): void {
    if (typeof event !== 'object' || event === null) return;
    if (event.error) this.#body['error'] = copy(event.error);
    if (event.type === 'transcript.text.delta') this.#text += asText(event.delta);
    if (event.type !== 'transcript.text.done') return;
    this.#closed = true;
    this.#text = text(event.text) ?? this.#text;
    if (event.usage) this.#body['usage'] = copy(event.usage);
  }

  body(): Fields {
    return { ...this.#body, text: this.#text };
  }

  closed(): boolean {
    return this.#closed;
  }
}

/** `POST /audio/transcriptions` and `/audio/translations`. */
export const transcriptions = defineOperation({
  operation: 'generate_content',
  api: 'audio_transcriptions',
  request: (body) => ({ ...commonRequest(fields(body)), outputType: 'text' }),
  folder: () => new TranscriptFolder(),
  response: plainResponse,
  input: (body) => user(textPart(fields(body)['prompt'])),
  output: (body) => {
    const parts = textPart(typeof body === 'string' ? body : fields(body)['text']);
    return parts.length > 0 ? [{ role: 'assistant', parts, finish_reason: 'stop' }] : [];
  },
});

function completeRequest(given: unknown): LlmRequest {
  const body = fields(given);
  return present({
    model: text(body['model']),
    stream: flag(body['stream']),
    maxTokens: count(body['max_tokens_to_sample']),
    temperature: number(body['temperature']),
    topP: number(body['top_p']),
    topK: number(body['top_k']),
  });
}

class CompleteFolder implements ChunkFolder {
  #completion = '';
  #body: Fields = {};

  push(event: any): void {
    if (typeof event !== 'object' || event === null) return;
    if (event.error) this.#body['error'] = copy(event.error);
    if (typeof event.completion === 'string') this.#completion += event.completion;
    for (const member of ['id', 'model', 'stop_reason'])
      if (typeof event[member] === 'string') this.#body[member] = event[member];
  }

  body(): Fields {
    return { ...this.#body, completion: this.#completion };
  }

  closed(): boolean {
    return this.#body['stop_reason'] !== undefined;
  }
}

function completeResponse(given: unknown): ResponseFacts {
  const body = fields(given);
  const reason = word(body['stop_reason']);
  const facts = present({
    id: text(body['id']),
    model: text(body['model']),
    finishReasons: some(reason === undefined ? [] : [reason]),
  });
  return responseFacts(facts, undefined, errorFacts(body));
}

function completeOutput(given: unknown): OutputMessage[] {
  const body = fields(given);
  const parts = textPart(body['completion']);
  const reason = text(body['stop_reason']);
  return parts.length > 0 || reason !== undefined
    ? [{ role: 'assistant', parts, finish_reason: finishReason(reason ?? 'error') }]
    : [];
}

/** `POST /v1/complete` of Anthropic, gone from version 1 of its SDK. It never said how many tokens it took. */
export const completeLegacy = defineOperation({
  operation: 'text_completion',
  api: 'complete',
  request: completeRequest,
  folder: () => new CompleteFolder(),
  response: completeResponse,
  input: (body) => user(textPart(fields(body)['prompt'])),
  output: completeOutput,
});
