/** Takes the place in the program along where no promise does: into immediates, microtasks and ticks. */
import timers from 'node:timers';
// timer held: only replaced here
import timersPromises from 'node:timers/promises';
import { replaceGlobal } from './globals.ts';
import { childBy, currentNode, runAt, runningNode } from './lineage.ts';

const { nextTick } = process;
/** The way in which these places come about. */
const BY_IMMEDIATE = 11;

/** Immediates of the app's that have not run; those that were cleared are among them until somebody asks. */
const pending = new Set<NodeJS.Immediate>();

/** Whether an immediate of the app's is still to run. */
export function hasImmediates(): boolean {
  for (const immediate of pending) {
    if (!isGone(immediate)) return true;
    pending.delete(immediate);
  }
  return false;
}

const isGone = (immediate: NodeJS.Immediate): boolean => (immediate as { _destroyed?: boolean })._destroyed === true;

/** Replaces what schedules without a promise. Undone by `undoAll`. */
export function patchScheduling(): void {
  replaceGlobal(
    [globalThis, timers],
    'setImmediate',
    (original) =>
      function (this: unknown, ...args: unknown[]) {
        const [callback, ...given] = args;
        const node = currentNode();
        if (node.internal || typeof callback !== 'function') return Reflect.apply(original, this, args) as unknown;
        const place = childBy(node, BY_IMMEDIATE);
        const run = function (this: unknown, ...values: unknown[]): unknown {
          pending.delete(immediate);
          // As in deliveries.ts: what follows runs below the same functions of Node's.
          nextTick(() => {});
          return runAt(place, () => Reflect.apply(callback, this, values) as unknown);
        };
        const immediate = Reflect.apply(original, this, [run, ...given]) as NodeJS.Immediate;
        setImmediateOf(() => {});
        pending.add(immediate);
        return immediate;
      },
  );
  // These two run before anything else comes in: they are still the place that scheduled them. A number of its own would not do: what is written to
  // a terminal and to a pipe takes a different number of ticks.
  for (const [owner, name] of [
    [globalThis, 'queueMicrotask'],
    [process, 'nextTick'],
  ] as const) {
    replaceGlobal(
      [owner],
      name,
      (original) =>
        function (this: unknown, ...args: unknown[]) {
          const [callback, ...given] = args;
          const node = runningNode();
          if (node === null || typeof callback !== 'function') return Reflect.apply(original, this, args) as unknown;
          const run = function (this: unknown, ...values: unknown[]): unknown {
            return runAt(node, () => Reflect.apply(callback, this, values) as unknown);
          };
          return Reflect.apply(original, this, [run, ...given]) as unknown;
        },
    );
  }
  replaceGlobal(
    [timersPromises],
    'setImmediate',
    (original) =>
      function (this: unknown, ...args: unknown[]) {
        // Its promise carries the place; that it is pending is what is to be known.
        if (!currentNode().internal) pending.add(setImmediateApart());
        return Reflect.apply(original, this, args) as unknown;
      },
  );
}

/** An immediate that does nothing, beside one that cannot be seen. */
function setImmediateApart(): NodeJS.Immediate {
  const immediate: NodeJS.Immediate = setImmediateOf(() => pending.delete(immediate));
  return immediate;
}

const setImmediateOf = timers.setImmediate;
