/** Folds the events of a Converse stream to the body that a plain call returns. Nova streams the same events through its own API. */
import { chunkError } from './bedrock-facts.ts';
import { copy, fields, items, number, parseJson, type Fields } from '../fields.ts';
import type { ChunkFolder } from '../operation.ts';

/** More blocks, citations and parts than any answer has; what a broken stream sends beyond is left out. */
const BLOCKS_MAX = 4096;
const PARTS_MAX = 10_000;

interface Block {
  index: number;
  /** As it was announced: only tool calls, tool results and images are. */
  start: Fields;
  text: string;
  reasoning: string;
  signature: string;
  redacted: unknown;
  /** JSON text of a tool's input. */
  json: string;
  citations: unknown[];
  /** Of a tool's result. */
  results: unknown[];
  image: Fields;
}

const newBlock = (index: number): Block => ({
  index,
  start: {},
  text: '',
  reasoning: '',
  signature: '',
  redacted: undefined,
  json: '',
  citations: [],
  results: [],
  image: {},
});

function add(list: unknown[], value: unknown): void {
  if (list.length < PARTS_MAX) list.push(copy(value));
}

function blockBody(block: Block): Fields {
  const { start, text, reasoning, signature, json } = block;
  if (start['toolUse'] !== undefined || json !== '') {
    return { toolUse: { ...fields(start['toolUse']), input: json === '' ? {} : (parseJson(json) ?? json) } };
  }
  if (start['toolResult'] !== undefined) return { toolResult: { ...fields(start['toolResult']), content: block.results } };
  if (start['image'] !== undefined) return { image: { ...fields(start['image']), ...block.image } };
  if (reasoning !== '' || signature !== '') {
    return { reasoningContent: { reasoningText: { text: reasoning, ...(signature !== '' && { signature }) } } };
  }
  if (block.redacted !== undefined) return { reasoningContent: { redactedContent: block.redacted } };
  if (block.citations.length > 0) return { citationsContent: { content: [{ text }], citations: block.citations } };
  return { text };
}

function grow(block: Block, delta: any): void {
  if (typeof delta.text === 'string') block.text += delta.text;
  else if (typeof delta.toolUse?.input === 'string') block.json += delta.toolUse.input;
  else if (delta.reasoningContent) growReasoning(block, delta.reasoningContent);
  else if (delta.citation) add(block.citations, delta.citation);
  else if (delta.toolResult) for (const part of items(delta.toolResult)) add(block.results, part);
  else if (delta.image) block.image = { ...block.image, ...fields(copy(delta.image)) };
}

/** Nova's own API has the text one level deeper. */
function growReasoning(block: Block, given: any): void {
  const text = given.text ?? given.reasoningText?.text;
  if (typeof text === 'string') block.reasoning += text;
  if (typeof given.signature === 'string') block.signature += given.signature;
  if (given.redactedContent !== undefined) block.redacted = copy(given.redactedContent);
}

/** One Converse stream. */
export class ConverseFolder implements ChunkFolder {
  #role = 'assistant';
  #stopReason: unknown = undefined;
  /** Usage, metrics, trace and whatever else stands beside the message. */
  #rest: Fields = {};
  #error: Fields | undefined;
  readonly #blocks: Block[] = [];
  /** The block that grew last: the next delta is nearly always for it. */
  #last: Block | null = null;

  push(event: any): void {
    if (typeof event !== 'object' || event === null) return;
    if (event.contentBlockDelta) this.#grow(event.contentBlockDelta);
    else if (event.contentBlockStart) this.#start(event.contentBlockStart);
    else if (event.messageStart) this.#begin(event.messageStart);
    else if (event.messageStop) this.#stop(event.messageStop);
    else if (event.metadata) this.#rest = { ...this.#rest, ...fields(copy(event.metadata)) };
    else if (!event.contentBlockStop) this.#error ??= chunkError(event);
  }

  #begin(start: any): void {
    if (typeof start.role === 'string') this.#role = start.role;
  }

  #start(event: any): void {
    const block = this.#blockAt(number(event.contentBlockIndex) ?? this.#blocks.length);
    if (block !== undefined) block.start = fields(copy(event.start));
  }

  #grow(event: any): void {
    const { delta, contentBlockIndex } = event;
    if (typeof delta !== 'object' || delta === null) return;
    const index = typeof contentBlockIndex === 'number' ? contentBlockIndex : 0;
    const block = this.#last?.index === index ? this.#last : this.#blockAt(index);
    if (block !== undefined) grow(block, delta);
  }

  #stop(event: any): void {
    const { stopReason, ...more } = fields(copy(event));
    if (typeof stopReason === 'string') this.#stopReason = stopReason;
    this.#rest = { ...this.#rest, ...more };
  }

  #blockAt(index: number): Block | undefined {
    let block = this.#blocks.findLast((known) => known.index === index);
    if (block === undefined) {
      if (this.#blocks.length === BLOCKS_MAX) return undefined;
      block = newBlock(index);
      this.#blocks.push(block);
    }
    this.#last = block;
    return block;
  }

  body(): Fields {
    const content = this.#blocks.toSorted((a, b) => a.index - b.index).map(blockBody);
    const body: Fields = { output: { message: { role: this.#role, content } }, ...this.#rest };
    if (this.#stopReason !== undefined) body['stopReason'] = this.#stopReason;
    if (this.#error !== undefined) body['error'] = this.#error;
    return body;
  }

  /** The figures come after the message has ended: an app that stops reading there has had all of it. */
  closed(): boolean {
    return this.#stopReason !== undefined;
  }
}
