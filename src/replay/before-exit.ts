/** `beforeExit`: what the app begins in it is at places of its own, as no promise and no timer carries it there. */
import { coverMethod, REPLAY_LABEL } from '../patch/registry.ts';
import { childOf, processPlace, runAt } from './lineage.ts';

const EVENT = 'beforeExit';
/** Keeps this place apart from others that are there before any code runs. */
const BEFORE_EXIT_SALT = 29;

/** Has listeners run at a place, each time at the next one. Part of flag 2. Undone by `undoAll`. */
export function patchBeforeExit(): void {
  const place = processPlace(BEFORE_EXIT_SALT);
  coverMethod(
    process,
    'emit',
    `${REPLAY_LABEL}${EVENT}`,
    (original) =>
      function (this: unknown, ...args: unknown[]): unknown {
        const emit = (): unknown => Reflect.apply(original, this, args);
        return args[0] === EVENT ? runAt(childOf(place), emit) : emit();
      },
  );
}
