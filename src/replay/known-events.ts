/** Which event of the recording an event of this run is: by its place in the program; a call of a tool also by its name and what it is called with. Each is one event's alone. */
import type { SpanEvent } from '../events/model.ts';
import { canonical } from './request-digest.ts';
import type { Source } from './source.ts';

interface Candidate {
  readonly event: SpanEvent;
  used: boolean;
}

export class KnownEvents {
  readonly #byPlace = new Map<string, Candidate[]>();
  readonly #byCall = new Map<string, Candidate[]>();

  constructor({ recordings }: Source) {
    for (const { events, places } of recordings) {
      for (const event of events.toSorted((a, b) => a.start - b.start)) {
        const candidate = { event, used: false };
        const place = places.get(event.id);
        if (place !== undefined) gather(this.#byPlace, placeKey(place, event.type, event.name), candidate);
        if (event.type === 'tool') gather(this.#byCall, callKey(event.name, event.content?.arguments), candidate);
      }
    }
  }

  /** The event that began at this place. */
  at(place: { lin: string; lo: number }, type: string, name: string): SpanEvent | null {
    return take(this.#byPlace.get(placeKey(place, type, name)));
  }

  /** The next call of that tool with the same arguments. */
  called(name: string, given: unknown): SpanEvent | null {
    return take(this.#byCall.get(callKey(name, given)));
  }
}

const placeKey = ({ lin, lo }: { lin: string; lo: number }, type: string, name: string): string => `${lin}:${lo} ${type} ${name}`;
const callKey = (name: string, given: unknown): string => `${name} ${likeness(given)}`;

/** A value as a text that is the same for values that say the same. Of an object of a class of the app's, only the class counts. */
export function likeness(value: unknown): string {
  return canonical(plain(value));
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const { $class } = value as { $class?: unknown };
  if (typeof $class === 'string') return { $class };
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}

function gather(lists: Map<string, Candidate[]>, key: string, candidate: Candidate): void {
  const known = lists.get(key);
  if (known === undefined) lists.set(key, [candidate]);
  else known.push(candidate);
}

function take(candidates: Candidate[] | undefined): SpanEvent | null {
  const found = candidates?.find(({ used }) => !used);
  if (found === undefined) return null;
  found.used = true;
  return found.event;
}
