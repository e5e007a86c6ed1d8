/** Gives a replay what was drawn when it was recorded: to each place its own values, in their order. */
import type { DrawKind, DrawsLine } from '../events/lines.ts';
import { unpackDraws } from './draws.ts';
import type { Draw, Drawn } from './draws.ts';
import { currentNode } from './lineage.ts';

/** Gives what the recording has no value for. */
export type MakeUp = <T extends Drawn>(kind: DrawKind, real: () => T) => T;

const CLOCKS: ReadonlySet<DrawKind> = new Set(['D', 'P', 'H']);

interface Value {
  value: Drawn;
  used: boolean;
}

/** Values in order; those before `next` are used. */
interface Queue {
  values: Value[];
  next: number;
}

export class DrawSource {
  /** Values that were given to the place that they were recorded of, to another place (the code has changed), and made up, because none was left. */
  readonly given = { own: 0, other: 0, made: 0 };
  readonly #places = new Map<string, Queue>();
  readonly #kinds = new Map<DrawKind, Queue>();
  readonly #makeUp: MakeUp;
  /** What each place was given last of a clock, once the program goes its own way. */
  readonly #last = new Map<string, Drawn>();
  #goesOn = false;
  #keeps = (): boolean => true;

  /** `makeUp` gives what the recording has no value for. */
  constructor(lines: Iterable<DrawsLine>, makeUp: MakeUp) {
    this.#makeUp = makeUp;
    for (const line of lines) {
      for (const packed of line.d) {
        for (const drawn of unpackDraws(packed)) {
          const value = { value: drawn, used: false };
          queueOf(this.#places, packed[0] + packed[1]).values.push(value);
          queueOf(this.#kinds, packed[1]).values.push(value);
        }
      }
    }
  }

  readonly draw: Draw = <T extends Drawn>(kind: DrawKind, real: () => T): T => {
    const node = currentNode();
    if (node.internal) return real();
    const place = node.id + kind;
    const own = this.#goesOn && !this.#keeps() ? undefined : take(this.#places.get(place));
    if (own !== undefined) {
      this.given.own++;
      return this.#notBefore(place, kind, own as T);
    }
    const other = this.#goesOn ? undefined : take(this.#kinds.get(kind));
    if (other !== undefined) {
      this.given.other++;
      return other as T;
    }
    this.given.made++;
    return this.#notBefore(place, kind, this.#makeUp(kind, real));
  };

  /** The program goes its own way: where `keeps` says so of the running code, it is given what its own place was then, as long as there is some; everything else is made up. */
  goOn(keeps: () => boolean): void {
    this.#goesOn = true;
    this.#keeps = keeps;
  }

  /** A clock that ran on is not put back where it stands, by what was recorded. */
  #notBefore<T extends Drawn>(place: string, kind: DrawKind, value: T): T {
    if (!this.#goesOn || !CLOCKS.has(kind)) return value;
    const last = this.#last.get(place);
    const given = last !== undefined && Number(last) > Number(value) ? (last as T) : value;
    this.#last.set(place, given);
    return given;
  }
}

function queueOf<K>(queues: Map<K, Queue>, key: K): Queue {
  let queue = queues.get(key);
  if (queue === undefined) queues.set(key, (queue = { values: [], next: 0 }));
  return queue;
}

function take(queue: Queue | undefined): Drawn | undefined {
  if (queue === undefined) return undefined;
  while (queue.values[queue.next]?.used === true) queue.next++;
  const found = queue.values[queue.next];
  if (found === undefined) return undefined;
  found.used = true;
  queue.next++;
  return found.value;
}
