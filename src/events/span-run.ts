/** What a span says of runs and steps: codes, counts and ids, and nothing that somebody said. */
import type { Names } from './genai-names.ts';
import type { SessionLine } from './lines.ts';
import type { AgentFacts, SpanEvent } from './model.ts';
import { codeOf, idOf, nameOf } from './safe-words.ts';
import type { AttributeList } from './wire-span.ts';

const INVOKED = /^invoke_agent( |$)/;

/** The agent that an event happened in: its own, else that of the session. */
export function agentIn(event: SpanEvent, header: SessionLine): AgentFacts | undefined {
  return event.agent ?? header.agent;
}

/** The name of the agent that an event is about; that of a run may stand in the name of the event alone. */
export function agentNameOf(event: SpanEvent, header: SessionLine): string | undefined {
  const said = nameOf(event.agent?.name);
  if (said !== undefined || event.type !== 'agent') return said ?? nameOf(header.agent?.name);
  const name = nameOf(event.name);
  return (name !== undefined && INVOKED.test(name) ? name.replace(INVOKED, '') : '') || nameOf(header.agent?.name);
}

/** Whether an event failed: the end of a session may leave a run that failed without an end of its own. */
export function hasFailed({ status, run }: SpanEvent): boolean {
  return status === 'error' || run?.status === 'failure';
}

/** Adds what is known of the run and of the step that an event is, or is in. A run and all in it have one `run.id`. */
export function addRun(list: AttributeList, event: SpanEvent, names: Names): void {
  const { run, step } = event;
  list.string(names.runId, idOf(run === undefined ? event.runId : event.id));
  if (run !== undefined) {
    list.string(names.runParent, idOf(event.runId));
    list.string(names.runName, INVOKED.test(event.name) ? undefined : nameOf(event.name));
    list.string(names.runStatus, codeOf(run.status));
    list.string(names.runReason, codeOf(run.reason));
    list.string(names.runEnvironment, nameOf(run.environment));
    list.int(names.runSteps, run.steps);
    list.int(names.runRetries, run.retries);
    list.int(names.runErrors, run.errors);
  }
  if (step !== undefined) {
    list.int(names.stepSeq, step.seq);
    list.string(names.stepType, codeOf(step.type));
    list.int(names.stepAttempt, step.attempt);
    list.string(names.stepRetryOf, idOf(step.retryOf));
    list.bool(names.stepUnknownType, step.unknownType);
  }
}
