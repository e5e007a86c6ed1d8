/** The public functions about runs. With no client started, they return a run that records nothing and runs what it is given. */
import { guard } from '../core/diagnostics.ts';
import { newSpanId } from '../core/ids.ts';
import type { AgentFacts, AttributeValue, EndReason, RunStatus } from '../events/model.ts';
import { hub } from '../events/ports.ts';
import type { OpenEvent, Outcome } from '../events/ports.ts';
import type { StepType } from '../events/vocabulary.ts';
import { readReason, readRunEnd } from './end-words.ts';
import { LiveEvent } from './live-event.ts';
import type { LiveSession } from './live-session.ts';
import { decisionNote, failureNote, signalNote } from './notes.ts';
import type { DecisionInput, FailureInput, SignalInput } from './notes.ts';
import { threw } from './outcome.ts';
import { agentFrom } from './said.ts';
import { scopes } from './scope.ts';
import { currentSession, liveSession } from './sessions.ts';
import type { Session } from './sessions.ts';
import { openStep, stepHandle } from './steps.ts';
import type { Step, StepOptions } from './steps.ts';
import { watchOutcome } from './watch.ts';
import type { CallOutcome } from './watch.ts';

export interface RunOptions {
  /** The agent that runs; that of the run around it, or of the session, when absent. */
  agent?: string | { id?: string; name?: string; version?: string };
  /** What this run is called; after its agent when absent. */
  name?: string;
  /** Where it runs, when that is not where its session does. */
  environment?: string;
  /** Recorded in mode `full` only. */
  attributes?: Record<string, AttributeValue>;
  /** The session that it belongs to; that of the running code when absent. */
  session?: Session;
}

/** How a run may be said to have ended. `success` becomes `partial` where a step failed or was tried again, or a failure was recorded. */
export type RunEnd = Exclude<RunStatus, 'running'>;

/** One execution of an agent. */
export interface Run {
  readonly id: string;
  readonly agent: Readonly<AgentFacts>;
  /** Runs `fn`, and whatever it awaits or schedules, in this run. Does not end it. */
  run<T>(fn: () => T): T;
  /** Runs `fn` as the next step of this run, and hands on what it returns or throws. The step ends when `fn` has, or when the promise that it returned has settled. */
  step<T>(type: StepType, name: string, fn: (step: Step) => T, options?: StepOptions): T;
  /** Says why the run failed; `step`: the step, or the number of the step, that it failed in. */
  recordFailure(failure: FailureInput & { step?: Step | number }): void;
  recordDecision(decision: DecisionInput): void;
  recordQualitySignal(signal: SignalInput): void;
  /** Adds attributes, or replaces those that are there. Recorded in mode `full` only. */
  set(attributes: Record<string, AttributeValue>): void;
  status(): RunStatus;
  /** Ends the run, and those of its steps that are open. Without arguments: `failure` when its last `run` or the step that ended last threw, else `success`. The first call counts. */
  end(status?: RunEnd, reason?: EndReason): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a run. What is to happen in it is run by it: `run.run(fn)`, `run.step(...)`. */
export function startRun(options: RunOptions = {}): Run {
  return runHandle(guard('run.start', () => openRun(options), null));
}

/** The innermost run of the running code that is open, one that a framework began included; undefined outside of every run. */
export function currentRun(): Run | undefined {
  let run = hub.recorder?.current()?.agentRun ?? null;
  while (run !== null && run.ended) run = run.above?.agentRun ?? null;
  return run === null ? undefined : runHandle(run);
}

function openRun({ agent, name, environment, attributes, session }: RunOptions): OpenEvent | null {
  const { recorder } = hub;
  const live = session && liveSession(session);
  if (recorder === null || (session !== undefined && (live === undefined || live.ended))) return null;
  const own = agentFrom(typeof agent === 'string' ? { name: agent } : agent);
  const open = (): OpenEvent | null => {
    const called = own ?? agentOf(recorder.current()?.agentRun) ?? (live ?? liveSession(currentSession()))?.agent;
    return recorder.open({
      type: 'agent',
      name: name ?? (called?.name ? `invoke_agent ${called.name}` : 'invoke_agent'),
      ...(own && { agent: own }),
      ...(environment !== undefined && { environment }),
      ...(attributes && { attributes }),
    });
  };
  const elsewhere = live !== undefined && live !== sessionHere();
  return elsewhere ? scopes.run({ session: live, event: null }, open) : open();
}

const agentOf = (run: OpenEvent | null | undefined): AgentFacts | undefined =>
  run instanceof LiveEvent ? (run.agent ?? run.session.agent) : undefined;

const sessionHere = (): LiveSession | undefined => scopes.getStore()?.session;

/** One handle a run, so that `currentRun() === run`. */
const handles = new WeakMap<OpenEvent, Run>();

function runHandle(event: OpenEvent | null): Run {
  const known = event === null ? undefined : handles.get(event);
  if (known !== undefined) return known;
  const made = makeRun(event);
  if (event !== null) handles.set(event, made);
  return made;
}

function makeRun(event: OpenEvent | null): Run {
  const state = event instanceof LiveEvent ? event.state : null;
  const openSteps = new Set<OpenEvent>();
  /** What was thrown by the last `run`, and by the step that ended last since. */
  let lastRun: { error: unknown } | undefined;
  let lastStep: { error: unknown } | undefined;
  let ended: RunEnd | undefined;
  const note = (make: () => Parameters<OpenEvent['note']>[0]): void =>
    void (event && guard('run.note', () => event.note(make()), undefined));
  const idOf = (step: Step | number): string | undefined => (typeof step === 'number' ? state?.stepId(step) : step.id);

  const end = (saidStatus?: RunEnd, saidReason?: EndReason): void => {
    if (ended !== undefined) return;
    const [status, reason] = [readRunEnd(saidStatus), readReason(saidReason)];
    const thrown = lastRun ?? lastStep;
    ended = status ?? (thrown === undefined ? 'success' : 'failure');
    if (event === null) return;
    for (const step of [...openSteps].reverse()) step.end({ status: 'unfinished' });
    event.end(outcomeOf(ended, reason, thrown));
  };

  return {
    id: event?.id ?? newSpanId(),
    agent: agentOf(event) ?? {},
    run: (fn) =>
      watchOutcome(
        () => (event === null ? fn() : event.run(fn)),
        (outcome) => {
          lastRun = thrownBy(outcome);
          lastStep = undefined;
        },
      ),
    step(type, name, fn, options = {}) {
      const step = openStep(event, type, name, options);
      const handle = stepHandle(step, { type, name, options });
      if (step !== null) openSteps.add(step);
      return watchOutcome(
        () => (step === null ? fn(handle) : step.run(() => fn(handle))),
        (outcome) => {
          lastStep = thrownBy(outcome);
          if (step === null) return;
          openSteps.delete(step);
          step.end(outcome.threw ? threw(outcome.error, {}) : { status: 'ok' });
        },
      );
    },
    recordFailure: (failure) => note(() => failureNote(failure, failure.step === undefined ? undefined : idOf(failure.step))),
    recordDecision: (decision) => note(() => decisionNote(decision)),
    recordQualitySignal: (signal) => note(() => signalNote(signal)),
    set: (attributes) => event && guard('run.set', () => event.set(attributes), undefined),
    status: () => (event === null || event.ended ? (state?.final?.status ?? ended ?? 'running') : 'running'),
    end,
    async [Symbol.asyncDispose]() {
      end();
    },
  };
}

const thrownBy = (outcome: CallOutcome): { error: unknown } | undefined => (outcome.threw ? { error: outcome.error } : undefined);

/** How the run's event ends: in an error where the run failed, and in nothing else. */
function outcomeOf(status: RunEnd, reason: EndReason | undefined, thrown: { error: unknown } | undefined): Outcome {
  if (status !== 'failure') return { status: 'ok', run: { status, ...(reason && { reason }) } };
  const failed: Outcome = thrown === undefined ? { status: 'error' } : threw(thrown.error, {});
  return { ...failed, run: { status, reason: reason ?? (thrown === undefined ? 'ended' : 'exception') } };
}
