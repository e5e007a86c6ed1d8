/**
 * Folds what a LangChain model streams to the result that a plain call gives: message chunks, whose usage adds up; the events of the newer protocol, whose usage is a
 * snapshot; or, of a text model, pieces of text.
 */
import { asText, copy, count, fields, items, present, text, toolArguments, type Fields } from '../fields.ts';
import type { ChunkFolder } from '../operation.ts';

/** More calls and content blocks than any model gives; what a broken stream sends beyond is left out. */
const CALLS_MAX = 512;
const BLOCKS_MAX = 4096;

interface Call {
  index: unknown;
  id: string;
  name: string;
  args: string;
}

/** Token counts of two chunks, added up. What neither says is not there. */
function added(a: Fields, b: Fields): Fields {
  const out: Fields = { ...a };
  for (const [name, value] of Object.entries(b)) {
    if (typeof value === 'object' && value !== null) out[name] = added(fields(a[name]), fields(value));
    else if (count(value) !== undefined) out[name] = (count(a[name]) ?? 0) + (value as number);
  }
  return out;
}

/** One stream of a chat model or of a text model. */
export class LangChainFolder implements ChunkFolder {
  #closed = false;
  #isText = false;
  #text = '';
  #reasoning = '';
  #id: string | undefined;
  #usage: Fields | undefined;
  #metadata: Fields = {};
  readonly #blocks: unknown[] = [];
  readonly #calls: Call[] = [];
  readonly #whole: unknown[] = [];

  push(chunk: any): void {
    if (typeof chunk === 'string') {
      this.#isText = true;
      this.#text += chunk;
    } else if (typeof chunk !== 'object' || chunk === null) return;
    else if (typeof chunk.event === 'string') this.#event(chunk);
    else this.#chunk(chunk);
  }

  #chunk(chunk: any): void {
    const { content } = chunk;
    if (typeof content === 'string') this.#text += content;
    else for (const block of items(content)) this.#block(block);
    const reasoning: unknown = chunk.additional_kwargs?.reasoning_content;
    if (typeof reasoning === 'string') this.#reasoning += reasoning;
    this.#id ??= text(chunk.id);
    const fragments = items(chunk.tool_call_chunks);
    for (const fragment of fragments) this.#fragment(fields(fragment));
    // A model that sends its calls whole has no fragments; of one that sends fragments, `tool_calls` is what could be parsed so far.
    if (fragments.length === 0) for (const call of items(chunk.tool_calls)) this.#wholeCall(call);
    if (chunk.usage_metadata) this.#usage = added(this.#usage ?? {}, fields(copy(chunk.usage_metadata)));
    if (chunk.response_metadata) this.#answered(chunk.response_metadata);
  }

  /** Text blocks of one row are one text; the calls stand apart. */
  #block(given: unknown): void {
    const block = fields(given);
    const last = fields(this.#blocks.at(-1));
    const type = block['type'];
    for (const member of ['text', 'thinking', 'reasoning'] as const) {
      if (typeof block[member] === 'string' && last['type'] === type && typeof last[member] === 'string') {
        last[member] = last[member] + block[member];
        return;
      }
    }
    if (this.#blocks.length < BLOCKS_MAX && type !== 'input_json_delta' && type !== 'tool_use') this.#blocks.push(copy(given));
  }

  #fragment(given: Fields): void {
    const id = text(given['id']) ?? '';
    const known = this.#calls.findLast(
      ({ index, id: own }) => index === given['index'] && (id === '' || own === '' || own === id),
    );
    if (known === undefined && this.#calls.length === CALLS_MAX) return;
    const call = known ?? { index: given['index'], id: '', name: '', args: '' };
    if (known === undefined) this.#calls.push(call);
    if (call.id === '') call.id = id;
    call.name += text(given['name']) ?? '';
    call.args += asText(given['args']);
  }

  #wholeCall(call: unknown): void {
    if (this.#whole.length < CALLS_MAX) this.#whole.push(copy(call));
  }

  #answered(metadata: unknown): void {
    for (const [name, value] of Object.entries(fields(metadata))) if (value !== undefined) this.#metadata[name] = copy(value);
    if (text(this.#metadata['finish_reason']) ?? text(this.#metadata['stop_reason'])) this.#closed = true;
  }

  #event(event: Fields): void {
    if (event['event'] === 'message-start') this.#id ??= text(event['id']);
    const usage = event['usage'];
    if (usage !== undefined && usage !== null) this.#usage = { ...this.#usage, ...fields(copy(usage)) };
    if (event['event'] === 'content-block-finish') this.#finished(event['content']);
    if (event['event'] !== 'message-finish') return;
    this.#closed = true;
    this.#answered(event['responseMetadata'] ?? {});
    const reason = text(event['reason']);
    if (reason !== undefined) this.#metadata['finish_reason'] ??= reason;
  }

  #finished(content: unknown): void {
    const block = fields(content);
    if (block['type'] === 'text') this.#text += asText(block['text']);
    else if (block['type'] === 'tool_call') this.#wholeCall(block);
    else this.#block(content);
  }

  body(): Fields {
    if (this.#isText) return { generations: [[{ text: this.#text }]] };
    const calls = this.#calls.map(({ id, name, args }) => ({ ...(id !== '' && { id }), name, args: toolArguments(args) }));
    const texts = this.#text === '' ? [] : [{ type: 'text', text: this.#text }];
    const message = {
      type: 'ai',
      content: this.#blocks.length === 0 ? this.#text : [...this.#blocks, ...texts],
      ...(calls.length + this.#whole.length > 0 && { tool_calls: [...calls, ...this.#whole] }),
      ...present({ id: this.#id, usage_metadata: this.#usage, reasoning_content: text(this.#reasoning) }),
      ...(Object.keys(this.#metadata).length > 0 && { response_metadata: this.#metadata }),
    };
    return { generations: [[{ message }]] };
  }

  /** What says that a model is done is a matter of its provider; a stream of LangChain's just ends. */
  closed(): boolean {
    return this.#closed;
  }
}
