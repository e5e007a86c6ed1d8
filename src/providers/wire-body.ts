/** Reads a recorded answer: JSON, or a stream (server-sent events, JSON in lines, AWS's frames) folded to the body that a plain call returns. Not for the path of a call. */
import { createParser } from 'eventsource-parser';
import { awsChunks, isAwsEventStream } from './bedrock/aws-event-stream.ts';
import type { Assembler, Operation } from './contract.ts';
import { parseJson } from './fields.ts';

export interface DecodedBody {
  /** Undefined when nothing could be read. */
  body: unknown;
  /** Whether the answer is whole: for a stream, whether the provider closed it. */
  complete: boolean;
}

function isEventStream(text: string, contentType: string | undefined): boolean {
  if (contentType !== undefined && /event-stream/i.test(contentType)) return true;
  return /^\uFEFF?(?::|(?:data|event|id|retry):)/.test(text);
}

/** The chunks of a stream as an SDK would hand them out; what is no JSON is left out. */
function* chunks(text: string): Generator {
  const found: { data: string; event?: string | undefined }[] = [];
  const parser = createParser({ onEvent: (message) => found.push(message), maxBufferSize: Math.max(text.length, 1) });
  parser.feed(text);
  for (const { data } of found) {
    if (data === '[DONE]') yield data;
    else {
      const chunk = parseJson(data);
      if (chunk !== undefined) yield chunk;
    }
  }
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

const LINES_TYPE = /ndjson|jsonl|stream\+json/i;

/**
 * The chunks of a stream that has one JSON text a line. Servers also send such streams as `application/json`: then they are known by their first line, which is an
 * object of its own, as the first line of a pretty-printed body never is. Undefined where the text is no such stream.
 */
function jsonLines(text: string, contentType: string | undefined): unknown[] | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const saidSo = contentType !== undefined && LINES_TYPE.test(contentType);
  if (!saidSo && (lines.length < 2 || !isObject(parseJson(lines[0]!)))) return undefined;
  // A line that is no JSON is the one where the stream broke off.
  return lines.map(parseJson).filter((chunk) => chunk !== undefined);
}

const textOf = (given: string | Uint8Array): string =>
  typeof given === 'string' ? given : Buffer.from(given.buffer, given.byteOffset, given.byteLength).toString('utf8');

/** The body that `given` holds: a text, or the bytes of what is none. Never throws: what cannot be read is undefined and not complete. */
export function decodeBody(operation: Operation, given: string | Uint8Array, contentType: string | undefined): DecodedBody {
  try {
    const assembler = operation.assembler?.();
    const text = isAwsEventStream(contentType) ? null : textOf(given);
    if (text === null) return folded(assembler, awsChunks(typeof given === 'string' ? Buffer.from(given) : given));
    const events = isEventStream(text, contentType) ? chunks(text) : assembler && jsonLines(text, contentType);
    if (events === undefined) {
      const body = parseJson(text);
      return { body, complete: body !== undefined };
    }
    return folded(assembler, events);
  } catch {
    return { body: undefined, complete: false };
  }
}

function folded(assembler: Assembler | undefined, events: Iterable<unknown>): DecodedBody {
  if (assembler === undefined) return { body: undefined, complete: false };
  for (const chunk of events) assembler.push(chunk);
  return assembler.result();
}
