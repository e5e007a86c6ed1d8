/**
 * Folds the events of a Responses stream. The closing event carries the whole answer; until it has come, the answer is put together from the
 * pieces, so that a stream that was cut or left early still says what it said.
 */
import { copy, fields, items, number, type Fields } from '../fields.ts';
import type { ChunkFolder } from '../operation.ts';

/** More items and parts than any answer has; what a broken stream sends beyond is left out. */
const ITEMS_MAX = 4096;
const PARTS_MAX = 4096;

/** One piece of an item that grows: a content part, a summary part, or the item's own arguments, input or code. */
interface Growing {
  /** Where in the item: `content`, `summary`, or the name of a text member. */
  place: string;
  index: number;
  type: string;
  text: string;
}

interface Item {
  index: number;
  body: Fields;
  growing: Growing[];
}

/** Where the text of a delta event goes. */
const DELTAS: Record<string, { place: string; type: string; item: string }> = {
  'response.output_text.delta': { place: 'content', type: 'output_text', item: 'message' },
  'response.refusal.delta': { place: 'content', type: 'refusal', item: 'message' },
  'response.reasoning_text.delta': { place: 'content', type: 'reasoning_text', item: 'reasoning' },
  'response.reasoning_summary_text.delta': { place: 'summary', type: 'summary_text', item: 'reasoning' },
  'response.function_call_arguments.delta': { place: 'arguments', type: '', item: 'function_call' },
  'response.mcp_call_arguments.delta': { place: 'arguments', type: '', item: 'mcp_call' },
  'response.custom_tool_call_input.delta': { place: 'input', type: '', item: 'custom_tool_call' },
  'response.code_interpreter_call_code.delta': { place: 'code', type: '', item: 'code_interpreter_call' },
};

function grownPart(piece: Growing): Fields {
  return { type: piece.type, [piece.type === 'refusal' ? 'refusal' : 'text']: piece.text };
}

/** The item as far as it came: parts that grew replace those it was announced with. */
function itemBody(item: Item): Fields {
  const body = { ...item.body };
  for (const place of ['content', 'summary']) {
    const pieces = item.growing.filter((piece) => piece.place === place).toSorted((a, b) => a.index - b.index);
    if (pieces.length > 0) body[place] = pieces.map(grownPart);
  }
  for (const piece of item.growing) if (piece.place !== 'content' && piece.place !== 'summary') body[piece.place] = piece.text;
  return body;
}

/** One Responses stream. */
export class ResponsesFolder implements ChunkFolder {
  /** The answer as an event last gave it whole. */
  #answer: Fields = {};
  #closed = false;
  #error: unknown = undefined;
  readonly #items: Item[] = [];
  /** The item and the piece that grew last: the next delta is nearly always for them. */
  #item: Item | null = null;
  #piece: Growing | null = null;

  push(event: any): void {
    if (typeof event !== 'object' || event === null) return;
    const type = event.type;
    if (typeof type !== 'string') {
      this.#addError(event.error);
      return;
    }
    if (typeof event.delta === 'string') {
      if (Object.hasOwn(DELTAS, type)) this.#grow(event, DELTAS[type]!);
      return;
    }
    switch (type) {
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        this.#answer = fields(copy(event.response));
        return;
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
      case 'response.cancelled':
        this.#answer = { ...this.#answer, ...fields(copy(event.response)) };
        this.#closed = true;
        return;
      case 'response.output_item.added':
      case 'response.output_item.done':
        this.#setItem(event);
        return;
      case 'error':
        this.#addError(event.error ?? { type: 'error', code: event.code, message: event.message });
        return;
      default:
        this.#addError(event.error);
    }
  }

  #addError(error: unknown): void {
    if (error) this.#error = copy(error);
  }

  #setItem(event: any): void {
    const index = number(event.output_index);
    const item = this.#itemAt(index ?? this.#items.length, '');
    if (item === undefined) return;
    item.body = fields(copy(event.item));
    if (event.type === 'response.output_item.done') item.growing = [];
    this.#piece = null;
  }

  #grow(event: any, { place, type, item: itemType }: { place: string; type: string; item: string }): void {
    const output = typeof event.output_index === 'number' ? event.output_index : 0;
    const given = place === 'summary' ? event.summary_index : event.content_index;
    const index = typeof given === 'number' ? given : 0;
    let piece = this.#piece;
    if (piece === null || this.#item?.index !== output || piece.index !== index || piece.place !== place || piece.type !== type) {
      const item = this.#itemAt(output, itemType);
      if (item === undefined) return;
      piece = item.growing.find((known) => known.place === place && known.index === index) ?? null;
      if (piece === null) {
        if (item.growing.length === PARTS_MAX) return;
        piece = { place, index, type, text: '' };
        item.growing.push(piece);
      }
      this.#item = item;
      this.#piece = piece;
    }
    piece.text += event.delta;
  }

  /** The item at this place of the output; made when it was never announced. */
  #itemAt(index: number, type: string): Item | undefined {
    const known = this.#items.findLast((item) => item.index === index);
    if (known !== undefined || this.#items.length === ITEMS_MAX) return known;
    const item: Item = { index, body: type === '' ? {} : { type }, growing: [] };
    this.#items.push(item);
    return item;
  }

  body(): Fields {
    const body = { ...this.#answer };
    // Some servers close with an empty output, because every item has been sent.
    if (items(body['output']).length === 0) body['output'] = this.#items.toSorted((a, b) => a.index - b.index).map(itemBody);
    if (this.#error !== undefined && !body['error']) body['error'] = this.#error;
    return body;
  }

  closed(): boolean {
    return this.#closed;
  }
}
