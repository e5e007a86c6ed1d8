/** Mistral's transcription and speech. */
import { asText, copy, type Fields } from '../fields.ts';
import { plainAnswer, userInput, wholeOutput } from './mistral-operations.ts';
import { eventData, wireAnswer, wireMembers } from './mistral-wire.ts';
import { commonRequest } from '../openai/openai-facts.ts';
import { defineOperation, type ChunkFolder } from '../operation.ts';
import { blobPart, filePart, textPart, urlPart } from '../parts.ts';

/** The text grows, and comes once more, with all else that a plain answer has, when it is done. */
class TranscriptionFolder implements ChunkFolder {
  #text = '';
  #body: Fields = {};
  #closed = false;

  push(event: unknown): void {
    const data = eventData(event);
    if (data?.type === 'transcription.text.delta') this.#text += asText(data.text);
    if (data?.type !== 'transcription.done') return;
    const { type: _, ...body } = data;
    this.#body = copy(body) as Fields;
    this.#closed = true;
  }

  body(): Fields {
    return { text: this.#text, ...this.#body };
  }

  closed(): boolean {
    return this.#closed;
  }
}

/** `POST /v1/audio/transcriptions`. A file that is uploaded with it is no text of the request. */
export const mistralTranscriptions = defineOperation({
  operation: 'generate_content',
  api: 'mistral_transcriptions',
  request: (body) => ({ ...commonRequest(wireMembers(body)), outputType: 'text' }),
  folder: () => new TranscriptionFolder(),
  response: plainAnswer,
  input: (given) => {
    const body = wireMembers(given);
    return userInput([...urlPart('audio', body['file_url']), ...filePart('audio', body['file_id'])]);
  },
  output: (body) => wholeOutput(textPart(wireAnswer(body)['text'])),
});

/** The pieces of sound stay as they came; they are joined where somebody wants to hear them. */
class SpeechFolder implements ChunkFolder {
  readonly #pieces: string[] = [];
  #usage: unknown = undefined;
  #closed = false;

  push(event: unknown): void {
    const data = eventData(event);
    const piece: unknown = data?.audio_data ?? data?.audioData;
    if (typeof piece === 'string') this.#pieces.push(piece);
    if (data?.type !== 'speech.audio.done') return;
    this.#usage = copy(data.usage);
    this.#closed = true;
  }

  body(): Fields {
    return { audio_data: this.#pieces, ...(this.#usage !== undefined && { usage: this.#usage }) };
  }

  closed(): boolean {
    return this.#closed;
  }
}

/** Base64; each piece of a stream has a padding of its own. */
function soundOf(data: unknown): unknown {
  if (!Array.isArray(data)) return data;
  return Buffer.concat(data.map((piece) => Buffer.from(String(piece), 'base64'))).toString('base64');
}

/** `POST /v1/audio/speech`. */
export const mistralSpeech = defineOperation({
  operation: 'generate_content',
  api: 'mistral_speech',
  request: (body) => ({ ...commonRequest(wireMembers(body)), outputType: 'speech' }),
  folder: () => new SpeechFolder(),
  response: plainAnswer,
  input: (body) => userInput(textPart(wireMembers(body)['input'])),
  output: (body) => wholeOutput(blobPart('audio', soundOf(wireAnswer(body)['audio_data']))),
});
