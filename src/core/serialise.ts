/**
 * Turns any value of the app into plain JSON data, for what a tool was given and what it returned. What JSON has no word for becomes an object with a `$type`;
 * what goes past a limit is replaced by `{ $type: 'cut', ... }`, so that a reader sees that, and where, something is missing. Never throws.
 */

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

interface Walk {
  limits: SerialiseLimits;
  left: number;
  /** The objects on the way down to the current one: only those make a cycle. */
  above: unknown[];
}

/** `value` as JSON data within `limits`. */
export function serialise(value: unknown, limits: SerialiseLimits = SERIALISE_LIMITS): Json {
  return visit(value, { limits, left: limits.size, above: [] });
}

const cut = (reason: string, of?: string): Json => ({ $type: 'cut', reason, ...(of === undefined ? {} : { of }) });

function visit(value: unknown, walk: Walk): Json {
  walk.left -= 4;
  switch (typeof value) {
    case 'string':
      return text(value, walk);
    case 'number':
      return Number.isFinite(value) ? value : { $type: 'number', value: String(value) };
    case 'boolean':
      return value;
    case 'bigint':
      return { $type: 'bigint', value: text(value.toString(), walk) };
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

function safeName(fn: unknown): string {
  try {
    return String((fn as { name?: unknown }).name ?? '');
  } catch {
    return '';
  }
}

function object(value: object, walk: Walk): Json {
  if (walk.left <= 0) return cut('size');
  if (walk.above.length >= walk.limits.depth) return cut('depth');
  const seen = walk.above.indexOf(value);
  if (seen >= 0) return { $type: 'circular', up: walk.above.length - seen };
  walk.above.push(value);
  try {
    return known(value, walk) ?? plain(value, walk);
  } catch (error) {
    // A getter, a proxy or a toJSON of the app threw.
    return { $type: 'unreadable', error: safeName((error as Error | undefined)?.constructor) };
  } finally {
    walk.above.pop();
  }
}

/** The built-in classes. Undefined: an object like any other. */
function known(value: object, walk: Walk): Json | undefined {
  if (Array.isArray(value)) return list(value, walk);
  if (value instanceof Date) return { $type: 'date', value: Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString() };
  if (value instanceof Map) {
    return { $type: 'map', entries: list(Iterator.from(value.entries()), walk, value.size) };
  }
  if (value instanceof Set) return { $type: 'set', values: list(Iterator.from(value.values()), walk, value.size) };
  if (value instanceof Error) return failure(value, walk);
  if (value instanceof RegExp) return { $type: 'regexp', value: text(String(value), walk) };
  if (value instanceof URL) return { $type: 'url', value: text(value.href, walk) };
  if (ArrayBuffer.isView(value))
    return bytes(value.constructor.name, Buffer.from(value.buffer, value.byteOffset, value.byteLength), walk);
  if (value instanceof ArrayBuffer) return bytes('ArrayBuffer', Buffer.from(value), walk);
  if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef) {
    return { $type: value.constructor.name };
  }
  return undefined;
}

function list(values: Iterable<unknown>, walk: Walk, size = (values as unknown[]).length): Json[] {
  const out: Json[] = [];
  for (const value of values) {
    if (out.length >= walk.limits.members || walk.left <= 0) {
      out.push(cut(walk.left <= 0 ? 'size' : 'members', `${size - out.length} more of ${size}`));
      break;
    }
    out.push(visit(value, walk));
  }
  return out;
}

function bytes(name: string, data: Buffer, walk: Walk): Json {
  const room = Math.max(0, Math.floor(walk.left / 4) * 3);
  const kept = data.length <= room ? data : data.subarray(0, room);
  const b64 = kept.toString('base64');
  walk.left -= b64.length;
  const whole = kept.length === data.length;
  return { $type: 'bytes', of: name, length: data.length, b64, ...(whole ? {} : { cut: data.length - kept.length }) };
}

function failure(error: Error, walk: Walk): Json {
  const out: { [key: string]: Json } = {
    $type: 'error',
    name: text(String(error.name), walk),
    message: text(String(error.message), walk),
  };
  if (typeof error.stack === 'string') out['stack'] = text(error.stack, walk);
  if ('cause' in error) out['cause'] = visit(error.cause, walk);
  if (error instanceof AggregateError) out['errors'] = visit(error.errors, walk);
  return { ...out, ...members(error, walk) };
}

function plain(value: object, walk: Walk): Json {
  const toJson = (value as { toJSON?: unknown }).toJSON;
  if (typeof toJson === 'function') {
    const said: unknown = toJson.call(value);
    if (said !== value) return visit(said, walk);
  }
  return members(value, walk);
}

function members(value: object, walk: Walk): { [key: string]: Json } {
  const out: { [key: string]: Json } = {};
  let count = 0;
  for (const key of Object.keys(value)) {
    if (count >= walk.limits.members || walk.left <= 0) {
      out['$cut'] = `${Object.keys(value).length - count} more members`;
      break;
    }
    count++;
    const member = memberOf(value, key);
    if (member === undefined) continue;
    walk.left -= key.length;
    // `__proto__` as a key of parsed JSON would set the prototype.
    Object.defineProperty(out, key, { value: visit(member, walk), enumerable: true, configurable: true, writable: true });
  }
  return out;
}

function memberOf(value: object, key: string): unknown {
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return cut('unreadable');
  }
}
