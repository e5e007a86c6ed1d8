/** Work beside the program that has begun: when it has ended, what it gives is handed over in its turn, as code of the place that began it. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Method } from '../patch/registry.ts';
import { childBy, currentNode, internally, runAt } from './lineage.ts';

/** The way in which these places come about. */
export const BY_WORK = 23;

/** Work at place `lin` has begun. What is returned is told when it has ended, and hands that to the app when it is its turn. */
export type BeginWork = (lin: string) => (hand: () => void) => void;

/** Work that has begun; told of its end, it hands that over as code of its own place, in the async scopes in which it began. */
export type StartedWork = (hand: () => unknown) => void;

/** Begins work for the running code; null where that is none of the app's. */
export function beginAt(begin: BeginWork): StartedWork | null {
  const node = currentNode();
  if (node.internal) return null;
  const place = childBy(node, BY_WORK);
  const inScope = AsyncLocalStorage.snapshot();
  const ended = begin(place.id);
  return (hand) => ended(() => inScope(() => void runAt(place, hand)));
}

/** Does `start` with a function in the place of `callback`, which is called in its turn. */
export function startWork<T>(begin: BeginWork, callback: Method, start: (told: Method) => T): T {
  const place = childBy(currentNode(), BY_WORK);
  const inScope = AsyncLocalStorage.snapshot();
  let ended: ReturnType<BeginWork> | undefined;
  const given = internally(() =>
    start(function (this: unknown, ...values: unknown[]) {
      const hand = (): void => inScope(() => void runAt(place, () => Reflect.apply(callback, this, values) as unknown));
      if (ended === undefined) hand();
      else ended(hand);
    }),
  );
  // What throws at once has begun nothing.
  ended = begin(place.id);
  return given;
}
