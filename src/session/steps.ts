/** Steps of a run: numbered, one event each, and each other try of the same thing a step of its own. */
import { guard } from '../core/diagnostics.ts';
import type { AttributeValue, StepFacts } from '../events/model.ts';
import { hub } from '../events/ports.ts';
import type { OpenEvent } from '../events/ports.ts';
import type { StepType } from '../events/vocabulary.ts';
import { LiveEvent } from './live-event.ts';
import { decisionNote, failureNote, signalNote } from './notes.ts';
import type { DecisionInput, FailureInput, SignalInput } from './notes.ts';

export interface StepOptions {
  /** Which try it is, from 1. One after the first is taken for another try of the newest step of the run with the same type and name that was the try before it. */
  attempt?: number;
  /** The step that this one tries again; its `attempt` is one more, unless said. For loops in which several of one name are tried at once. */
  retryOf?: Step;
  /** Recorded in mode `full` only. */
  attributes?: Record<string, AttributeValue>;
}

/** One step while it goes on. With nothing recorded, its `seq` is 0. */
export interface Step {
  readonly id: string;
  /** From 1, without a gap, in the order in which the steps of the run began. */
  readonly seq: number;
  readonly type: string;
  readonly name: string;
  /** From 1. */
  readonly attempt: number;
  /** Says why it failed; after its end, that is said about the run. */
  recordFailure(failure: FailureInput): void;
  recordDecision(decision: DecisionInput): void;
  recordQualitySignal(signal: SignalInput): void;
  /** Adds attributes, or replaces those that are there. Recorded in mode `full` only. */
  set(attributes: Record<string, AttributeValue>): void;
}

/** Opens a step of the run that `run` is; null where nothing is recorded. */
export function openStep(run: OpenEvent | null, type: StepType, name: string, options: StepOptions): OpenEvent | null {
  if (run === null || run.ended) return null;
  return guard(
    'run.step',
    () => {
      const { retryOf, attributes } = options;
      const step = { type, attempt: attemptOf(options), ...(retryOf?.id ? { retryOf: retryOf.id } : {}) };
      const within = placeIn(run);
      return hub.recorder?.open({ type: 'step', name, step, within, ...(attributes && { attributes }) }) ?? null;
    },
    null,
  );
}

/** The handle of a step: of an event, or of one that is not recorded. */
export function stepHandle(event: OpenEvent | null, asked: { type: StepType; name: string; options: StepOptions }): Step {
  const { type, name, options } = asked;
  const facts: StepFacts | undefined = event instanceof LiveEvent ? event.step : undefined;
  return {
    id: event?.id ?? '',
    seq: facts?.seq ?? 0,
    type: facts?.type ?? type,
    name,
    attempt: facts?.attempt ?? guard('run.step', () => attemptOf(options), 1),
    recordFailure(failure) {
      if (event === null) return;
      const note = (step?: string) => guard('run.note', () => failureNote(failure, step), null);
      const [on, said] = event.ended ? [event.agentRun, note(event.id)] : [event, note()];
      if (said !== null) on?.note(said);
    },
    recordDecision: (decision) => event && guard('run.note', () => event.note(decisionNote(decision)), undefined),
    recordQualitySignal: (signal) => event && guard('run.note', () => event.note(signalNote(signal)), undefined),
    set: (attributes) => event && guard('run.set', () => event.set(attributes), undefined),
  };
}

function attemptOf({ attempt, retryOf }: StepOptions): number {
  const said = attempt ?? (retryOf?.attempt ?? 0) + 1;
  return Number.isSafeInteger(said) && said > 0 ? said : 1;
}

/** Where a step of `run` happens: in the innermost open event of the running code that is part of the run, which may be another step of it; else in the run itself. */
function placeIn(run: OpenEvent): OpenEvent {
  let at = hub.recorder?.current() ?? null;
  while (at !== null && (at.agentRun !== run || at.ended)) at = at.above;
  return at ?? run;
}
