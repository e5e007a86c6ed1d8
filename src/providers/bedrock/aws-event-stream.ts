/** A stream of Bedrock as events: each under its type, as AWS's SDK hands it out. */
import { readFrames, writeFrame } from '../../core/event-frames.ts';
import type { WireEvent } from '../answer-shape.ts';
import { bytesOf } from './bedrock-facts.ts';
import { fields, parseJson, text } from '../fields.ts';

const EVENT_STREAM = /^application\/vnd\.amazon\.eventstream\b/i;
/** The type of an event that holds what a model streams in its own dialect, as base64. */
const CHUNK = 'chunk';

/** Whether a body of this content type is frames. */
export function isAwsEventStream(contentType: string | undefined): boolean {
  return contentType !== undefined && EVENT_STREAM.test(contentType);
}

const utf8 = (bytes: Uint8Array): string => bytesOf(bytes)!.toString('utf8');

/** What is in one frame: of a `chunk` what the model said; everything else, errors too, under the name of its type. */
function eventOf(headers: Record<string, string>, data: string): WireEvent | undefined {
  const body = parseJson(data);
  const name = headers[':event-type'];
  const failure = headers[':exception-type'] ?? headers[':error-code'];
  if (failure !== undefined) {
    return { name: failure, json: headers[':error-code'] === undefined ? { [failure]: body } : { error: { type: failure } } };
  }
  if (name === undefined) return undefined;
  if (name !== CHUNK) return { name, json: { [name]: body }, data };
  return { name, json: parseJson(bytesOf(text(fields(body)['bytes']))?.toString('utf8') ?? ''), data };
}

/** The events in the frames of `bytes`. */
export function awsEvents(bytes: Uint8Array): WireEvent[] {
  return [...readFrames(bytes)].flatMap(({ headers, payload }) => eventOf(headers, utf8(payload)) ?? []);
}

/** The type of an event that is new: `inChunks`, what a model streams in its own dialect, else its only member, as in Converse. */
export const awsType = (json: unknown, inChunks: boolean): string => (inChunks ? CHUNK : (Object.keys(fields(json))[0] ?? CHUNK));

/** The frame of an event, whose name is its type. */
export function awsFrame({ name = CHUNK, json, data }: WireEvent): Uint8Array {
  const said = name === CHUNK ? { bytes: Buffer.from(JSON.stringify(json)).toString('base64') } : fields(json)[name];
  const headers = { ':event-type': name, ':content-type': 'application/json', ':message-type': 'event' };
  return writeFrame({ headers, payload: Buffer.from(data ?? JSON.stringify(said)) });
}
