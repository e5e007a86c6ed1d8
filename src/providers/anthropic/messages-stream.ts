/** Folds the events of a Messages stream to the body that a plain call returns. */
import { copy, fields, number, parseJson, type Fields } from '../fields.ts';
import type { ChunkFolder } from '../operation.ts';

/** More blocks and citations than any answer has; what a broken stream sends beyond is left out. */
const BLOCKS_MAX = 4096;
const CITATIONS_MAX = 10_000;

interface Block {
  index: number;
  /** As it was announced, without what grows. */
  body: Fields;
  text: string;
  thinking: string;
  signature: string;
  /** JSON text of a tool's input. */
  json: string;
  /** Summary of a compacted conversation. */
  compaction: string;
  citations: unknown[];
}

const newBlock = (index: number, body: Fields): Block => ({
  index,
  body,
  text: '',
  thinking: '',
  signature: '',
  json: '',
  compaction: '',
  citations: [],
});

const join = (body: Fields, member: string, more: string): void => {
  if (more !== '') body[member] = (typeof body[member] === 'string' ? body[member] : '') + more;
};

/** The type of a block that was never announced, told from what grew in it. */
function guessedType(block: Block): string {
  if (block.json !== '') return 'tool_use';
  if (block.thinking !== '') return 'thinking';
  return block.compaction !== '' ? 'compaction' : 'text';
}

function blockBody(block: Block): Fields {
  const body: Fields = { ...block.body };
  body['type'] ??= guessedType(block);
  join(body, 'text', block.text);
  join(body, 'thinking', block.thinking);
  join(body, 'signature', block.signature);
  join(body, 'content', block.compaction);
  if (block.json !== '') body['input'] = parseJson(block.json) ?? block.json;
  if (block.citations.length > 0) body['citations'] = block.citations;
  return body;
}

/** Puts later figures over earlier ones. Totals come again and again; null says nothing. */
function mergeUsage(body: Fields, usage: unknown): void {
  const merged: Fields = { ...fields(body['usage']) };
  const given = fields(copy(usage));
  for (const key of Object.keys(given)) if (given[key] !== null || merged[key] === undefined) merged[key] = given[key];
  body['usage'] = merged;
}

/** One Messages stream. */
export class MessagesFolder implements ChunkFolder {
  #message: Fields = {};
  #error: unknown = undefined;
  #closed = false;
  /** Blocks that a message announced whole: a server that does not stream them. */
  readonly #blocks: Block[] = [];
  /** The block that grew last: the next delta is nearly always for it. */
  #last: Block | null = null;

  push(event: any): void {
    if (typeof event !== 'object' || event === null) return;
    switch (event.type) {
      case 'content_block_delta':
        this.#grow(event);
        return;
      case 'message_start':
        this.#start(event.message);
        return;
      case 'content_block_start': {
        const block = this.#blockAt(number(event.index) ?? this.#blocks.length);
        if (block !== undefined) block.body = fields(copy(event.content_block));
        return;
      }
      case 'message_delta':
        this.#end(event);
        return;
      case 'message_stop':
        this.#closed = true;
        return;
      default:
        if (event.error) this.#error = copy(event.error);
    }
  }

  #start(message: unknown): void {
    this.#message = { ...fields(copy(message)) };
    const content = this.#message['content'];
    if (Array.isArray(content)) for (const block of content) this.#blocks.push(newBlock(this.#blocks.length, fields(block)));
  }

  #end(event: any): void {
    const delta = fields(copy(event.delta));
    for (const key of Object.keys(delta)) if (delta[key] !== null || !(key in this.#message)) this.#message[key] = delta[key];
    if (event.usage) mergeUsage(this.#message, event.usage);
  }

  #grow(event: any): void {
    const delta = event.delta;
    if (typeof delta !== 'object' || delta === null) return;
    const index = typeof event.index === 'number' ? event.index : 0;
    const block = this.#last !== null && this.#last.index === index ? this.#last : this.#blockAt(index);
    if (block === undefined) return;
    if (typeof delta.text === 'string') block.text += delta.text;
    else if (typeof delta.partial_json === 'string') block.json += delta.partial_json;
    else if (typeof delta.thinking === 'string') block.thinking += delta.thinking;
    else if (typeof delta.signature === 'string') block.signature += delta.signature;
    else if (typeof delta.content === 'string') block.compaction += delta.content;
    else if (delta.citation && block.citations.length < CITATIONS_MAX) block.citations.push(copy(delta.citation));
  }

  #blockAt(index: number): Block | undefined {
    let block = this.#blocks.findLast((known) => known.index === index);
    if (block === undefined) {
      if (this.#blocks.length === BLOCKS_MAX) return undefined;
      block = newBlock(index, {});
      this.#blocks.push(block);
    }
    this.#last = block;
    return block;
  }

  body(): Fields {
    const body: Fields = { ...this.#message, content: this.#blocks.toSorted((a, b) => a.index - b.index).map(blockBody) };
    if (this.#error !== undefined) body['error'] = this.#error;
    return body;
  }

  closed(): boolean {
    return this.#closed;
  }
}
