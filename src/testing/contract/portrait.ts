/** What an app can find out about a value, as plain data: two values with one portrait are the same to it. */
import { Readable } from 'node:stream';

/** Deeper than this, objects are told by their class only. */
const DEPTH_MAX = 12;

interface Sitting {
  seen: Map<object, number>;
  volatile: ReadonlySet<string>;
}

/** What Node 22 itself hangs on promises where an async scope is in use, by the names of the symbols. */
const OF_NODE = new Set(['async_id_symbol', 'trigger_async_id_symbol', 'kResourceStore']);

/** The portrait of `value` with all its own members, listed or not, and those of what it holds. Members named in `volatile` are there, whatever they say. */
export function portraitOf(value: unknown, volatile: readonly string[] = []): unknown {
  return paint(value, 0, { seen: new Map(), volatile: new Set(volatile) });
}

/** How an object presents itself without its members being asked: its class, what a listing and a copy of it hold, and of which type that is. */
export function looksOf(value: any): unknown {
  if (typeof value !== 'object' || value === null) return typeof value;
  const inherited: string[] = [];
  // In no order: a member of its own over an inherited one comes first, and no app can rely on where platform classes list theirs.
  for (const key in value) inherited.push(key);
  inherited.sort();
  return {
    classes: classesOf(value),
    tag: Object.prototype.toString.call(value),
    keys: Object.keys(value).map((key) => `${key}: ${typeof value[key]}`),
    inherited,
    symbols: Object.getOwnPropertySymbols(value)
      .filter((key) => Object.getOwnPropertyDescriptor(value, key)!.enumerable && !OF_NODE.has(key.description ?? ''))
      .map(String),
    spread: Object.keys({ ...value }),
  };
}

function classesOf(value: object): string[] {
  const classes: string[] = [];
  for (let at: any = Object.getPrototypeOf(value); at !== null; at = Object.getPrototypeOf(at)) {
    const own = Object.hasOwn(at, 'constructor') ? at.constructor?.name : undefined;
    classes.push(typeof own === 'string' ? own : 'none');
  }
  return classes;
}

function paint(value: any, depth: number, sitting: Sitting): unknown {
  if (typeof value === 'function') return `function ${value.name}/${value.length}`;
  if (typeof value === 'symbol' || typeof value === 'bigint') return `${typeof value} ${String(value)}`;
  if (typeof value !== 'object' || value === null) return value;
  const known = sitting.seen.get(value);
  if (known !== undefined) return `object ${known} again`;
  sitting.seen.set(value, sitting.seen.size);
  const classes = classesOf(value);
  const inside = insideOf(value);
  if (inside !== null) return { classes, ...(paint(inside, depth + 1, sitting) as { own: object }).own };
  if (depth >= DEPTH_MAX) return { classes };
  return { classes, frozen: Object.isFrozen(value), own: membersOf(value, depth, sitting) };
}

/** What counts of objects of the platform, whose own members are private or know of sockets and of time. Null for every other object. */
function insideOf(value: any): object | null {
  if (value instanceof Headers) return { headers: [...value] };
  if (value instanceof Response) {
    const { status, url, headers, bodyUsed } = value;
    return { status, url, headers, bodyUsed };
  }
  if (value instanceof Request) {
    const { method, url, headers } = value;
    return { method, url, headers };
  }
  if (value instanceof AbortSignal) return { aborted: value.aborted };
  if (value instanceof Date) return { time: value.getTime() };
  if (value instanceof Map) return { entries: [...value] };
  if (value instanceof Set) return { members: [...value] };
  if (ArrayBuffer.isView(value)) {
    return { hex: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex') };
  }
  if (value instanceof ReadableStream || value instanceof Readable || value instanceof Promise) return {};
  return null;
}

function membersOf(value: object, depth: number, sitting: Sitting): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  for (const key of Reflect.ownKeys(value)) {
    // Where an error was thrown is no part of it.
    if (key === 'stack' && value instanceof Error) continue;
    const { value: held, get, ...flags } = Object.getOwnPropertyDescriptor(value, key) ?? {};
    const kind = `${flags.enumerable ? '' : ' hidden'}${flags.writable === false ? ' fixed' : ''}${get ? ' accessor' : ''}`;
    const name = `${String(key)}${kind}`;
    members[name] = sitting.volatile.has(String(key)) ? typeof held : get ? 'get' : paint(held, depth + 1, sitting);
  }
  return members;
}
