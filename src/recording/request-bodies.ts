/**
 * Request bodies as differences to earlier ones (T8). Every turn of a conversation sends all turns before it again: its text is stored as "the head of
 * exchange n, the new part, the tail of exchange n", which is found by comparing memory, whatever the provider's JSON looks like.
 *
 * Bases always are the nearest body, and no body is stored whole in between to bound the length of a chain: whole bodies at any fixed distance would make
 * the recording grow as n squared again. Reading does not need the bound: `BodyReader` resolves a chain as ranges, in time linear to its length plus the text.
 * Measured with 1.1 KB of new messages a turn: 10, 100 and 1,000 turns take 2.05 to 2.07 KB a turn each, the call's event and frames included
 * (test/recording/growth.test.ts). The comparing itself costs about 0.2 us a KB of the body.
 */
import { isUtf8 } from 'node:buffer';
import type { Body } from '../events/lines.ts';
import type { AppendFile } from './append-file.ts';
import { BODY_BYTES_MAX, encodePieces, encodeText, INLINE_BYTES_MAX } from './bodies.ts';

/** Bodies that one session compares with: the conversations that it interleaves. */
const BASES_MAX = 8;
/** Texts beyond this are not kept to compare with. */
const BASE_UNITS_MAX = 4 * 1024 * 1024;
/** All sessions of the process together. The oldest text goes first. */
const KEPT_UNITS_MAX = 16 * 1024 * 1024;
/** A difference with more new text than this is stored whole, out of line. */
const MID_UNITS_MAX = 4 * 1024 * 1024;
/** Below this a difference saves nothing worth a second look at reading. */
const SAVED_UNITS_MIN = 128;

interface Base {
  owner: RequestBodies;
  x: number;
  text: string;
}

const kept = new Set<Base>();
let keptUnits = 0;

export class RequestBodies {
  readonly #bases = new Set<Base>();

  /** The body of exchange `x`, in relation to the bodies given before. */
  encode(x: number, body: string | Uint8Array, blobs: AppendFile): Body {
    if (typeof body !== 'string' && !isUtf8(body)) return encodePieces([body], body.byteLength, blobs);
    if (body.length > BODY_BYTES_MAX) return { omitted: `larger than ${BODY_BYTES_MAX} bytes` };
    // A lone surrogate goes over the wire as U+FFFD.
    const text =
      typeof body === 'string' ? body.toWellFormed() : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
    const base = this.#nearest(text);
    const difference = base && compare(base, text);
    const encoded = difference ?? encodeText(text, blobs);
    // A body that says all that its base says, and more, takes its place.
    if (base && difference && difference.head + difference.tail >= base.text.length * 0.9) forget(base);
    if (!(typeof encoded === 'object' && 'omitted' in encoded)) this.#remember(x, text);
    return encoded;
  }

  /** Lets go of all texts. */
  clear(): void {
    for (const base of this.#bases) forget(base);
  }

  drop(base: Base): void {
    this.#bases.delete(base);
  }

  /** The base with the longest common head; of equal ones the newest. */
  #nearest(text: string): Base | undefined {
    let nearest: Base | undefined;
    let longest = -1;
    for (const base of this.#bases) {
      const head = commonHead(base.text, text);
      if (head < longest) continue;
      nearest = base;
      longest = head;
    }
    return nearest;
  }

  #remember(x: number, text: string): void {
    if (text.length < SAVED_UNITS_MIN || text.length > BASE_UNITS_MAX) return;
    const base: Base = { owner: this, x, text };
    this.#bases.add(base);
    kept.add(base);
    keptUnits += text.length;
    if (this.#bases.size > BASES_MAX) forget(first(this.#bases));
    while (keptUnits > KEPT_UNITS_MAX) forget(first(kept));
  }
}

function forget(base: Base): void {
  if (!kept.delete(base)) return;
  keptUnits -= base.text.length;
  base.owner.drop(base);
}

const first = (bases: Set<Base>): Base => bases.values().next().value!;

/** `text` as a difference to `base`, or undefined when too little of it is known already. */
function compare(base: Base, text: string): { base: number; head: number; tail: number; mid: string } | undefined {
  let head = commonHead(base.text, text);
  let tail = commonTail(base.text, text, Math.min(base.text.length, text.length) - head);
  // A cut inside a surrogate pair would leave halves, which UTF-8 cannot hold.
  if (isHighSurrogate(text, head - 1)) head--;
  if (isLowSurrogate(text, text.length - tail)) tail--;
  const saved = head + tail;
  const fresh = text.length - saved;
  // At least half known, or little to say: so what is written for a body is at most twice what is new in it.
  if (saved < SAVED_UNITS_MIN || fresh > MID_UNITS_MAX || (saved < text.length / 2 && fresh > INLINE_BYTES_MAX)) return undefined;
  return { base: base.x, head, tail, mid: text.slice(head, text.length - tail) };
}

/** Length of the common head: blocks of growing size are compared as memory, the one that differs is halved down to the unit. */
function commonHead(a: string, b: string): number {
  const limit = Math.min(a.length, b.length);
  let at = 0;
  let size = 64;
  while (at < limit) {
    const to = Math.min(at + size, limit);
    if (a.slice(at, to) !== b.slice(at, to))
      return at + narrow(to - at, (count) => a.slice(at, at + count) === b.slice(at, at + count));
    at = to;
    size *= 2;
  }
  return limit;
}

/** Length of the common tail, at most `limit`. */
function commonTail(a: string, b: string, limit: number): number {
  const same = (from: number, to: number): boolean =>
    a.slice(a.length - to, a.length - from) === b.slice(b.length - to, b.length - from);
  let at = 0;
  let size = 64;
  while (at < limit) {
    const to = Math.min(at + size, limit);
    if (!same(at, to)) return at + narrow(to - at, (count) => same(at, at + count));
    at = to;
    size *= 2;
  }
  return limit;
}

/** The largest count below `differing` for which `same` holds; it holds for 0. */
function narrow(differing: number, same: (count: number) => boolean): number {
  let low = 0;
  let high = differing;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (same(middle)) low = middle;
    else high = middle;
  }
  return low;
}

const isHighSurrogate = (text: string, at: number): boolean => at >= 0 && (text.charCodeAt(at) & 0xfc00) === 0xd800;
const isLowSurrogate = (text: string, at: number): boolean => at < text.length && (text.charCodeAt(at) & 0xfc00) === 0xdc00;
