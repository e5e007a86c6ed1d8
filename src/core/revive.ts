/**
 * The way back from core/serialise.ts: makes the values again that JSON had no word for. What was cut, or cannot be made again (a function, a promise, bytes that are not all
 * there), stays the object with the `$type` that says so. An instance of a class of the app's becomes a plain object whose `Symbol.toStringTag` is the name of the class. Never throws.
 */
import { OWN_KEY } from './serialise.ts';
import type { Json } from './serialise.ts';

type Members = { readonly [key: string]: Json };
/** What was made of the objects on the way down to the current one; a cycle leads to one of them. */
type Above = unknown[];

/** The value that `json`, made by `serialise`, was made of. */
export function revive(json: Json): unknown {
  try {
    return visit(json, []);
  } catch {
    // Nested so deep that `serialise` cannot have made it.
    return json;
  }
}

function visit(json: Json, above: Above): unknown {
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return elements(json, above);
  const { $type } = json;
  if (typeof $type !== 'string') return plain(json, above);
  if ($type === 'undefined') return undefined;
  const depth = above.length;
  try {
    return MAKERS[$type]?.(json, above) ?? plain(json, above, false);
  } catch {
    // Cut, or not what `serialise` makes: said as it stands.
    above.length = depth;
    return plain(json, above, false);
  }
}

/** `made`, of which a cycle of one level is, after `fill`. */
function filled<T>(made: T, above: Above, fill: (made: T) => void): T {
  above.push(made);
  fill(made);
  above.pop();
  return made;
}

function put(target: object, key: PropertyKey, value: unknown, enumerable: boolean): void {
  Object.defineProperty(target, key, { value, enumerable, configurable: true, writable: true });
}

function elements(json: readonly Json[], above: Above): unknown[] {
  return filled<unknown[]>([], above, (out) => {
    for (const element of json) {
      const holes = holesOf(element);
      if (holes === undefined) out.push(visit(element, above));
      else out.length += holes;
    }
  });
}

function holesOf(json: Json): number | undefined {
  if (typeof json !== 'object' || json === null || Array.isArray(json) || json['$type'] !== 'hole') return undefined;
  const { count } = json;
  return typeof count === 'number' && count >= 0 && count < 2 ** 32 ? count : undefined;
}

/** An object of members. `ours`: what its `$class` says is said by `serialise`. */
function plain(json: Members, above: Above, ours = true): object {
  const of = ours ? json['$class'] : undefined;
  return filled(Object.create(of === null ? null : Object.prototype) as object, above, (out) => {
    addMembers(out, json, above, ours ? ['$class'] : []);
    if (typeof of === 'string') put(out, Symbol.toStringTag, of, false);
  });
}

function addMembers(out: object, json: Members, above: Above, except: readonly string[]): void {
  for (const [key, value] of Object.entries(json)) {
    if (!except.includes(key))
      put(out, key.startsWith('$$') && OWN_KEY.test(key) ? key.slice(1) : key, visit(value, above), true);
  }
}

/** What each `$type` is made into; undefined, or a throw, where that cannot be. */
const MAKERS: Record<string, (json: Members, above: Above) => unknown> = {
  __proto__: null as never,
  number: ({ value }) => Number(value),
  bigint: ({ value }) => bigint(String(value)),
  date: ({ value }) => new Date(value === 'invalid' ? Number.NaN : String(value)),
  regexp: ({ value, lastIndex }) => regexp(String(value), lastIndex),
  url: ({ value }) => new URL(String(value)),
  bytes,
  map: ({ entries }, above) =>
    filled(new Map<unknown, unknown>(), above, (map) => {
      for (const entry of entries as Json[]) {
        const made = visit(entry, above);
        // Anything else says that entries were cut.
        if (Array.isArray(made)) map.set(made[0], made[1]);
        else map.set(made, undefined);
      }
    }),
  set: ({ values }, above) =>
    filled(new Set<unknown>(), above, (set) => {
      for (const value of values as Json[]) set.add(visit(value, above));
    }),
  error: failure,
  circular: ({ up }, above) => above.at(-Number(up)),
};

function bigint(digits: string): bigint {
  return digits.startsWith('-0x') ? -BigInt(digits.slice(1)) : BigInt(digits);
}

function regexp(source: string, lastIndex: Json | undefined): RegExp {
  const end = source.lastIndexOf('/');
  const made = new RegExp(source.slice(1, end), source.slice(end + 1));
  if (typeof lastIndex === 'number') made.lastIndex = lastIndex;
  return made;
}

type ViewClass = new (buffer: ArrayBuffer) => ArrayBufferView;

function bytes({ of, length, b64, cut }: Members): unknown {
  if (cut !== undefined) return undefined;
  const data = Buffer.from(String(b64), 'base64');
  if (data.length !== length) return undefined;
  if (of === 'Buffer') return data;
  const shared = of === 'SharedArrayBuffer';
  const buffer = shared ? new SharedArrayBuffer(data.length) : new ArrayBuffer(data.length);
  new Uint8Array(buffer).set(data);
  if (shared || of === 'ArrayBuffer') return buffer;
  if (
    of !== 'DataView' &&
    !/^(?:Ui|I)nt(?:8|16|32)Array$|^Uint8ClampedArray$|^Float(?:16|32|64)Array$|^Big(?:Ui|I)nt64Array$/.test(String(of))
  )
    return undefined;
  const View = (globalThis as unknown as Record<string, ViewClass | undefined>)[String(of)];
  return View && new View(buffer as ArrayBuffer);
}

const ERRORS: Record<string, ErrorConstructor> = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
/** Members of an error that nobody lists. */
const HIDDEN = new Set(['stack', 'cause', 'errors']);

function failure(json: Members, above: Above): Error {
  const of = String(json['$class'] ?? json['name']);
  const message = String(json['message']);
  const error = of === 'AggregateError' ? new AggregateError([], message) : new (ERRORS[of] ?? Error)(message);
  if (error.name !== json['name']) put(error, 'name', json['name'], false);
  if (json['stack'] === undefined) put(error, 'stack', undefined, false);
  if (ERRORS[of] === undefined && of !== 'AggregateError' && of !== 'Error') put(error, Symbol.toStringTag, of, false);
  return filled(error, above, () => {
    for (const key of HIDDEN) if (json[key] !== undefined) put(error, key, visit(json[key], above), false);
    addMembers(error, json, above, ['$type', '$class', 'name', 'message', ...HIDDEN]);
  });
}
