/**
 * Turns any value of the app into plain JSON data, for what a tool was given and what it returned. What JSON has no word for becomes an object with a `$type`, and
 * core/revive.ts makes the value again; what goes past a limit is replaced by `{ $type: 'cut', ... }`, so that a reader sees that, and where, something is missing. Never throws.
 */
import { types } from 'node:util';

/** What JSON can say. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Bounds of one serialised value. */
export interface SerialiseLimits {
  /** Levels of nesting. */
  depth: number;
  /** Characters and values of the whole, counted roughly as JSON. */
  size: number;
  /** Members or elements of one object. */
  members: number;
}

export const SERIALISE_LIMITS: SerialiseLimits = { depth: 24, size: 1_048_576, members: 10_000 };

/** Keys that say something of ours in an object. A key of the app's that looks like one gets a `$` more. */
export const OWN_KEY = /^\$+(?:type|class|cut)$/;

interface Walk {
  limits: SerialiseLimits;
  left: number;
  /** The objects on the way down to the current one: only those make a cycle. */
  above: unknown[];
  /** Classes and undefined members are said as well. */
  exact: boolean;
}

/** What came out of here: given again, it is taken as it is, and not as the app's own data. */
const made = new WeakSet<object>();

/** `value` as JSON data within `limits`. What came from here is given back. */
export function serialise(value: unknown, limits: SerialiseLimits = SERIALISE_LIMITS): Json {
  return whole(value, limits, true);
}

/** The body of a request or an answer as JSON data: as `serialise`, but without classes and undefined members, which the wire knows nothing of. */
export function serialiseBody(value: unknown): Json {
  return whole(value, SERIALISE_LIMITS, false);
}

function whole(value: unknown, limits: SerialiseLimits, exact: boolean): Json {
  let json: Json;
  try {
    json = visit(value, { limits, left: limits.size, above: [], exact });
  } catch (error) {
    // Near the end of the stack, even the functions here may throw.
    json = unreadable(error);
  }
  if (typeof json === 'object' && json !== null) made.add(json);
  return json;
}

const cut = (reason: string, of?: string): Json => ({ $type: 'cut', reason, ...(of === undefined ? {} : { of }) });

/** A getter, a proxy or a toJSON of the app threw `error`. */
const unreadable = (error: unknown): Json => ({ $type: 'unreadable', error: classOf(error) ?? '' });

function visit(value: unknown, walk: Walk): Json {
  walk.left -= 4;
  switch (typeof value) {
    case 'string':
      return text(value, walk);
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $type: 'number', value: Object.is(value, -0) ? '-0' : String(value) };
    case 'boolean':
      return value;
    case 'bigint':
      return { $type: 'bigint', value: text(digits(value), walk) };
    case 'undefined':
      return { $type: 'undefined' };
    case 'symbol':
      return { $type: 'symbol', value: text(value.toString(), walk) };
    case 'function':
      return { $type: 'function', name: text(safeName(value), walk) };
    default:
      return value === null ? null : object(value as object, walk);
  }
}

function text(value: string, walk: Walk): string {
  const room = Math.max(0, walk.left);
  walk.left -= value.length;
  if (value.length <= room) return value.isWellFormed() ? value : value.toWellFormed();
  return `${value.slice(0, room).toWellFormed()}… [cut: ${value.length - room} of ${value.length} characters]`;
}

const DECIMAL_MAX = 2n ** 4096n;

/** Decimal digits; of a huge number hexadecimal ones, because its decimal ones take time that grows with the square of their count. */
function digits(value: bigint): string {
  if (value < DECIMAL_MAX && value > -DECIMAL_MAX) return value.toString();
  return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

const NAME_CHARS_MAX = 200;

function safeName(fn: unknown): string {
  try {
    return String((fn as { name?: unknown }).name ?? '').slice(0, NAME_CHARS_MAX);
  } catch {
    return '';
  }
}

/** Name of the class that `value` is an instance of; undefined where it says none. */
function classOf(value: unknown): string | undefined {
  try {
    return safeName((value as object).constructor) || undefined;
  } catch {
    return undefined;
  }
}

function object(value: object, walk: Walk): Json {
  if (walk.left <= 0) return cut('size');
  if (made.has(value)) return value as Json;
  if (walk.above.length >= walk.limits.depth) return cut('depth');
  const seen = walk.above.indexOf(value);
  if (seen >= 0) return { $type: 'circular', up: walk.above.length - seen };
  walk.above.push(value);
  try {
    return known(value, walk) ?? plain(value, walk);
  } catch (error) {
    return unreadable(error);
  } finally {
    walk.above.pop();
  }
}

/** The built-in classes. Undefined: an object like any other. */
function known(value: object, walk: Walk): Json | undefined {
  if (Array.isArray(value)) return elements(value, walk);
  if (types.isDate(value)) {
    const ms = Date.prototype.getTime.call(value);
    return { $type: 'date', value: Number.isNaN(ms) ? 'invalid' : new Date(ms).toISOString() };
  }
  if (types.isMap(value)) return { $type: 'map', entries: list(Map.prototype.entries.call(value), walk, value.size) };
  if (types.isSet(value)) return { $type: 'set', values: list(Set.prototype.values.call(value), walk, value.size) };
  if (value instanceof Error || types.isNativeError(value)) return failure(value, walk);
  if (types.isRegExp(value)) {
    const { lastIndex } = value;
    return {
      $type: 'regexp',
      value: text(String(value), walk),
      ...(lastIndex === 0 ? {} : { lastIndex: visit(lastIndex, walk) }),
    };
  }
  if (value instanceof URL) return { $type: 'url', value: text(value.href, walk) };
  if (ArrayBuffer.isView(value))
    return bytes(viewName(value as NodeJS.ArrayBufferView), Buffer.from(value.buffer, value.byteOffset, value.byteLength), walk);
  if (types.isAnyArrayBuffer(value))
    return bytes(types.isArrayBuffer(value) ? 'ArrayBuffer' : 'SharedArrayBuffer', Buffer.from(value), walk);
  if (types.isBoxedPrimitive(value)) return visit(value.valueOf(), walk);
  if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef) {
    return { $type: classOf(value) ?? 'Promise' };
  }
  return undefined;
}

/** `Buffer`, `DataView`, `Float64Array`, ...: of a subclass, what it is a subclass of. */
function viewName(value: NodeJS.ArrayBufferView): string {
  if (Buffer.isBuffer(value)) return 'Buffer';
  return types.isDataView(value) ? 'DataView' : value[Symbol.toStringTag];
}

function list(values: Iterable<unknown>, walk: Walk, size: number): Json[] {
  const out: Json[] = [];
  for (const value of values) {
    if (isFull(out, walk)) {
      out.push(rest(walk, size - out.length, size));
      break;
    }
    out.push(visit(value, walk));
  }
  return out;
}

const isFull = (out: Json[], walk: Walk): boolean => out.length >= walk.limits.members || walk.left <= 0;
const rest = (walk: Walk, more: number, size: number): Json =>
  cut(walk.left <= 0 ? 'size' : 'members', `${more} more of ${size}`);

/** The elements of an array; a row of empty places is one `{ $type: 'hole', count }`, however long. */
function elements(array: readonly unknown[], walk: Walk): Json[] {
  const out: Json[] = [];
  /** Places that are taken, once a hole was met. */
  let taken: number[] | undefined;
  let at = 0;
  while (at < array.length) {
    if (isFull(out, walk)) {
      out.push(rest(walk, array.length - at, array.length));
      break;
    }
    const value = elementOf(array, at);
    if (value === undefined && !Object.hasOwn(array, at)) {
      const from = at;
      taken ??= Object.keys(array).map(Number).filter(Number.isInteger).reverse();
      while ((taken.at(-1) ?? array.length) < from) taken.pop();
      at = taken.at(-1) ?? array.length;
      walk.left -= 4;
      out.push({ $type: 'hole', count: at - from });
    } else {
      out.push(visit(value, walk));
      at++;
    }
  }
  return out;
}

function elementOf(array: readonly unknown[], at: number): unknown {
  try {
    return array[at];
  } catch {
    return MADE_UNREADABLE;
  }
}

function bytes(name: string, data: Buffer, walk: Walk): Json {
  const room = Math.max(0, Math.floor(walk.left / 4) * 3);
  const kept = data.length <= room ? data : data.subarray(0, room);
  const b64 = kept.toString('base64');
  walk.left -= b64.length;
  const whole = kept.length === data.length;
  return { $type: 'bytes', of: name, length: data.length, b64, ...(whole ? {} : { cut: data.length - kept.length }) };
}

/** Its `$class` is said where its name is not that of its class. */
function failure(error: Error, walk: Walk): Json {
  const name = String(error.name);
  const out: { [key: string]: Json } = { $type: 'error', name: text(name, walk), message: text(String(error.message), walk) };
  const of = classOf(error);
  if (of !== undefined && of !== name) out['$class'] = text(of, walk);
  if (typeof error.stack === 'string') out['stack'] = text(error.stack, walk);
  if ('cause' in error) out['cause'] = visit(error.cause, walk);
  if (error instanceof AggregateError) out['errors'] = visit(error.errors, walk);
  return addMembers(out, error, walk);
}

function plain(value: object, walk: Walk): Json {
  const toJson = (value as { toJSON?: unknown }).toJSON;
  if (typeof toJson === 'function') {
    const said: unknown = toJson.call(value);
    if (typeof said !== 'object' || said === null) return visit(said, walk);
    // In its place, and no level further down. JSON asks what was said for no toJSON either.
    if (said !== value) return made.has(said) ? (said as Json) : (known(said, walk) ?? described(said, walk));
  }
  return described(value, walk);
}

/** The members of an object, after the name of its class, or null where it has no prototype. */
function described(value: object, walk: Walk): Json {
  const out: { [key: string]: Json } = {};
  if (walk.exact) {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === null) out['$class'] = null;
    else if (prototype !== Object.prototype) {
      const of = classOf(value);
      // Of a plain object of another realm, too, the class is `Object`.
      if (of !== undefined && of !== 'Object') out['$class'] = text(of, walk);
    }
  }
  return addMembers(out, value, walk);
}

function addMembers(out: { [key: string]: Json }, value: object, walk: Walk): Json {
  let count = 0;
  const keys = Object.keys(value);
  for (const key of keys) {
    if (count >= walk.limits.members || walk.left <= key.length) {
      out['$cut'] = `${keys.length - count} more members`;
      break;
    }
    count++;
    const member = memberOf(value, key);
    if (member === undefined && !walk.exact) continue;
    walk.left -= key.length;
    const name = key.charCodeAt(0) === 36 && OWN_KEY.test(key) ? `$${key}` : key;
    // `__proto__` as a key of parsed JSON would set the prototype.
    Object.defineProperty(out, name, { value: visit(member, walk), enumerable: true, configurable: true, writable: true });
  }
  return out;
}

/** Stands for what could not be read. */
const MADE_UNREADABLE = cut('unreadable') as object;
made.add(MADE_UNREADABLE);

function memberOf(value: object, key: string): unknown {
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return MADE_UNREADABLE;
  }
}
