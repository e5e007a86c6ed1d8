/** `recordDecision`, `recordFailure`, `recordQualitySignal`: said about the innermost open event, or on an event of their own where none is open. */
import { guard } from '../core/diagnostics.ts';
import { hub } from '../events/ports.ts';
import type { NoteInput, Recorder } from '../events/ports.ts';
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

/** Why something failed. */
export type FailureInput = { [T in FailureType]: { type: T; code: FailureCode<T>; message?: string } }[FailureType];

/** An observation about quality. */
export type SignalInput = { [T in SignalType]: { type: T; code: SignalCode<T>; value: boolean; weight?: number } }[SignalType];

/** Says why the agent took one way and not another, about the innermost open event. */
export function recordDecision(decision: DecisionInput): void {
  put(() => decisionNote(decision));
}

/** Says why the innermost open event failed. */
export function recordFailure(failure: FailureInput): void {
  put(() => failureNote(failure));
}

/** Says what was observed about the quality of the innermost open event. */
export function recordQualitySignal(signal: SignalInput): void {
  put(() => signalNote(signal));
}

/** A decision as it is put on an event. */
export function decisionNote({ type, reasonCode, selected, candidates, confidence }: DecisionInput): NoteInput {
  const content = { ...(selected === undefined ? {} : { selected }), ...(candidates === undefined ? {} : { candidates }) };
  return { kind: 'decision', type, reasonCode, ...(confidence === undefined ? {} : { confidence }), content };
}

/** A failure as it is put on an event; `step`: the id of the step that failed, where that is another event. */
export function failureNote({ type, code, message }: FailureInput, step?: string): NoteInput {
  return {
    kind: 'failure',
    type,
    code,
    ...(step === undefined ? {} : { step }),
    ...(message === undefined ? {} : { content: { message } }),
  };
}

/** A signal as it is put on an event. */
export function signalNote({ type, code, value, weight }: SignalInput): NoteInput {
  return { kind: 'signal', type, code, value, ...(weight === undefined ? {} : { weight }) };
}

function put(make: () => NoteInput): void {
  const { recorder } = hub;
  if (recorder !== null) guard('session.note', () => putIn(recorder, make()), undefined);
}

function putIn(recorder: Recorder, note: NoteInput): void {
  const current = recorder.current();
  if (current !== null) return current.note(note);
  const failed = note.kind === 'failure';
  const event = recorder.open({ type: failed ? 'error' : note.kind, name: `${note.kind} ${token(note.type)}` });
  event?.note(note);
  event?.end(failed ? { status: 'error', error: { type: token(note.code) } } : { status: 'ok' });
}
