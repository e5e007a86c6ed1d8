/** Events of a replay: known as those of the recording; tools run again, and what they give is compared with what they gave then, or replaced as an edit has it. */
import { guard } from '../core/diagnostics.ts';
import { revive } from '../core/revive.ts';
import type { Json } from '../core/serialise.ts';
import type { SpanEvent } from '../events/model.ts';
import { hub } from '../events/ports.ts';
import type { EventStart, Follower, OpenEvent } from '../events/ports.ts';
import { LiveEvent } from '../session/live-event.ts';
import type { Course } from './course.ts';
import { toolDivergence } from './divergence.ts';
import type { Divergence } from './divergence.ts';
import type { Effect } from './effects.ts';
import { placeOfEvent } from './event-places.ts';
import { KnownEvents, likeness } from './known-events.ts';
import type { ReplayPlan } from './plan.ts';
import type { Tally } from './report.ts';
import type { Source } from './source.ts';

export interface EventCourseOptions {
  plan: ReplayPlan;
  source: Source;
  course: Course;
  tally: Tally;
  /** The program has left the recording. */
  differs(divergence: Divergence): void;
  /** Asks for leave; does not return without it. */
  ask(effect: Effect): void;
}

/** What is known of an event of this run. */
interface Known {
  /** The event of the recording that it is. */
  recorded: SpanEvent | null;
  name: string;
  sideEffect: boolean;
  /** It is called with what it was called with then. */
  same: boolean;
  replaced: boolean;
}

export class EventCourse implements Follower {
  readonly #options: EventCourseOptions;
  readonly #events: KnownEvents;
  readonly #known = new WeakMap<OpenEvent, Known>();

  constructor(options: EventCourseOptions) {
    this.#options = options;
    this.#events = new KnownEvents(options.source);
  }

  began(event: OpenEvent, { type, name, tool, sideEffect = false }: EventStart): { lin: string; lo: number } | undefined {
    const place = placeOfEvent();
    if (place === undefined) return undefined;
    const recorded = this.#events.at(place, type, name);
    this.#known.set(event, { recorded, name: tool?.name ?? name, sideEffect, same: false, replaced: false });
    if (recorded !== null) this.#reached(event, recorded);
    return place;
  }

  calls(event: OpenEvent, given: unknown): void {
    guard('replay.calls', () => this.#calls(event, given), undefined);
  }

  #calls(event: OpenEvent, given: unknown): void {
    const known = this.#known.get(event);
    if (known === undefined) return;
    const { recorded } = known;
    known.same = recorded !== null && likeness(recorded.content?.arguments) === likeness(given);
    if (!known.same) {
      const called = this.#events.called(`execute_tool ${known.name}`, given);
      known.same = called !== null;
      if (recorded === null && called !== null) {
        known.recorded = called;
        this.#reached(event, called);
      }
    }
    const { course, ask } = this.#options;
    if (known.sideEffect && !known.same && course.isLive)
      ask({ name: known.name, call: `the tool ${known.name}`, with: JSON.stringify(given) });
  }

  /** Whether the running code is part of a tool call that was recorded just so. */
  isRecorded(): boolean {
    for (let at = hub.recorder?.current() ?? null; at !== null; at = at.above)
      if (at.type === 'tool' && this.#known.get(at)?.same === true) return true;
    return false;
  }

  instead(event: OpenEvent): { value: unknown } | null {
    return guard('replay.instead', () => this.#instead(event), null);
  }

  ended(event: OpenEvent, line: SpanEvent): void {
    guard('replay.compare', () => this.#compare(event, line), undefined);
  }

  /** The event of the fork begins. */
  #reached(event: OpenEvent, { id }: SpanEvent): void {
    const { plan, course } = this.#options;
    const replaces = plan.fork?.edits.some((edit) => edit.kind === 'result' && edit.event === id) === true;
    if (replaces) course.replace(event);
    if (plan.fork?.event === id) course.reach(replaces);
  }

  #instead(event: OpenEvent): { value: unknown } | null {
    const known = this.#known.get(event);
    const recorded = known?.recorded;
    if (known === undefined || recorded === null || recorded === undefined) return null;
    const { plan, course, tally } = this.#options;
    const edit = plan.fork?.edits.find((each) => each.kind === 'result' && each.event === recorded.id);
    // In the recording of a fork, what an edit gave stands where the tool's own result would.
    const isEdited = recorded.edited === true && recorded.type === 'tool' && known.same;
    if (edit?.kind !== 'result' && !isEdited) return null;
    if (event instanceof LiveEvent) event.edited = true;
    if (edit?.kind !== 'result') {
      known.replaced = true;
      return { value: revive((recorded.content?.result ?? null) as Json) };
    }
    if (!known.replaced) tally.edited(edit.event, 'result');
    known.replaced = true;
    course.goLive();
    return { value: edit.result };
  }

  #compare(event: OpenEvent, line: SpanEvent): void {
    const known = this.#known.get(event);
    const { course, differs } = this.#options;
    if (known?.recorded === undefined || known.recorded === null || line.type !== 'tool' || known.replaced || course.isLive)
      return;
    const { recorded } = known;
    if (recorded.status === 'unfinished' || line.status === 'unfinished') return;
    const isSame = recorded.status === line.status && likeness(recorded.content?.result) === likeness(line.content?.result);
    if (!isSame) differs(toolDivergence(known.name, recorded, line));
  }
}
