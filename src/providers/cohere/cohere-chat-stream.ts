/** Folds the events of a v2 chat stream to the body that a plain call returns. */
import { nameIn } from './cohere-facts.ts';
import { copy, fields, items, number, text, type Fields } from '../fields.ts';
import type { ChunkFolder } from '../operation.ts';

/** More than any answer has; what a broken stream sends beyond is left out. */
const BLOCKS_MAX = 4096;
const CALLS_MAX = 512;
const CITATIONS_MAX = 10_000;

interface Block {
  index: number;
  /** As it was announced, without what grows. */
  body: Fields;
  text: string;
  thinking: string;
}

interface Call {
  index: number;
  body: Fields;
  arguments: string;
}

/** One v2 chat stream. */
export class CohereChatFolder implements ChunkFolder {
  #seen = false;
  #id: string | undefined;
  #role = 'assistant';
  #plan = '';
  readonly #blocks: Block[] = [];
  readonly #calls: Call[] = [];
  readonly #citations: unknown[] = [];
  /** Names of the message's members, as the chunks have them. */
  #planName = 'tool_plan';
  #callsName = 'tool_calls';
  #end: Fields | undefined;

  push(event: any): void {
    if (typeof event !== 'object' || event === null || typeof event.type !== 'string') return;
    const message = event.delta?.message;
    switch (event.type) {
      case 'content-delta':
        this.#grow(event, message?.content);
        return;
      case 'content-start': {
        const block = this.#blockAt(event);
        const body = { ...fields(copy(message?.content)) };
        if (block !== undefined) block.body = body;
        return;
      }
      case 'tool-plan-delta':
        this.#planName = nameIn(fields(message), 'tool_plan');
        this.#plan += text(message?.[this.#planName]) ?? '';
        this.#seen = true;
        return;
      case 'tool-call-start':
      case 'tool-call-delta':
        this.#addCall(event, fields(message));
        return;
      case 'citation-start':
        this.#addCitations(message?.citations);
        return;
      case 'message-start':
        this.#seen = true;
        this.#id = text(event.id);
        this.#role = text(message?.role) ?? this.#role;
        return;
      case 'message-end':
        this.#end = fields(copy(event.delta));
        this.#id = text(event.id) ?? this.#id;
    }
  }

  #grow(event: any, content: any): void {
    const block = this.#blockAt(event);
    if (block === undefined || typeof content !== 'object' || content === null) return;
    if (typeof content.text === 'string') block.text += content.text;
    if (typeof content.thinking === 'string') block.thinking += content.thinking;
  }

  #blockAt(event: any): Block | undefined {
    this.#seen = true;
    return entryAt(this.#blocks, number(event.index) ?? 0, BLOCKS_MAX, (index) => ({ index, body: {}, text: '', thinking: '' }));
  }

  /** Announced with its id and its name; then its arguments come, as fragments of JSON text. */
  #addCall(event: any, message: Fields): void {
    this.#seen = true;
    this.#callsName = nameIn(message, 'tool_calls');
    const given = message[this.#callsName];
    const fresh = fields(Array.isArray(given) ? given[0] : given);
    const call = entryAt(this.#calls, number(event.index) ?? 0, CALLS_MAX, (index) => ({ index, body: {}, arguments: '' }));
    if (call === undefined) return;
    if (event.type === 'tool-call-start') call.body = fields(copy(fresh));
    else call.arguments += text(fields(fresh['function'])['arguments']) ?? '';
  }

  #addCitations(given: unknown): void {
    for (const one of Array.isArray(given) ? items(given) : [given]) {
      if (one !== undefined && one !== null && this.#citations.length < CITATIONS_MAX) this.#citations.push(copy(one));
    }
  }

  body(): Fields {
    const message: Fields = { role: this.#role };
    if (this.#plan !== '') message[this.#planName] = this.#plan;
    if (this.#blocks.length > 0) message['content'] = byIndex(this.#blocks).map(blockBody);
    if (this.#calls.length > 0) message[this.#callsName] = byIndex(this.#calls).map(callBody);
    if (this.#citations.length > 0) message['citations'] = this.#citations;
    return { ...(this.#id !== undefined && { id: this.#id }), ...(this.#seen && { message }), ...this.#end };
  }

  closed(): boolean {
    return this.#end !== undefined;
  }
}

/** The entry with this index, which is nearly always the newest one; undefined when there are too many. */
function entryAt<T extends { index: number }>(list: T[], index: number, max: number, make: (index: number) => T): T | undefined {
  const known = list.findLast((entry) => entry.index === index);
  if (known !== undefined || list.length >= max) return known;
  const made = make(index);
  list.push(made);
  return made;
}

function byIndex<T extends { index: number }>(list: readonly T[]): T[] {
  return list.toSorted((a, b) => a.index - b.index);
}

function blockBody(block: Block): Fields {
  const body: Fields = { type: block.thinking === '' ? 'text' : 'thinking', ...block.body };
  for (const name of ['text', 'thinking'] as const) {
    if (block[name] !== '') body[name] = (text(body[name]) ?? '') + block[name];
  }
  return body;
}

function callBody(call: Call): Fields {
  const inner = fields(call.body['function']);
  return { ...call.body, function: { ...inner, arguments: (text(inner['arguments']) ?? '') + call.arguments } };
}
