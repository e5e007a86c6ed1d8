/** Replaces secrets in texts. One scrubber serves all recordings of a shared file: the same secret gets the same number everywhere, so that what is compared in a replay still compares. */
import { EMAIL_RULE, findSecrets, withoutOverlaps, type SecretRule } from '../core/secrets.ts';
import { looksRandom } from '../core/secret-assignments.ts';
import { jsonTexts, type JsonText } from './json-texts.ts';
import { HomePaths } from './home-paths.ts';

/** What is scrubbed beyond the built-in patterns. */
export interface ScrubRules {
  /** Patterns of the user's own. */
  also?: readonly RegExp[];
  /** E-mail addresses, too. */
  emails?: boolean;
}

/** A part of a text, in UTF-16 units, and what stands there afterwards. */
export interface Edit {
  start: number;
  end: number;
  text: string;
}

interface Found {
  kind: string;
  start: number;
  end: number;
}

/** A known secret is looked for without its surroundings when nobody would write it by chance. */
const KNOWN_UNITS_MIN = 10;
const KNOWN_MAX = 2000;
const PLACEHOLDER = /<redacted(?::[a-z-]+#\d+)?>/g;
/** Server-sent events, JSON lines, or a list of documents. Of one document, no two texts are pieces of one. */
const COMES_IN_PIECES = /^(?:data|event|id|retry|:)|^\s*\[|\}\r?\n\{/;
const IS_NAME = / name /;
/** Pieces of these are names, numbers and ids of the API, the same in every event. */
const NO_STREAM = /(?:\.|^)(?:type|id|object|model|role|event|system_fingerprint|service_tier|status|name)(?: |$)| name /;

export class Scrubber {
  /** How many places of each kind were replaced. */
  readonly counts: Record<string, number> = {};
  readonly homes = new HomePaths();
  readonly #more: readonly SecretRule[];
  readonly #also: readonly RegExp[];
  readonly #numbers = new Map<string, Map<string, number>>();
  /** Kind of each secret that was seen, by its text. */
  readonly #known = new Map<string, string>();

  constructor({ also = [], emails = false }: ScrubRules = {}) {
    this.#more = emails ? [EMAIL_RULE] : [];
    this.#also = also.map((pattern) => new RegExp(pattern.source, [...new Set(`${pattern.flags}g`)].join('')));
  }

  /** Remembers the secrets of a text: what has no form of its own is found elsewhere by what it is. */
  learn(text: string): void {
    for (const { kind, start, end } of this.#secrets(text)) this.#remember(kind, text.slice(start, end));
    for (const { kind, secret } of this.#split(text)) this.#remember(kind, secret);
  }

  scrub(text: string): string {
    return applied(text, this.edits(text));
  }

  /** What stands in the place of a text that is a secret as a whole. */
  replace(kind: string, secret: string): string {
    return secret === '' || secret.startsWith('<redacted') ? secret : this.#placeholder(kind, secret);
  }

  /** What has to be replaced, in the order of the text. */
  edits(text: string): Edit[] {
    const split = [...this.#split(text)];
    const pieces = split.flatMap(({ kind, secret, parts }) =>
      parts.map((part, index) => ({ ...part, piece: { kind, secret, index } })),
    );
    const single: Found[] = [...this.#secrets(text), ...this.#repeated(text), ...this.#asked(text), ...this.homes.find(text)];
    const found: (Found & { piece?: (typeof pieces)[number]['piece'] })[] = [
      ...pieces,
      ...single.map((one) => trimmed(text, one)),
    ];
    // Of a secret in pieces all pieces stay, or what is left of it would be a part of one.
    return withoutOverlaps(outside(text, found)).map(({ kind, start, end, piece }) => {
      if (piece && piece.index > 0) return { start, end, text: '' };
      if (kind !== 'home-path') return { start, end, text: this.#placeholder(kind, piece?.secret ?? text.slice(start, end)) };
      this.#count(kind);
      return { start, end, text: '~' };
    });
  }

  #secrets(text: string): Found[] {
    return findSecrets(text, this.#more);
  }

  /** Secrets that were seen elsewhere. */
  #repeated(text: string): Found[] {
    const found: Found[] = [];
    for (const [secret, kind] of this.#known)
      for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + secret.length))
        found.push({ kind, start: at, end: at + secret.length });
    // Of two that begin alike, the longer one: half a secret would be left of the other.
    return found.sort((a, b) => b.end - b.start - (a.end - a.start));
  }

  /** What the user's own patterns say; of JSON, only inside its texts, so that it stays JSON. */
  #asked(text: string): Found[] {
    const found: Found[] = [];
    if (this.#also.length === 0) return found;
    const texts = jsonTexts(text);
    const values = texts.filter(({ stream }) => !IS_NAME.test(stream));
    for (const pattern of this.#also)
      for (const { 0: match, index: start } of text.matchAll(pattern)) {
        const end = start + match.length;
        if (end > start && (texts.length === 0 || isInside(values, start, end))) found.push({ kind: 'custom', start, end });
      }
    return found;
  }

  /** Secrets that came in pieces: a streamed answer has a few letters in each of its events. */
  *#split(text: string): Generator<{ kind: string; secret: string; parts: Found[] }> {
    if (!COMES_IN_PIECES.test(text)) return;
    const streams = new Map<string, JsonText[]>();
    for (const one of jsonTexts(text)) {
      if (one.end === one.start || NO_STREAM.test(one.stream)) continue;
      const pieces = streams.get(one.stream);
      if (pieces) pieces.push(one);
      else streams.set(one.stream, [one]);
    }
    for (const pieces of streams.values()) {
      if (pieces.length < 2) continue;
      const joined = pieces.map(({ start, end }) => text.slice(start, end)).join('');
      const found = withoutOverlaps([...this.#secrets(joined), ...this.#repeated(joined)]);
      let [index, before] = [0, 0];
      for (const { kind, start, end } of found) {
        const parts: Found[] = [];
        const length = (at: number): number => pieces[at]!.end - pieces[at]!.start;
        while (before + length(index) <= start) before += length(index++);
        for (let [at, sum] = [index, before]; at < pieces.length && sum < end; sum += length(at++)) {
          const from = pieces[at]!.start - sum;
          parts.push({ kind, start: from + Math.max(start, sum), end: from + Math.min(end, sum + length(at)) });
        }
        if (parts.length > 1) yield { kind, secret: joined.slice(start, end), parts };
      }
    }
  }

  #remember(kind: string, secret: string): void {
    if (secret.length < KNOWN_UNITS_MIN || this.#known.size >= KNOWN_MAX || !looksRandom(secret, KNOWN_UNITS_MIN)) return;
    if (!this.#known.has(secret)) this.#known.set(secret, kind);
  }

  #placeholder(kind: string, secret: string): string {
    // Escaped or not, in one line or several: it is the same secret.
    const key = secret.replace(/\\+[nrt]|\s+/g, '');
    const known = this.#known.get(secret) ?? kind;
    this.#count(known);
    const numbers = this.#numbers.get(known) ?? new Map<string, number>();
    this.#numbers.set(known, numbers);
    const number = numbers.get(key) ?? numbers.size + 1;
    numbers.set(key, number);
    return `<redacted:${known}#${number}>`;
  }

  #count(kind: string): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
  }
}

/** The text with its edits, which are in order. */
export function applied(text: string, edits: readonly Edit[]): string {
  if (edits.length === 0) return text;
  const parts: string[] = [];
  let at = 0;
  for (const edit of edits) {
    parts.push(text.slice(at, edit.start), edit.text);
    at = edit.end;
  }
  return parts.join('') + text.slice(at);
}

/** Without the halves of escapes at its ends: what is around it has to stay JSON. */
function trimmed(text: string, { kind, start, end }: Found): Found {
  let from = start;
  let to = end;
  const slashes = slashesBefore(text, start);
  if (slashes % 2 === 1 && start < end) {
    if (/[nrtbf]/.test(text[start]!)) from += 1;
    else if (text[start] === 'u') from += 5;
    else from -= 1;
  }
  if (to > from && slashesBefore(text, to) % 2 === 1) to -= 1;
  return { kind, start: from, end: Math.max(from, to) };
}

function slashesBefore(text: string, at: number): number {
  let count = 0;
  while (text[at - count - 1] === '\\') count++;
  return count;
}

/** What does not touch what stands in the place of a secret already. */
function outside<T extends Found>(text: string, found: readonly T[]): T[] {
  if (found.length === 0) return [];
  const placed = [...text.matchAll(PLACEHOLDER)].map(({ 0: whole, index }) => ({ start: index, end: index + whole.length }));
  return found.filter(({ start, end }) => end > start && !placed.some((one) => one.start < end && start < one.end));
}

function isInside(texts: readonly { start: number; end: number }[], start: number, end: number): boolean {
  let [low, high] = [0, texts.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (texts[middle]!.end < end) low = middle + 1;
    else high = middle;
  }
  return low < texts.length && texts[low]!.start <= start;
}
