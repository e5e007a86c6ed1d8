/** The older operations of Cohere's API, version 1: `generate`, `summarize` and `classify`. */
import { finishReason, type OutputMessage } from '../../events/content.ts';
import type { LlmRequest } from '../../events/model.ts';
import { cohereRequest, cohereUsage, errorOf, listPart, member, nameIn, reasonOf } from './cohere-facts.ts';
import type { InputContent, ResponseFacts } from '../contract.ts';
import { asText, copy, count, fields, items, number, present, some, text, type Fields } from '../fields.ts';
import { choiceReasons, responseFacts } from '../openai/openai-facts.ts';
import { defineOperation, type ChunkFolder } from '../operation.ts';
import { genericPart, textPart } from '../parts.ts';

const GENERATIONS_MAX = 128;

/** The last event brings the whole answer; what came before it is put together for a stream that never gets there. */
class GenerateFolder implements ChunkFolder {
  readonly #texts: string[] = [];
  #end: Fields | undefined;

  push(event: any): void {
    if (typeof event !== 'object' || event === null) return;
    if ((event.is_finished ?? event.isFinished) === true) this.#close(event);
    else if (typeof event.text === 'string') this.#add(number(event.index) ?? 0, event.text);
  }

  #add(index: number, more: string): void {
    if (index < 0 || index >= GENERATIONS_MAX || !Number.isInteger(index)) return;
    while (this.#texts.length <= index) this.#texts.push('');
    this.#texts[index] += more;
  }

  /** The reason stands in the event, and not always in the generations. Of a stream that failed, the event says why in `err`. */
  #close(event: Fields): void {
    const end: Fields = { ...fields(copy(event['response'])) };
    const reason = nameIn(event, 'finish_reason');
    const whole = items(end['generations']).map(fields);
    end['generations'] = (whole.length > 0 ? whole : this.#texts.map((one) => ({ text: one }))).map((one) =>
      reasonOf(one) === undefined ? { ...one, [reason]: event[reason] } : one,
    );
    if (typeof event['err'] === 'string') Object.assign(end, { error: event['err'], [reason]: event[reason] });
    this.#end = end;
  }

  body(): Fields {
    if (this.#end !== undefined) return this.#end;
    return this.#texts.length > 0 ? { generations: this.#texts.map((one) => ({ text: one })) } : {};
  }

  closed(): boolean {
    return this.#end !== undefined;
  }
}

/** Reasons of the generations, with the name that they have on the wire. */
function generationsOf(body: Fields): Fields[] {
  return items(body['generations']).map((value) => {
    const generation = fields(value);
    return { ...generation, finish_reason: reasonOf(generation) ?? reasonOf(body) };
  });
}

const user = (content: unknown): InputContent => {
  const parts = textPart(content);
  return parts.length > 0 ? { input: [{ role: 'user', parts }] } : {};
};

function generateRequest(given: unknown): LlmRequest {
  const body = fields(given);
  const choices = count(member(body, 'num_generations'));
  return { ...cohereRequest(body), ...present({ choiceCount: choices === 1 ? undefined : choices }) };
}

function generateResponse(given: unknown): ResponseFacts {
  const body = fields(given);
  const facts = present({ id: text(body['id']), finishReasons: choiceReasons(generationsOf(body)) });
  return responseFacts(facts, cohereUsage(body['meta']), errorOf(body));
}

function generateOutput(given: unknown): OutputMessage[] {
  return generationsOf(fields(given)).map((generation) => ({
    role: 'assistant',
    parts: textPart(generation['text']),
    finish_reason: finishReason(reasonOf(generation) ?? 'error'),
  }));
}

/** `POST /v1/generate`. */
export const cohereGenerate = defineOperation({
  operation: 'text_completion',
  api: 'cohere_generate',
  request: generateRequest,
  folder: () => new GenerateFolder(),
  response: generateResponse,
  input: (body) => user(fields(body)['prompt']),
  output: generateOutput,
});

/** An answer that says no more than its id and its tokens. */
function plainResponse(given: unknown): ResponseFacts {
  const body = fields(given);
  return responseFacts(present({ id: text(body['id']) }), cohereUsage(body['meta']), errorOf(body));
}

/** `POST /v1/summarize`. */
export const cohereSummarize = defineOperation({
  operation: 'text_completion',
  api: 'cohere_summarize',
  request: (body) => cohereRequest(fields(body)),
  response: plainResponse,
  input: (given) => {
    const body = fields(given);
    const command = textPart(member(body, 'additional_command'));
    return { ...present({ system: some(command) }), ...user(body['text']) };
  },
  output: (body) => {
    const parts = textPart(fields(body)['summary']);
    return parts.length > 0 ? [{ role: 'assistant', parts, finish_reason: 'stop' }] : [];
  },
});

/** `POST /v1/classify`. It judges and generates nothing: the conventions have no word for it, and it bills classifications, not tokens. */
export const cohereClassify = defineOperation({
  operation: 'classify',
  api: 'cohere_classify',
  request: (body) => cohereRequest(fields(body)),
  response: plainResponse,
  input: (given) => {
    const body = fields(given);
    const parts = [...listPart('examples', body['examples']), ...items(body['inputs']).flatMap(genericPart)];
    return parts.length > 0 ? { input: [{ role: 'user', parts }] } : {};
  },
  output: (body) => {
    const verdicts = items(fields(body)['classifications']);
    return verdicts.length > 0 ? [{ role: 'assistant', parts: textPart(asText(verdicts)), finish_reason: 'stop' }] : [];
  },
});
