/** `beforeExit`: what the app begins in it is at places of its own, as no promise and no timer carries it there. */
import type { Method } from '../patch/registry.ts';
import { installOnce, REPLAY_LABEL } from '../patch/registry.ts';
import { cover } from './hidden.ts';
import { childOf, processPlace, runAt } from './lineage.ts';

const EVENT = 'beforeExit';
/** Keeps this place apart from others that are there before any code runs. */
const BEFORE_EXIT_SALT = 29;

/** Has listeners run at a place, each time at the next one, below what else looks at events of the process. Part of flag 2. Undone by `undoAll`. */
export function patchBeforeExit(): void {
  const place = processPlace(BEFORE_EXIT_SALT);
  const follow = (original: Method): Method =>
    function (this: unknown, ...args: unknown[]): unknown {
      const emit = (): unknown => Reflect.apply(original, this, args);
      return args[0] === EVENT ? runAt(childOf(place), emit) : emit();
    };
  installOnce(process, 'beforeExit emit', `${REPLAY_LABEL}${EVENT}`, () => {
    const before = Object.getOwnPropertyDescriptor(process, 'emit');
    cover(process, 'emit', follow);
    return () => {
      if (before === undefined) Reflect.deleteProperty(process, 'emit');
      else Object.defineProperty(process, 'emit', before);
    };
  });
}
