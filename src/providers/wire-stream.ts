/** The framings of streams: server-sent events, JSON in lines, one JSON list, and AWS's frames. Read here into events, and written again. */
import { createParser } from 'eventsource-parser';
import type { WireEvent } from './answer-shape.ts';
import { awsEvents, awsFrame, isAwsEventStream } from './bedrock/aws-event-stream.ts';
import { parseJson } from './fields.ts';

export type Framing = 'sse' | 'lines' | 'array' | 'aws';

export interface WireStream {
  framing: Framing;
  /** Between the lines of server-sent events. */
  newline: string;
  events: WireEvent[];
}

function isEventStream(text: string, contentType: string | undefined): boolean {
  if (contentType !== undefined && /event-stream/i.test(contentType)) return true;
  return /^\uFEFF?(?::|(?:data|event|id|retry):)/.test(text);
}

const END_MARK = '[DONE]';

/** The JSON of an event's data. What marks the end is no JSON, and stands for itself. */
const jsonOf = (data: string): unknown => (data === END_MARK ? data : parseJson(data));

function sseEvents(text: string): WireEvent[] {
  const events: WireEvent[] = [];
  const parser = createParser({
    onEvent: ({ data, event, id }) => {
      events.push({
        ...(event !== undefined && { name: event }),
        ...(id !== undefined && { id }),
        json: jsonOf(data),
        data,
      });
    },
    onComment: (comment) => events.push({ json: undefined, comment }),
    maxBufferSize: Math.max(text.length, 1),
  });
  parser.feed(text);
  return events;
}

const LINES_TYPE = /ndjson|jsonl|stream\+json/i;
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

/**
 * The events of a stream that has one JSON text a line. Servers also send such streams as `application/json`: then they are known by their first line, which is an
 * object of its own, as the first line of a pretty-printed body never is. Undefined where the text is no such stream.
 */
function lineEvents(text: string, contentType: string | undefined): WireEvent[] | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const saidSo = contentType !== undefined && LINES_TYPE.test(contentType);
  if (!saidSo && (lines.length < 2 || !isObject(parseJson(lines[0]!)))) return undefined;
  // A line that is no JSON is the one where the stream broke off.
  return lines.map((data) => ({ json: parseJson(data), data })).filter(({ json }) => json !== undefined);
}

/** The events of a stream that is one list, as Gemini's is without `alt=sse`; it may have broken off behind one of them. */
function listEvents(text: string): WireEvent[] | undefined {
  if (!/^\s*\[\s*\{/.test(text)) return undefined;
  const list = parseJson(text) ?? parseJson(`${text.trimEnd().replace(/,$/, '')}]`);
  return Array.isArray(list) && list.every(isObject) ? list.map((json: unknown) => ({ json })) : undefined;
}

const textOf = (given: string | Uint8Array): string =>
  typeof given === 'string' ? given : Buffer.from(given.buffer, given.byteOffset, given.byteLength).toString('utf8');

export interface ReadAnswer {
  /** Undefined where the answer is no stream. */
  stream?: WireStream;
  /** The JSON of an answer that is no stream; undefined where it is none. */
  body?: unknown;
}

/** An answer as it came. `streams`: whether its API has streams that their content type does not tell. */
export function readAnswer(given: string | Uint8Array, contentType: string | undefined, streams: boolean): ReadAnswer {
  const stream = (framing: Framing, events: WireEvent[], newline = '\n'): ReadAnswer => ({
    stream: { framing, newline, events },
  });
  if (isAwsEventStream(contentType)) return stream('aws', awsEvents(typeof given === 'string' ? Buffer.from(given) : given));
  const text = textOf(given);
  if (isEventStream(text, contentType)) return stream('sse', sseEvents(text), /\r\n/.test(text) ? '\r\n' : '\n');
  const lines = streams ? lineEvents(text, contentType) : undefined;
  if (lines !== undefined) return stream('lines', lines);
  const list = streams ? listEvents(text) : undefined;
  return list === undefined ? { body: parseJson(text) } : stream('array', list);
}

/** The content type of a stream. */
export const STREAM_TYPES: Readonly<Record<Framing, string>> = {
  sse: 'text/event-stream; charset=utf-8',
  lines: 'application/x-ndjson',
  array: 'application/json; charset=UTF-8',
  aws: 'application/vnd.amazon.eventstream',
};

const prefixed = (prefix: string, text: string, newline: string): string =>
  text
    .split('\n')
    .map((line) => `${prefix}${line}${newline}`)
    .join('');

function sseText({ name, id, json, data, comment }: WireEvent, newline: string): string {
  if (comment !== undefined) return `: ${comment}${newline}${newline}`;
  const fieldsText = `${name === undefined ? '' : `event: ${name}${newline}`}${id === undefined ? '' : `id: ${id}${newline}`}`;
  return `${fieldsText}${prefixed('data: ', data ?? dataOf(json), newline)}${newline}`;
}

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
/** The mark of the end wherever it stands, which ends a stream for Cohere's SDK, and ends of lines that are none in JSON, but are to older SDKs. */
const MISREAD = /\[(?=DONE\])|[\u0085\u2028\u2029]/g;

/** The mark of the end is no JSON. In JSON, what an SDK would misread is written otherwise: it can only be in a text. */
const dataOf = (json: unknown): string => (typeof json === 'string' ? json : JSON.stringify(json).replaceAll(MISREAD, escaped));

/** The bytes of a stream, a piece for each event. */
export function writeStream({ framing, newline, events }: WireStream): Uint8Array[] {
  switch (framing) {
    case 'aws':
      return events.map(awsFrame);
    case 'sse':
      return events.map((event) => Buffer.from(sseText(event, newline)));
    case 'lines':
      return events.map(({ json, data }) => Buffer.from(`${data ?? JSON.stringify(json)}\n`));
    case 'array':
      return events.map(({ json }, index) => {
        const before = index === 0 ? '[' : ',\r\n';
        return Buffer.from(`${before}${JSON.stringify(json)}${index === events.length - 1 ? ']' : ''}`);
      });
  }
}
