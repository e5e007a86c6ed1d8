/**
 * What the events of frameworks have in common. A framework tells of a run, a step, a tool by ids of its own, now the beginning and some time later the end, and often not at all that
 * somebody left early: open events are kept by those ids, in a map with a limit, and each ends once.
 */
import { codeWord } from '../core/code-word.ts';
import { guard } from '../core/diagnostics.ts';
import { serialise } from '../core/serialise.ts';
import { saidBy } from '../core/thrown.ts';
import type { ErrorFacts, EventContent, ToolFacts } from '../events/model.ts';
import { hub } from '../events/ports.ts';
import type { EventStart, OpenEvent, Outcome, ScopeBridge } from '../events/ports.ts';
import { errorType, systemCode } from '../patch/transport-error.ts';
import { requestId, waitAsked } from './errors.ts';
import { present } from './fields.ts';

/** The beginning of an agent's run; of one that has no name, `invoke_agent` alone. */
export function agentStart(name: string | undefined): EventStart {
  return name ? { type: 'agent', name: `invoke_agent ${name}`, agent: { name } } : { type: 'agent', name: 'invoke_agent' };
}

/** The beginning of a tool that a framework runs. */
export function toolStart(name: string, facts: Omit<Partial<ToolFacts>, 'name'> = {}): EventStart {
  return { type: 'tool', name: `execute_tool ${name}`, tool: { name, type: 'function', ...present(facts) } };
}

/** A tool's name by MCP, and what is in use beside it. */
const TOOL_NAME = /^[\w.:/-]{1,128}$/;

/** The name of a tool as a model or a stranger said it: what is said in its place may be a sentence. */
export function calledTool(name: unknown): string {
  return typeof name === 'string' && TOOL_NAME.test(name) ? name : 'unknown';
}

/** Opens an event, or gives null where none is recorded. Never throws. */
export function openEvent(start: EventStart): OpenEvent | null {
  const { recorder } = hub;
  return recorder === null ? null : guard('framework.open', () => recorder.open(start), null);
}

/** A value of the app as it is now, for an event that keeps what was said; undefined for one that does not. */
export function taken(event: OpenEvent, value: unknown): unknown {
  return event.wantsBodies && value !== undefined ? serialise(value) : undefined;
}

/** How an event ends that came to its end. */
export function succeeded(content: () => EventContent = () => ({})): Outcome {
  return { status: 'ok', content };
}

/** How an event ends in which something was thrown. `content`: what else was said. */
export function failed(error: unknown, content: () => EventContent = () => ({})): Outcome {
  const facts = guard('framework.error', () => frameworkError(error), { type: 'Error' });
  return { status: 'error', error: facts, thrown: error, content: () => ({ ...content(), error: saidBy(error) }) };
}

/** Codes of an error that came out of a framework: its own, or one of whatever it calls. */
export function frameworkError(error: unknown): ErrorFacts {
  const e: any = typeof error === 'object' && error !== null ? error : {};
  const headers: unknown = e.responseHeaders ?? e.headers;
  const status: unknown = e.statusCode ?? e.status;
  return {
    type: errorType(error),
    ...present({
      code: codeWord(e.code) ?? systemCode(e.cause),
      status: typeof status === 'number' ? status : undefined,
      requestId: requestId(headers),
      retryAfterMs: waitAsked(headers),
    }),
  };
}

/** Whether an error says that the caller did not want to go on. */
export function isAbort(error: unknown): boolean {
  return typeof error === 'object' && error !== null && (error as { name?: unknown }).name === 'AbortError';
}

/**
 * Ends a framework's own LLM event. Where an SDK that we patch made the call, that SDK's event inside is the one LLM event, and this one becomes an action with `name`: facts and
 * tokens would count twice.
 */
export function endModelCall(event: OpenEvent, outcome: Outcome, name: string): void {
  if (!event.carriesCall) return event.end(outcome);
  const { status, error, content } = outcome;
  event.become('action', name);
  event.end({
    status,
    ...(error && { error }),
    ...('thrown' in outcome && { thrown: outcome.thrown }),
    content: () => present({ error: content?.().error }),
  });
}

/** Adds a bridge to the hub; what it returns takes it out again. */
export function addBridge(bridge: ScopeBridge): () => void {
  hub.bridges.push(bridge);
  return () => {
    const at = hub.bridges.indexOf(bridge);
    if (at >= 0) hub.bridges.splice(at, 1);
  };
}

/** Things open at once that are kept by id; one more drops the oldest. An app with so many at once is not known, one that abandons them is. */
const OPEN_MAX = 10_000;

/** Things by a framework's ids, with a limit: of one too many, the oldest is handed to `drop`. */
export class Kept<T> {
  readonly #byId = new Map<string, T>();
  readonly #drop: (thing: T) => void;
  readonly #max: number;

  constructor(drop: (thing: T) => void, max = OPEN_MAX) {
    this.#drop = drop;
    this.#max = max;
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: unknown): T | undefined {
    return typeof id === 'string' ? this.#byId.get(id) : undefined;
  }

  add(id: string, thing: T): void {
    for (const [oldest, dropped] of this.#byId) {
      if (this.#byId.size < this.#max) break;
      this.#byId.delete(oldest);
      guard('framework.drop', () => this.#drop(dropped), undefined);
    }
    this.#byId.set(id, thing);
  }

  /** Takes the thing under `id` out. */
  take(id: unknown): T | undefined {
    const thing = this.get(id);
    if (thing !== undefined) this.#byId.delete(id as string);
    return thing;
  }

  /** Takes everything out, newest first. */
  takeAll(): T[] {
    const all = [...this.#byId.values()].toReversed();
    this.#byId.clear();
    return all;
  }
}

/** Open events by a framework's ids. No method throws, and each event ends once. */
export class OpenEvents {
  readonly #open: Kept<OpenEvent>;

  constructor(max?: number) {
    this.#open = new Kept((event) => event.end({ status: 'unfinished' }), max);
  }

  get size(): number {
    return this.#open.size;
  }

  /** Opens an event under `id`, inside the one that is open under `parent`, else where the code runs. Under an id that is taken, nothing is opened. */
  open(id: string, start: EventStart, parent?: unknown): OpenEvent | null {
    const known = this.#open.get(id);
    if (known !== undefined) return known;
    const within = this.#open.get(parent);
    const event = openEvent(within === undefined ? start : { ...start, within });
    if (event !== null) this.#open.add(id, event);
    return event;
  }

  get(id: unknown): OpenEvent | undefined {
    return this.#open.get(id);
  }

  /** Ends the event under `id`; by `how`, where there is more to it than to end. */
  end(id: unknown, outcome: Outcome, how: (event: OpenEvent, outcome: Outcome) => void = endPlainly): void {
    const event = this.#open.take(id);
    if (event !== undefined) guard('framework.end', () => how(event, outcome), undefined);
  }

  /** Ends whatever is open, newest first. */
  endAll(outcome: Outcome): void {
    for (const event of this.#open.takeAll()) guard('framework.end', () => event.end(outcome), undefined);
  }
}

function endPlainly(event: OpenEvent, outcome: Outcome): void {
  event.end(outcome);
}
