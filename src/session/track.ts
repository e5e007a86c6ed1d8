/** `track`: an event that goes on while the app does something, told by hand. */
import { guard } from '../core/diagnostics.ts';
import { serialise, serialiseBody } from '../core/serialise.ts';
import type { AttributeValue, EventContent } from '../events/model.ts';
import { hub } from '../events/ports.ts';
import type { EventStart, OpenEvent, Outcome } from '../events/ports.ts';
import { contentOf, membersOf, readOutcome, readStart } from './event-reading.ts';
import type {
  CallInput,
  CallResult,
  CustomEvent,
  EventError,
  EventFacts,
  LLMCallInput,
  LLMCallResult,
  ToolCallInput,
} from './event-input.ts';
import { threw } from './outcome.ts';
import { watchOutcome } from './watch.ts';
import type { CallOutcome } from './watch.ts';
import { watchAnswered } from './wrap-generator.ts';

/** What a custom event begins with. */
export interface CustomStart<T extends string = string> extends EventFacts, CallInput {
  type: CustomEvent<T>['type'];
}

/** What an event begins with. */
export type TrackInput =
  | ({ type: 'action' } & EventFacts & CallInput)
  | ({ type: 'tool' } & EventFacts & ToolCallInput)
  | ({ type: 'llm' } & EventFacts & LLMCallInput);

/** How a tracked event ended, as far as it is said. */
export interface TrackedEnd extends CallResult, LLMCallResult {
  /** Why it failed: anything that was thrown, or codes and a message. */
  error?: EventError | undefined;
  /** `error` when there is one, else `ok`. `cancelled`: the caller left early. */
  status?: 'ok' | 'error' | 'cancelled';
}

/** An event that goes on. Every method is safe after its end, and never throws by itself. */
export interface TrackedEvent {
  /** 16 hex digits; undefined when nothing is recorded. */
  readonly id: string | undefined;
  /** Runs `fn`, and whatever it awaits or schedules, inside of the event. Does not end it. What `fn` returns or throws comes out. */
  run<T>(fn: () => T): T;
  /** Adds attributes; one of a name that is there is replaced. Kept in full recordings only. */
  set(attributes: Record<string, AttributeValue>): void;
  /** Ends the event. The first call counts. */
  end(end?: TrackedEnd): void;
  /** Ends the event, unless it has ended: as failed when its last `run` threw, else well. */
  [Symbol.dispose](): void;
}

/** Begins an event, and gives the handle that ends it. */
export function track<const T extends string = never>(event: TrackInput | CustomStart<T>): TrackedEvent;
/** Runs `fn` inside an event, which ends with what `fn` returns or throws, unless `fn` ends it before. That comes out of here as it is. */
export function track<R, const T extends string = never>(event: TrackInput | CustomStart<T>, fn: (event: TrackedEvent) => R): R;
export function track(input: unknown, fn?: (event: TrackedEvent) => unknown): unknown {
  const opened = guard('session.track', () => open(input), null);
  if (fn === undefined) return opened ?? inert();
  return opened === null ? fn(inert()) : opened.whole(fn);
}

function open(input: unknown): Tracked | null {
  const { recorder } = hub;
  if (recorder === null) return null;
  const given = membersOf(input, 'track()');
  const start = readStart(given);
  const event = recorder.open(start);
  return (
    event &&
    new Tracked(
      event,
      start,
      guard('session.track', () => contentOf(start, given), {}),
    )
  );
}

class Tracked implements TrackedEvent {
  readonly id: string;
  readonly #event: OpenEvent;
  readonly #start: EventStart;
  /** What it was given, as it was then. */
  readonly #content: EventContent = {};
  #last: CallOutcome | undefined;

  constructor(event: OpenEvent, start: EventStart, content: EventContent) {
    this.id = event.id;
    this.#event = event;
    this.#start = start;
    if (!event.wantsBodies) return;
    if (content.arguments !== undefined) this.#content.arguments = serialise(content.arguments);
    if (content.request !== undefined) this.#content.request = serialiseBody(content.request);
  }

  run<T>(fn: () => T): T {
    return watchOutcome(
      () => this.#event.run(fn),
      (outcome) => (this.#last = outcome.threw ? outcome : undefined),
    );
  }

  set(attributes: Record<string, AttributeValue>): void {
    guard('session.track', () => this.#event.set(attributes), undefined);
  }

  end(end: TrackedEnd = {}): void {
    if (this.#event.ended) return;
    const outcome = guard('session.track', () => this.#outcomeOf(membersOf(end, 'end()')), { status: 'ok' });
    this.#event.end(outcome);
  }

  [Symbol.dispose](): void {
    if (this.#last?.threw) this.#event.end(threw(this.#last.error, this.#content));
    else this.end();
  }

  /** Runs `fn` as the event. */
  whole<R>(fn: (event: TrackedEvent) => R): R {
    const event = this.#event;
    const result = this.#start.type === 'llm' ? 'response' : 'result';
    return watchOutcome(
      () => event.run(() => fn(this)),
      (outcome) => {
        if (outcome.threw) event.end(threw(outcome.error, this.#content));
        else if (event.ended || !watchAnswered(outcome.value, event, this.#content.arguments))
          event.end({ status: 'ok', content: () => ({ ...this.#content, [result]: outcome.value }) });
      },
    );
  }

  #outcomeOf(given: Readonly<Record<string, unknown>>): Outcome {
    const outcome = readOutcome(this.#start, given, { ...this.#content, ...contentOf(this.#start, given) });
    const { status } = given;
    return status === 'cancelled' || (status === 'error' && outcome.status === 'ok') ? { ...outcome, status } : outcome;
  }
}

/** The handle where nothing is recorded. */
function inert(): TrackedEvent {
  return { id: undefined, run: (fn) => fn(), set: () => {}, end: () => {}, [Symbol.dispose]: () => {} };
}
