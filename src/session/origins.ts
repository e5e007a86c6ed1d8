/** Where an error came from: an error that goes up through several events is one failure, which began in the innermost of them. */
import { guard } from '../core/diagnostics.ts';

/** The event that ended with an error, by that error. What is no object cannot be told from its like, and is not known. */
const origins = new WeakMap<object, string>();
/** Causes of causes that are looked at. */
const CAUSES_MAX = 8;

/** Id of the event that failed first with `thrown`, or with what `thrown` names as its cause; undefined: this is where it began. */
export function originOf(thrown: unknown): string | undefined {
  return guard(
    'session.origin',
    () => {
      let error = thrown;
      for (let i = 0; i < CAUSES_MAX && typeof error === 'object' && error !== null; i++) {
        const id = origins.get(error);
        if (id !== undefined) return id;
        error = (error as { cause?: unknown }).cause;
      }
      return undefined;
    },
    undefined,
  );
}

/** Remembers that the event `id` ended with `thrown`, unless another did before. */
export function rememberOrigin(thrown: unknown, id: string): void {
  if (typeof thrown === 'object' && thrown !== null && !origins.has(thrown)) origins.set(thrown, id);
}
