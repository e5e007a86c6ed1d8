/** Where an error came from: an error that goes up through several events is one failure, which began in the innermost of them. */
import { guard } from '../core/diagnostics.ts';

/** An event as far as its place counts. */
interface Placed {
  readonly id: string;
  readonly above: Placed | null;
  readonly session: { readonly id: string };
}

/** An event that ended with an error, and those that it stood in. Ids only: an error that is kept must keep no session. */
interface Origin {
  readonly id: string;
  readonly session: string;
  readonly around: ReadonlySet<string>;
}

/** The events that ended with an error, by that error. What is no object cannot be told from its like, and is not known. */
const origins = new WeakMap<object, Origin[]>();
/** One error that is thrown again and again, such as one that a cache holds, has an origin each time: the newest are kept. */
const ORIGINS_MAX = 8;
/** Errors that are looked at: the causes of one, and those that it gathers. */
const ERRORS_MAX = 16;
/** Events around an origin. */
const AROUND_MAX = 1000;

/**
 * Id of the event inside `event` that failed first with `thrown`, or with what `thrown` names as its cause; undefined: this is where it began. The same object may have been thrown
 * before, in another session or in a run of long ago: where `event` was not around, nothing came from.
 */
export function originOf(thrown: unknown, event: Placed): string | undefined {
  return guard('session.origin', () => find(thrown, event.id), undefined);
}

/** Id of the event of the same session that failed last with `thrown`: for one that is told of an error when nothing is around it any more. */
export function lastOriginOf(thrown: unknown, { session }: Placed): string | undefined {
  const last = (error: object): Origin | undefined => origins.get(error)?.findLast((origin) => origin.session === session.id);
  return guard(
    'session.origin',
    () =>
      errorsIn(thrown)
        .map(last)
        .find((origin) => origin !== undefined)?.id,
    undefined,
  );
}

/** Remembers that `event` ended with `thrown`, and that it began there. */
export function rememberOrigin(thrown: unknown, event: Placed): void {
  if (typeof thrown !== 'object' || thrown === null) return;
  const around = new Set<string>();
  for (let at = event.above; at !== null && around.size < AROUND_MAX; at = at.above) around.add(at.id);
  const known = origins.get(thrown);
  const origin = { id: event.id, session: event.session.id, around };
  if (known === undefined) origins.set(thrown, [origin]);
  else if (known.push(origin) > ORIGINS_MAX) known.shift();
}

function find(thrown: unknown, id: string): string | undefined {
  for (const error of errorsIn(thrown)) {
    const origin = origins.get(error)?.find(({ around }) => around.has(id));
    if (origin !== undefined) return origin.id;
  }
  return undefined;
}

/** An error, its causes, and the errors that an `AggregateError` and the like gather, outermost first. */
export function errorsIn(thrown: unknown): object[] {
  const found = new Set<object>();
  const ahead: unknown[] = [thrown];
  while (ahead.length > 0 && found.size < ERRORS_MAX) {
    const error = ahead.shift();
    if (typeof error !== 'object' || error === null || found.has(error)) continue;
    found.add(error);
    const { cause, errors } = error as { cause?: unknown; errors?: unknown };
    ahead.push(cause, ...(Array.isArray(errors) ? errors.slice(0, ERRORS_MAX) : []));
  }
  return [...found];
}
