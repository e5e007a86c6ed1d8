/** Edits an answer that is a list of blocks, each a text, a tool call, or something else that stays: reasoning and its signature, calls that the provider ran itself, pictures. */
import type { Edit, WantedCall } from './answer-shape.ts';
import { sameCall } from './edited-parts.ts';
import type { Fields } from './fields.ts';

/** The blocks of one API. */
export interface BlockKinds {
  isText(block: Fields): boolean;
  /** What a block is a call of; undefined where it is none of a tool of the app's. */
  callOf(block: Fields): WantedCall | undefined;
  /** A block with this text. `before`: the one whose place it takes. */
  text(text: string, before: Fields | undefined): Fields;
  /** A block with the call at `index` of the edit. `before`: the recorded call at that place. */
  call(call: WantedCall, index: number, before: Fields | undefined): Fields;
}

export interface EditedBlock {
  body: Fields;
  /** Place among the recorded blocks; absent of a block that is new. */
  from?: number;
}

/** The blocks of the edited answer. A text stands where the last one stood, else before the calls; calls stand where the first one stood, else last. */
export function editBlocks(blocks: readonly Fields[], edit: Edit, kinds: BlockKinds): EditedBlock[] {
  let edited: EditedBlock[] = blocks.map((body, from) => ({ body, from }));
  if (edit.text !== undefined) edited = withText(edited, edit.text, kinds);
  if (edit.calls !== undefined) edited = withCalls(edited, edit.calls, kinds);
  return edited;
}

function withText(blocks: EditedBlock[], text: string, kinds: BlockKinds): EditedBlock[] {
  const isText = ({ body }: EditedBlock): boolean => kinds.isText(body);
  const last = blocks.findLastIndex(isText);
  const block = text === '' ? [] : [{ body: kinds.text(text, blocks[last]?.body) }];
  if (last >= 0) return blocks.flatMap((one, index) => (index === last ? block : isText(one) ? [] : [one]));
  const firstCall = blocks.findIndex(({ body }) => kinds.callOf(body) !== undefined);
  return blocks.toSpliced(firstCall < 0 ? blocks.length : firstCall, 0, ...block);
}

function withCalls(blocks: EditedBlock[], calls: readonly WantedCall[], kinds: BlockKinds): EditedBlock[] {
  const isCall = ({ body }: EditedBlock): boolean => kinds.callOf(body) !== undefined;
  const before = blocks.filter(isCall);
  const made = calls.map((call, index): EditedBlock => {
    const known = before[index];
    if (known !== undefined && sameCall(kinds.callOf(known.body), call)) return known;
    return { body: kinds.call(call, index, known?.body) };
  });
  const first = blocks.findIndex(isCall);
  const rest = blocks.filter((block) => !isCall(block));
  return rest.toSpliced(first < 0 ? rest.length : first, 0, ...made);
}
