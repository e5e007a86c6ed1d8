/** Notes on their way in: checked against the vocabulary, and without what was said where content is not kept. */
import { notice } from '../core/diagnostics.ts';
import { isKnownCode } from '../events/custom-vocabulary.ts';
import type { Note } from '../events/model.ts';
import type { NoteInput } from '../events/ports.ts';

/** What a type or a code may look like. Anything else may be a sentence that somebody said, and is not kept. */
const TOKEN = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$/;
const INVALID = 'invalid';

/** `text` when it is a code, else `invalid`. */
export function token(text: unknown): string {
  return typeof text === 'string' && TOKEN.test(text) ? text : INVALID;
}

const bounded = (text: unknown): string => String(text).slice(0, 10_000);

/** The flag of a code that is in no vocabulary, which is said once. */
function flagOf(kind: NoteInput['kind'], type: string, code: string): { unknownCode?: true } {
  if (isKnownCode(kind, type, code)) return {};
  notice(`${kind} ${type}: ${code} is not in the vocabulary; it is kept and flagged (registerVocabulary() makes it known)`);
  return { unknownCode: true };
}

/** The note as it is recorded. An unknown code is flagged, and never loses the note. */
export function checkedNote(input: NoteInput, at: number, withContent: boolean): Note {
  const type = token(input.type);
  const flag = (code: string): { unknownCode?: true } => flagOf(input.kind, type, code);
  if (input.kind === 'decision') {
    const reasonCode = token(input.reasonCode);
    const note: Note = { kind: 'decision', at, type, reasonCode, ...flag(reasonCode) };
    if (isShare(input.confidence)) note.confidence = input.confidence;
    const { selected, candidates } = input.content ?? {};
    if (withContent && (selected !== undefined || candidates !== undefined)) {
      note.content = {
        ...(selected === undefined ? {} : { selected: bounded(selected) }),
        ...(candidates === undefined ? {} : { candidates: candidates.slice(0, 100).map(bounded) }),
      };
    }
    return note;
  }
  const code = token(input.code);
  if (input.kind === 'failure') {
    const note: Note = { kind: 'failure', at, type, code, ...flag(code) };
    if (input.step !== undefined) note.step = token(input.step);
    if (input.auto) note.auto = true;
    const message = input.content?.message;
    if (withContent && message !== undefined) note.content = { message: bounded(message) };
    return note;
  }
  const note: Note = { kind: 'signal', at, type, code, value: isTrue(input.value), ...flag(code) };
  if (typeof input.weight === 'number' && Number.isFinite(input.weight)) note.weight = input.weight;
  return note;
}

/** What JavaScript lets through may be a sentence. */
const isTrue = (value: unknown): boolean => value === true;

const isShare = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 1;
