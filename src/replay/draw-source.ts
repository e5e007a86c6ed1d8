/** Gives a replay what was drawn when it was recorded: to each place its own values, in their order. */
import type { DrawKind, DrawsLine } from '../events/lines.ts';
import { unpackDraws } from './draws.ts';
import type { Draw, Drawn } from './draws.ts';
import { currentNode } from './lineage.ts';

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
  readonly #makeUp: <T extends Drawn>(kind: DrawKind, real: () => T) => T;

  /** `makeUp` gives what the recording has no value for. */
  constructor(lines: Iterable<DrawsLine>, makeUp: <T extends Drawn>(kind: DrawKind, real: () => T) => T) {
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
    const own = take(this.#places.get(node.id + kind));
    if (own !== undefined) {
      this.given.own++;
      return own as T;
    }
    const other = take(this.#kinds.get(kind));
    if (other !== undefined) {
      this.given.other++;
      return other as T;
    }
    this.given.made++;
    return this.#makeUp(kind, real);
  };
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
