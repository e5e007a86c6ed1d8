/** Which session and span something belongs to that happens elsewhere: read from and written to W3C trace context and the environment. What cannot be read is not there. */
import { SESSION_ID } from '../core/ids.ts';
import { readTraceparent } from '../core/traceparent.ts';
import type { RemoteParent } from '../events/ports.ts';

/** Headers of a request that came in: a `Headers`, or a record such as Node's `request.headers`. */
export type IncomingHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** Headers for a request that goes out. */
export interface ContextHeaders {
  traceparent?: string;
  baggage?: string;
}

/** Environment variables for a process that is started. */
export interface ContextEnv {
  HINDCAST_PARENT_SESSION?: string;
  HINDCAST_TRACEPARENT?: string;
}

/** A session, and the span in it; the span is absent where no event is open. */
export interface Whereabouts {
  session: string;
  within: RemoteParent | undefined;
  /** False: the trace is the app's own, and it keeps nothing of it. */
  sampled: boolean;
}

/** The variables that a child process is told by. */
export const CONTEXT_VARIABLES = ['HINDCAST_PARENT_SESSION', 'HINDCAST_TRACEPARENT'] as const;

/** As in the W3C recommendation. */
const BAGGAGE_CHARS_MAX = 8192;
const BAGGAGE_KEY = 'hindcast.session';
/** Headers that are looked through for one that is written in capitals. */
const HEADERS_MAX = 1000;

/** `text` when it can be the id of a session, which is a file name. */
export function readSessionId(text: unknown): string | undefined {
  return typeof text === 'string' && SESSION_ID.test(text) && !/^\.+$/.test(text) ? text : undefined;
}

/** What the headers of a request say of the session and the span that it was made in. */
export function readIncoming(from: IncomingHeaders | undefined): { session?: string; within?: RemoteParent } {
  if (typeof from !== 'object' || from === null) return {};
  const traceparents = valuesOf(from, 'traceparent');
  const within = traceparents.length === 1 ? readTraceparent(traceparents[0]) : undefined;
  const session = readBaggage(valuesOf(from, 'baggage').join(','));
  return { ...(session === undefined ? {} : { session }), ...(within === undefined ? {} : { within }) };
}

/** What goes with a request, so that its server can join. */
export function writeHeaders(where: Whereabouts): ContextHeaders {
  const { session, within } = where;
  return {
    ...(within === undefined ? {} : { traceparent: writeTraceparent(within, where.sampled) }),
    baggage: `${BAGGAGE_KEY}=${session}`,
  };
}

/** What a process is told that is started. */
export function writeEnv(where: Whereabouts): ContextEnv {
  const { session, within } = where;
  return {
    HINDCAST_PARENT_SESSION: session,
    ...(within === undefined ? {} : { HINDCAST_TRACEPARENT: writeTraceparent(within, where.sampled) }),
  };
}

const writeTraceparent = ({ trace, span }: RemoteParent, sampled: boolean): string =>
  `00-${trace}-${span}-${sampled ? '01' : '00'}`;

/** `name=value;property, name=value`, percent-encoded; the first of our name that holds an id counts. */
function readBaggage(text: string): string | undefined {
  if (text.length > BAGGAGE_CHARS_MAX) return undefined;
  for (const member of text.split(',')) {
    const at = member.indexOf('=');
    if (at < 0 || member.slice(0, at).trim() !== BAGGAGE_KEY) continue;
    const id = readSessionId(decoded((member.slice(at + 1).split(';')[0] ?? '').trim()));
    if (id !== undefined) return id;
  }
  return undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function valuesOf(from: IncomingHeaders, name: string): string[] {
  const { get } = from;
  if (typeof get === 'function') {
    const value: unknown = Reflect.apply(get, from, [name]);
    return typeof value === 'string' ? [value] : [];
  }
  const record = from as Readonly<Record<string, unknown>>;
  const key = Object.hasOwn(record, name)
    ? name
    : Object.keys(record)
        .slice(0, HEADERS_MAX)
        .find((each) => each.toLowerCase() === name);
  const value = key === undefined ? undefined : record[key];
  return (Array.isArray(value) ? value : [value]).filter((each) => typeof each === 'string');
}
