/**
 * Folds the chunks of a chat completion stream to the body that a plain call returns. Runs once for each chunk of each stream: a plain text chunk
 * costs a few property reads and one string concatenation, and nothing is allocated for it.
 */
import { asText, copy, fields, items, type Fields } from '../fields.ts';
import type { ChunkFolder } from '../operation.ts';

/** More choices or calls than any provider gives; what a broken stream sends beyond is left out. */
const CHOICES_MAX = 128;
const CALLS_MAX = 512;

interface Call {
  index: number;
  id: string;
  type: string;
  name: string;
  arguments: string;
}

interface Choice {
  index: number;
  role: string;
  content: string;
  refusal: string;
  reasoning: string;
  /** Which member the reasoning came in: `reasoning_content` or `reasoning`. */
  reasoningIn: string;
  audioId: string;
  audio: string;
  transcript: string;
  calls: Call[];
  /** The old single call, which has no id. */
  functionCall: Call | null;
  /** Tools that Groq ran itself. */
  executed: Fields[];
  finish: string;
  error: unknown;
}

const newChoice = (index: number): Choice => ({
  index,
  role: 'assistant',
  content: '',
  refusal: '',
  reasoning: '',
  reasoningIn: '',
  audioId: '',
  audio: '',
  transcript: '',
  calls: [],
  functionCall: null,
  executed: [],
  finish: '',
  error: undefined,
});

const newCall = (index: number): Call => ({ index, id: '', type: 'function', name: '', arguments: '' });

/** The call that a fragment belongs to: by index, or by id where servers leave the index out or repeat one for different calls. */
function callFor(calls: Call[], given: any): Call | undefined {
  const id = typeof given.id === 'string' ? given.id : '';
  const index = typeof given.index === 'number' ? given.index : -1;
  for (let i = calls.length - 1; i >= 0; i--) {
    const call = calls[i]!;
    if (index >= 0 ? call.index === index : id === '' || call.id === id) {
      if (id === '' || call.id === '' || call.id === id) return call;
    }
  }
  if (calls.length === CALLS_MAX) return undefined;
  const call = newCall(index >= 0 ? index : calls.length);
  calls.push(call);
  return call;
}

function addFunction(call: Call, given: any, argumentsIn: 'arguments' | 'input'): void {
  if (typeof given !== 'object' || given === null) return;
  if (call.name === '' && typeof given.name === 'string') call.name = given.name;
  const more = given[argumentsIn];
  call.arguments += typeof more === 'string' ? more : asText(more);
}

function addCalls(choice: Choice, given: unknown): void {
  for (const fragment of items(given) as any[]) {
    if (typeof fragment !== 'object' || fragment === null) continue;
    const call = callFor(choice.calls, fragment);
    if (call === undefined) return;
    if (call.id === '' && typeof fragment.id === 'string') call.id = fragment.id;
    if (typeof fragment.type === 'string' && fragment.type !== '') call.type = fragment.type;
    addFunction(call, fragment.function, 'arguments');
    addFunction(call, fragment.custom, 'input');
  }
}

/** Content as a list of parts, as Mistral's reasoning models send it. */
function addParts(choice: Choice, parts: readonly unknown[]): void {
  for (const part of parts) {
    const given = fields(part);
    if (typeof given['text'] === 'string') choice.content += given['text'];
    for (const thought of items(given['thinking'])) choice.reasoning += asText(fields(thought)['text']);
  }
}

function addAudio(choice: Choice, audio: any): void {
  if (typeof audio !== 'object' || audio === null) return;
  if (typeof audio.id === 'string') choice.audioId = audio.id;
  if (typeof audio.data === 'string') choice.audio += audio.data;
  if (typeof audio.transcript === 'string') choice.transcript += audio.transcript;
}

/** Each comes twice: when it is called, and with what it gave. */
function addExecuted(choice: Choice, given: unknown): void {
  for (const tool of items(given).map((one) => fields(copy(one)))) {
    const known = choice.executed.find((one) => one['index'] === tool['index']);
    if (known) Object.assign(known, tool);
    else if (choice.executed.length < CALLS_MAX) choice.executed.push(tool);
  }
}

function addDelta(choice: Choice, delta: any): void {
  const content = delta.content;
  if (typeof content === 'string') choice.content += content;
  else if (Array.isArray(content)) addParts(choice, content);
  // Some servers send the same reasoning under both names.
  const named = delta.reasoning_content;
  const reasoning = typeof named === 'string' ? named : delta.reasoning;
  if (typeof reasoning === 'string' && reasoning !== '') {
    choice.reasoning += reasoning;
    choice.reasoningIn = typeof named === 'string' ? 'reasoning_content' : 'reasoning';
  }
  if (typeof delta.refusal === 'string') choice.refusal += delta.refusal;
  if (delta.tool_calls) addCalls(choice, delta.tool_calls);
  if (delta.function_call) addFunction((choice.functionCall ??= newCall(0)), delta.function_call, 'arguments');
  if (delta.audio) addAudio(choice, delta.audio);
  if (delta.executed_tools) addExecuted(choice, delta.executed_tools);
  if (typeof delta.role === 'string' && delta.role !== '') choice.role = delta.role;
}

function callBody(call: Call): Fields {
  const given =
    call.type === 'custom' ? { name: call.name, input: call.arguments } : { name: call.name, arguments: call.arguments };
  return { id: call.id, type: call.type, [call.type === 'custom' ? 'custom' : 'function']: given };
}

function choiceBody(choice: Choice): Fields {
  const silent =
    choice.content === '' &&
    (choice.calls.length > 0 || choice.functionCall !== null || choice.refusal !== '' || choice.audioId !== '');
  const message: Fields = { role: choice.role, content: silent ? null : choice.content };
  if (choice.refusal !== '') message['refusal'] = choice.refusal;
  if (choice.reasoning !== '') message[choice.reasoningIn || 'reasoning_content'] = choice.reasoning;
  if (choice.calls.length > 0) message['tool_calls'] = choice.calls.map(callBody);
  if (choice.functionCall)
    message['function_call'] = { name: choice.functionCall.name, arguments: choice.functionCall.arguments };
  if (choice.audioId !== '' || choice.audio !== '') {
    message['audio'] = { id: choice.audioId, data: choice.audio, transcript: choice.transcript };
  }
  if (choice.executed.length > 0) message['executed_tools'] = choice.executed;
  const body: Fields = { index: choice.index, message, finish_reason: choice.finish === '' ? null : choice.finish };
  if (choice.error !== undefined) body['error'] = choice.error;
  return body;
}

/** One chat completion stream. */
export class ChatFolder implements ChunkFolder {
  #done = false;
  #id = '';
  #model = '';
  #fingerprint = '';
  #tier = '';
  #provider = '';
  #usage: unknown = undefined;
  #error: unknown = undefined;
  readonly #choices: Choice[] = [];

  push(chunk: any): void {
    if (typeof chunk !== 'object' || chunk === null) {
      if (chunk === '[DONE]') this.#done = true;
      return;
    }
    if (this.#id === '' && typeof chunk.id === 'string') this.#id = chunk.id;
    if (this.#model === '' && typeof chunk.model === 'string') this.#model = chunk.model;
    if (this.#fingerprint === '' && typeof chunk.system_fingerprint === 'string') this.#fingerprint = chunk.system_fingerprint;
    if (this.#provider === '' && typeof chunk.provider === 'string') this.#provider = chunk.provider;
    if (this.#tier === '' && typeof chunk.service_tier === 'string') this.#tier = chunk.service_tier;
    const choices = chunk.choices;
    if (Array.isArray(choices)) for (let i = 0; i < choices.length; i++) this.#addChoice(choices[i]);
    if (chunk.usage) this.#usage = copy(chunk.usage);
    else if (chunk.x_groq?.usage) this.#usage = copy(chunk.x_groq.usage);
    // Groq says why it stopped a stream early.
    if (chunk.error ?? chunk.x_groq?.error) this.#error = copy(chunk.error ?? chunk.x_groq.error);
  }

  #addChoice(given: any): void {
    if (typeof given !== 'object' || given === null) return;
    const choice = this.#choiceAt(typeof given.index === 'number' ? given.index : 0);
    if (choice === undefined) return;
    const delta = given.delta;
    if (typeof delta === 'object' && delta !== null) addDelta(choice, delta);
    if (typeof given.finish_reason === 'string' && given.finish_reason !== '') choice.finish = given.finish_reason;
    if (given.error) choice.error = copy(given.error);
  }

  #choiceAt(index: number): Choice | undefined {
    const choices = this.#choices;
    for (let i = 0; i < choices.length; i++) if (choices[i]!.index === index) return choices[i];
    if (choices.length === CHOICES_MAX) return undefined;
    const choice = newChoice(index);
    choices.push(choice);
    return choice;
  }

  body(): Fields {
    const body: Fields = { object: 'chat.completion' };
    if (this.#id !== '') body['id'] = this.#id;
    if (this.#model !== '') body['model'] = this.#model;
    if (this.#fingerprint !== '') body['system_fingerprint'] = this.#fingerprint;
    if (this.#tier !== '') body['service_tier'] = this.#tier;
    if (this.#provider !== '') body['provider'] = this.#provider;
    body['choices'] = this.#choices.toSorted((a, b) => a.index - b.index).map(choiceBody);
    if (this.#usage !== undefined) body['usage'] = this.#usage;
    if (this.#error !== undefined) body['error'] = this.#error;
    return body;
  }

  closed(): boolean {
    return this.#done || (this.#choices.length > 0 && this.#choices.every((choice) => choice.finish !== ''));
  }
}
