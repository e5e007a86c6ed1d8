/**
 * A recording that was made in another folder, or whose secrets were taken out: what this program asks, opens, and puts into what it has opened is put as the recording would have it, so that it is
 * found there. Paths of here become those of there; where something was taken out, whatever stands there now is what stood there then.
 */
import { isUtf8 } from 'node:buffer';
import { homedir } from 'node:os';
import { redactUrl } from '../core/credentials.ts';
import type { EnvLine } from '../events/lines.ts';
import type { Asking } from './matcher.ts';
import { HOME, moveOf, movePaths } from './moved-paths.ts';
import type { Move } from './moved-paths.ts';
import type { Opening } from './channels.ts';
import type { Source, SourceChannel, SourceRequest } from './source.ts';

/** What stands in the place of a secret (recording/scrub-text.ts). */
const TAKEN_OUT = /<redacted:[a-z-]+#\d+>/;
const ALL_TAKEN_OUT = new RegExp(TAKEN_OUT, 'g');
const ORIGIN = /^[a-z]+:\/\/[^/?#]*/;

/** A recorded request from which something was taken out. */
interface Gapped {
  request: SourceRequest;
  path: string;
  body: string;
}

export class Elsewhere {
  readonly #moves: readonly Move[];
  readonly #gapped: readonly Gapped[];
  readonly #isScrubbed: boolean;

  constructor({ recordings, requests }: Source, cwd = process.cwd(), home = homedir()) {
    const header = recordings[0]?.header;
    const move = moveOf(header?.cwd, cwd);
    this.#isScrubbed = header?.scrubbed === true;
    this.#moves = [
      ...(move === null ? [] : [{ from: move.to, to: move.from }]),
      ...(this.#isScrubbed ? [{ from: home, to: HOME }] : []),
    ];
    this.#gapped = this.#isScrubbed ? requests.flatMap(gappedOf) : [];
  }

  /** The request as the recording would have it. */
  asRecorded<A extends Asking>(asking: A): A {
    const moved = this.#moved(asking);
    if (this.#gapped.length === 0) return moved;
    const path = pathOf(moved.url);
    const body = textOf(moved.body);
    if (body === undefined) return moved;
    const isHere = ({ request }: Gapped): boolean => request.lin === asking.lin && request.lo === asking.lo;
    const fits = (one: Gapped): boolean =>
      one.request.exchange.method === asking.method && fitsText(one.path, path) && fitsBody(one.body, body);
    const found = this.#gapped.find((one) => isHere(one) && fits(one)) ?? this.#gapped.find(fits);
    return found === undefined ? moved : { ...moved, url: found.request.exchange.url, body: found.body };
  }

  /** What is opened as the recording would have it; `left` are channels that nobody has opened, the likeliest first. */
  openingAsRecorded(opening: Opening, left: readonly SourceChannel[]): Opening {
    if (!this.isElsewhere) return opening;
    const what = inTexts(opening.what, (text) => this.#move(text));
    const isGapped = ({ line }: SourceChannel): boolean =>
      line.kind === opening.kind && TAKEN_OUT.test(JSON.stringify(line.what));
    const found = this.#isScrubbed ? left.find((one) => isGapped(one) && fitsValue(one.line.what, what)) : undefined;
    return { ...opening, what: found?.line.what ?? what };
  }

  /** Whether anything is put otherwise here than it was. */
  get isElsewhere(): boolean {
    return this.#moves.length > 0;
  }

  /** Whether a message, or a line, is the recorded one but for that. */
  readonly fits = (recorded: string, put: string): boolean => {
    const moved = this.#move(put);
    return moved === recorded || (this.#isScrubbed && fitsBody(recorded, moved));
  };

  /** Variables as they are to be here: with the paths of here, and without what was taken out where this machine has its own. */
  environment(lines: readonly EnvLine[], env: NodeJS.ProcessEnv = process.env): EnvLine[] {
    if (this.#moves.length === 0) return [...lines];
    const back = this.#moves.map(({ from, to }) => ({ from: to, to: from }));
    const here = ([name, value]: [string, string | null]): [string, string | null] => {
      if (value === null) return [name, value];
      if (TAKEN_OUT.test(value)) return [name, env[name] ?? value];
      return [name, back.reduce(movePaths, value)];
    };
    return lines.map((line) => ({ ...line, v: Object.fromEntries(Object.entries(line.v).map(here)) }));
  }

  #move(text: string): string {
    return this.#moves.reduce(movePaths, text);
  }

  #moved<A extends Asking>(asking: A): A {
    const body = textOf(asking.body);
    const moved = body === undefined ? undefined : this.#move(body);
    const [origin = ''] = ORIGIN.exec(asking.url) ?? [];
    const url = origin + this.#move(asking.url.slice(origin.length));
    return { ...asking, url, ...(moved !== undefined && moved !== body && { body: moved }) };
  }
}

/** The same value, with `change` made of each text in it. */
function inTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((each) => inTexts(each, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, inTexts(each, change)]));
}

/** Undefined: no text. */
function textOf(body: string | Uint8Array | undefined): string | undefined {
  if (body === undefined) return '';
  if (typeof body === 'string') return body;
  return isUtf8(body) ? Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString() : undefined;
}

const pathOf = (url: string): string => redactUrl(url).replace(ORIGIN, '');

function gappedOf(request: SourceRequest): Gapped[] {
  const body = textOf(request.exchange.requestBody());
  const path = pathOf(request.exchange.url);
  return body !== undefined && (TAKEN_OUT.test(body) || TAKEN_OUT.test(path)) ? [{ request, path, body }] : [];
}

function fitsBody(recorded: string, asked: string): boolean {
  let values: [unknown, unknown];
  try {
    values = [JSON.parse(recorded), JSON.parse(asked)];
  } catch {
    return fitsText(recorded, asked);
  }
  return fitsValue(...values);
}

function fitsValue(recorded: unknown, asked: unknown): boolean {
  if (typeof recorded === 'string') return typeof asked === 'string' && fitsText(recorded, asked);
  if (typeof recorded !== 'object' || recorded === null) return recorded === asked;
  if (typeof asked !== 'object' || asked === null || Array.isArray(recorded) !== Array.isArray(asked)) return false;
  const members = Object.entries(recorded);
  return (
    members.length === Object.keys(asked).length &&
    members.every(([name, value]) => Object.hasOwn(asked, name) && fitsValue(value, (asked as Record<string, unknown>)[name]))
  );
}

/** Whether a text is the recorded one, with something in each place where something was taken out. The first place that fits is as good as any: what is between two gaps is fixed. */
function fitsText(recorded: string, asked: string): boolean {
  const [head = '', ...rest] = recorded.split(ALL_TAKEN_OUT);
  const tail = rest.pop();
  if (tail === undefined) return recorded === asked;
  if (!asked.startsWith(head)) return false;
  let at = head.length;
  for (const part of rest) {
    const found = asked.indexOf(part, at + 1);
    if (found < 0) return false;
    at = found + part.length;
  }
  return asked.length - tail.length > at && asked.endsWith(tail);
}
