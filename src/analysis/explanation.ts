/** What is said about one session by `explain()`: plain JSON, made by rules alone, the same for the same recording every time (docs/cli.md, "explain"). */
import type { AgentFacts, EndReason, ErrorFacts, EventStatus, RunStatus } from '../events/model.ts';
import type { RecordMode } from '../events/lines.ts';

/** Bumped when a reader of the old shape would misread the new one. */
export const EXPLANATION_VERSION = 1;

/** How an event stands. `open`: it has no end in the recording, because it goes on or the process died. */
export type EventState = EventStatus | 'open';

/** An event, as a person finds it again. */
export interface EventRef {
  id: string;
  /** Its number in the tree that `hindcast show` prints. */
  number: number;
  /** The session that it is in, where that is not the one that is explained. */
  session?: string;
  type: string;
  name: string;
}

/** A failure from the vocabulary, as the app or hindcast recorded it. */
export interface SaidFailure {
  type: string;
  code: string;
  /** The code in words. */
  meaning: string;
  /** Read from the error by hindcast, and not said by the app. */
  auto?: true;
  /** The code is not in the vocabulary. */
  unknownCode?: true;
  message?: string;
  /** The event that it was said about, where that is not the one that failed. */
  on?: EventRef;
}

/** One HTTP attempt in an SDK's own retry loop. */
export interface CallAttempt {
  status?: number;
  /** Class or code of a failure below HTTP. */
  error?: string;
  tookUs: number;
  /** Microseconds from the end of the attempt before to this one. */
  waitedUs?: number;
  /** What the server asked to wait after it. */
  retryAfterMs?: number;
}

/** Something that was done after a failure, in its place. */
export interface Later {
  /** `retry`: a later attempt of the same step. `other_model`: the next LLM call of the run, which asked another model. `run`: the next run of the same agent. */
  kind: 'retry' | 'other_model' | 'run';
  event: EventRef;
  status: EventState;
  /** Of a step. */
  attempt?: number;
  /** Of an LLM call. */
  model?: string;
}

/** An event in which an error began, or about which a failure was recorded. */
export interface FailedEvent {
  event: EventRef;
  status: EventState;
  /** Names from the outermost event down to this one; a very long path is cut at its start, which is then `…`. */
  path: string[];
  /** Microseconds since the session began. */
  at: number;
  /** Absent of an event that never ended. */
  tookUs?: number;
  /** The step that it is, or is in. */
  step?: { event: EventRef; seq: number; type: string; attempt: number };
  /** The run that it is in. */
  run?: EventRef;
  failure?: SaidFailure;
  /** What else was recorded about it. */
  alsoSaid: SaidFailure[];
  error?: ErrorFacts;
  message?: string;
  attempts?: CallAttempt[];
  /** The events that failed because of it, the innermost first. */
  wentUp: EventRef[];
  /** The first event around those that did not fail because of it: the error went no further. And how that one ended. */
  caughtIn?: { event: EventRef; status: EventState };
  /** What was tried in its place afterwards, at most ten of each kind. */
  after: Later[];
  /** What was around it ended well. */
  recovered: boolean;
}

/**
 * By which rule the cause was found. `origin`: the error that ended the run or the session began there. `step`: the app named the step. `last_failure`: the last failure inside of
 * what failed. `open`: it was open when the process ended. `note`: the app recorded a failure about it.
 */
export type CauseBasis = 'origin' | 'step' | 'last_failure' | 'open' | 'note';

/** The event that the failing run, or the session, failed with. */
export interface Cause extends FailedEvent {
  basis: CauseBasis;
  /** The run whose end it explains; absent: that of the session. */
  of?: EventRef;
}

/** An event that did not end well. */
export interface NotOkEvent {
  event: EventRef;
  status: Exclude<EventState, 'ok'>;
  at: number;
  tookUs?: number;
  error?: ErrorFacts;
  /** The event in which its error began, where that is another one. */
  because?: EventRef;
}

/** A step, and the further attempts at it. */
export interface StepRetries {
  steps: { event: EventRef; seq: number; attempt: number; status: EventState; at: number; tookUs?: number; waitedUs?: number }[];
}

/** A call that took more than one HTTP attempt. */
export interface CallRetries {
  event: EventRef;
  status: EventState;
  attempts: CallAttempt[];
}

export interface SaidDecision {
  event: EventRef;
  at: number;
  type: string;
  reasonCode: string;
  meaning: string;
  confidence?: number;
  selected?: string;
  candidates?: string[];
  unknownCode?: true;
}

export interface SaidSignal {
  event: EventRef;
  at: number;
  type: string;
  code: string;
  meaning: string;
  value: boolean;
  weight?: number;
  unknownCode?: true;
}

/** An event that took long by itself: its own time without that of the events in it. */
export interface LongEvent {
  event: EventRef;
  selfUs: number;
  tookUs: number;
}

export interface ExplainedRun {
  event: EventRef;
  /** The run around it. */
  within?: EventRef;
  agent?: AgentFacts;
  environment?: string;
  status: RunStatus;
  reason?: EndReason;
  steps: number;
  retries: number;
  errors: number;
  tookUs?: number;
}

/** How the session stands. */
export interface ExplainedOutcome {
  /** `partial`: it ended well, although something in it failed or was tried again. `crashed`: its process was gone before it ended. */
  status: RunStatus | 'crashed';
  /** As in docs/recording-format.md, "States". */
  recording: 'recording' | 'crashed' | 'ended' | 'damaged';
  reason?: EndReason;
  exitCode?: number;
  signal?: string;
  durationMs: number;
}

/** Something that cannot be said of the session, and why. */
export interface Gap {
  code:
    | 'damaged'
    | 'crashed'
    | 'running'
    | 'no_end'
    | 'metadata'
    | 'lost_origin'
    | 'dropped'
    | 'tokens_unknown'
    | 'cost_unknown'
    | 'no_cause';
  text: string;
}

export interface Explanation {
  version: typeof EXPLANATION_VERSION;
  session: {
    id: string;
    name?: string;
    agent?: AgentFacts;
    environment?: string;
    parent?: string;
    /** Microseconds since 1970-01-01 UTC. */
    epoch: number;
    mode: RecordMode;
    /** Ids of the child sessions that are explained with it. */
    children: string[];
  };
  /** What happened, in one sentence. */
  headline: string;
  outcome: ExplainedOutcome;
  /** Absent where nothing failed, or where nothing says why. */
  cause?: Cause;
  /** Every failure: the cause first, then in the order of time. */
  failures: FailedEvent[];
  /** Every event that is not ok, once, in the order of the tree. */
  notOk: NotOkEvent[];
  retries: { steps: StepRetries[]; calls: CallRetries[] };
  decisions: SaidDecision[];
  signals: SaidSignal[];
  /** At most five. */
  longest: LongEvent[];
  runs: ExplainedRun[];
  counts: { events: number; steps: number; llm: number; tools: number; actions: number };
  /** A count is absent where it is unknown; `unknownCalls` did not say. */
  tokens: { input?: number; output?: number; cacheRead?: number; cacheWrite?: number; reasoning?: number; unknownCalls: number };
  /** US dollars, absent where unknown; of `unknownCalls` the price is. */
  cost: { usd?: number; unknownCalls: number };
  gaps: Gap[];
}
