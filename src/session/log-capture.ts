/**
 * Puts what the program prints into the session that printed it, under the event that it was printed in, within a budget. Bytes become text by a decoder for each stream of each session: a
 * character that is cut in two by two writes is whole again, whatever another session printed in between.
 */
import { StringDecoder } from 'node:string_decoder';
import type { LogLine } from '../events/lines.ts';
import type { Recorder } from '../events/ports.ts';
import { watchOutput } from '../patch/output.ts';
import type { OutputStream } from '../patch/output.ts';
import { LiveEvent } from './live-event.ts';
import type { LiveSession } from './live-session.ts';
import { scopes, unrecorded } from './scope.ts';

export interface LogCapture {
  /** Whether anybody wants it: the patches are in place for as long as somebody does. What is kept of a session is its own affair. */
  use(wanted: boolean): void;
  /** Writes what a session still holds half of. To be called before its end line is written. */
  finish(session: LiveSession): void;
}

/** Text that one session keeps, in UTF-16 units, of which each piece costs PIECE_COST more than it has. */
const SESSION_CHARS_MAX = 5 * 1024 * 1024;
const PIECE_COST = 64;
/** Longer pieces are cut. */
const PIECE_CHARS_MAX = 64 * 1024;
/** As many bytes as can be the beginning of a character. */
const CHARACTER_BYTES = 4;

/** What is known of one session's output. */
interface Output {
  left: number;
  decoders: Partial<Record<OutputStream, StringDecoder>>;
}

/** Captures into the session of the running code, else into `implicit()`. */
export function createLogCapture(recorder: Recorder, implicit: () => LiveSession | null): LogCapture {
  const outputs = new WeakMap<LiveSession, Output>();
  let unwatch: (() => void) | null = null;

  const outputOf = (session: LiveSession): Output => {
    let output = outputs.get(session);
    if (output === undefined) outputs.set(session, (output = { left: SESSION_CHARS_MAX, decoders: {} }));
    return output;
  };
  const take = (stream: OutputStream, level: string | undefined, bytes: string | Uint8Array): void => {
    const { session, on } = placeNow(recorder, implicit);
    const kept = session?.captures ?? 'off';
    if (session === null || kept === 'off' || (kept === 'console' && level === undefined) || !session.begin()) return;
    const output = outputOf(session);
    if (output.left <= 0) return drop(session, 1, bytes.length);
    const { text, cut } = typeof bytes === 'string' ? cutText(bytes) : decode(output, stream, bytes);
    if (text === '') return;
    output.left -= text.length + PIECE_COST;
    if (cut > 0) drop(session, 0, cut);
    const line: Omit<LogLine, 's' | 't' | 'k'> = {
      ...(on === undefined ? undefined : { on }),
      stream,
      ...(level === undefined ? undefined : { level }),
      text,
    };
    session.log.print(line);
  };
  return {
    use(wanted) {
      if (wanted) unwatch ??= watchOutput(take);
      else if (unwatch !== null) {
        unwatch();
        unwatch = null;
      }
    },
    finish(session) {
      const output = outputs.get(session);
      for (const [stream, decoder] of Object.entries(output?.decoders ?? {})) {
        const text = decoder.end();
        if (text !== '') session.log.print({ stream: stream as OutputStream, text });
      }
    },
  };
}

/** The session and the event that the running code prints in; where nothing is recorded, neither. */
function placeNow(
  recorder: Recorder,
  implicit: () => LiveSession | null,
): { session: LiveSession | null; on: string | undefined } {
  const nowhere = { session: null, on: undefined };
  if (unrecorded.getStore() === true) return nowhere;
  const event = recorder.current();
  if (event instanceof LiveEvent && !event.session.ended) return { session: event.session, on: event.id };
  const scope = scopes.getStore()?.session;
  if (scope !== undefined && !scope.ended) return { session: scope, on: undefined };
  return { session: scope?.apart === undefined ? implicit() : scope.apart.implicit(), on: undefined };
}

function drop(session: LiveSession, pieces: number, chars: number): void {
  session.logsDropped ??= { pieces: 0, chars: 0 };
  session.logsDropped.pieces += pieces;
  session.logsDropped.chars += chars;
}

/** The text of bytes, without a character at its end that is not whole yet. Of many bytes only the first are looked at. */
function decode(output: Output, stream: OutputStream, bytes: Uint8Array): { text: string; cut: number } {
  const decoder = (output.decoders[stream] ??= new StringDecoder('utf8'));
  const head = decoder.write(buffer(bytes.subarray(0, PIECE_CHARS_MAX)));
  if (bytes.length <= PIECE_CHARS_MAX) return { text: head, cut: 0 };
  // What is left out may end inside of a character whose rest comes with the next write.
  decoder.end();
  decoder.write(buffer(bytes.subarray(-CHARACTER_BYTES)));
  return { text: head + cutMark(bytes.length - PIECE_CHARS_MAX, bytes.length, 'bytes'), cut: bytes.length - PIECE_CHARS_MAX };
}

function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function cutText(text: string): { text: string; cut: number } {
  const { length } = text;
  if (length <= PIECE_CHARS_MAX) return { text: wellFormed(text), cut: 0 };
  const cut = length - PIECE_CHARS_MAX;
  return { text: wellFormed(text.slice(0, PIECE_CHARS_MAX)) + cutMark(cut, length, 'characters'), cut };
}

/** Half of a surrogate pair is what the stream makes of it, too. */
function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.toWellFormed();
}

function cutMark(cut: number, length: number, what: string): string {
  return `… [cut: ${cut} of ${length} ${what}]`;
}
