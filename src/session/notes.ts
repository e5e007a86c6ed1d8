/** `recordDecision`, `recordFailure`, `recordQualitySignal`: said about the innermost open event, or on an event of their own where none is open. */
import { hub } from '../events/ports.ts';
import type { NoteInput, Outcome } from '../events/ports.ts';
import type { DecisionCode, DecisionType, FailureCode, FailureType, SignalCode, SignalType } from '../events/vocabulary.ts';
import { token } from './checked-note.ts';

/** Why the agent took one way and not another. */
export type DecisionInput = {
  [T in DecisionType]: {
    type: T;
    reasonCode: DecisionCode<T>;
    selected?: string;
    candidates?: string[];
    /** 0 to 1. */
    confidence?: number;
  };
}[DecisionType];

/** Why a step or a run failed. */
export type FailureInput = { [T in FailureType]: { type: T; code: FailureCode<T>; message?: string } }[FailureType];

/** An observation about quality. */
export type SignalInput = { [T in SignalType]: { type: T; code: SignalCode<T>; value: boolean; weight?: number } }[SignalType];

export function recordDecision(decision: DecisionInput): void {
  const { type, reasonCode, selected, candidates, confidence } = decision;
  const content = { ...(selected === undefined ? {} : { selected }), ...(candidates === undefined ? {} : { candidates }) };
  put({ kind: 'decision', type, reasonCode, ...(confidence === undefined ? {} : { confidence }), content }, { status: 'ok' });
}

export function recordFailure(failure: FailureInput): void {
  const { type, code, message } = failure;
  const note: NoteInput = { kind: 'failure', type, code, ...(message === undefined ? {} : { content: { message } }) };
  put(note, { status: 'error', error: { type: token(code) } });
}

export function recordQualitySignal(signal: SignalInput): void {
  const { type, code, value, weight } = signal;
  put({ kind: 'signal', type, code, value, ...(weight === undefined ? {} : { weight }) }, { status: 'ok' });
}

function put(note: NoteInput, alone: Outcome): void {
  const { recorder } = hub;
  if (recorder === null) return;
  const current = recorder.current();
  if (current !== null) return current.note(note);
  const event = recorder.open({ type: note.kind === 'failure' ? 'error' : note.kind, name: `${note.kind} ${token(note.type)}` });
  event?.note(note);
  event?.end(alone);
}
