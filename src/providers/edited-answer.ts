/**
 * The answer to a model call, made to say something else, in the shape that the caller asked for. All that is not edited stays as it was recorded: ids, the model, the tokens, which are those
 * of the real call, and headers. What said where in the old text something stands, or how probable it was, goes.
 */
import type { EditedCompletion } from '../events/edits.ts';
import { unpacked } from '../core/content-encoding.ts';
import { crc32c } from '../core/crc32c.ts';
import { CannotSay, type AnswerShape, type Edit, type Origin, type WireEvent } from './answer-shape.ts';
import { asksForStream, shapeOf, type AskedApi } from './answer-shapes.ts';
import { awsType } from './bedrock/aws-event-stream.ts';
import { sameCall } from './edited-parts.ts';
import { fields, parseJson, present, text, type Fields } from './fields.ts';
import { decodeBody } from './wire-body.ts';
import { readAnswer, STREAM_TYPES, writeStream, type Framing, type WireStream } from './wire-stream.ts';

/** What went over the wire in the last attempt of a call. */
export interface CallOnWire extends AskedApi {
  provider: string;
  request: {
    method: string;
    url: string;
    headers: readonly (readonly [string, string])[];
    body: Uint8Array | string | undefined;
  };
  /** Undefined where no answer came. `cuts`: lengths of its pieces, which an edited stream does not keep: it comes an event a piece. */
  recorded:
    | { status: number; headers: readonly (readonly [string, string])[]; body: Uint8Array; cuts?: readonly number[] }
    | undefined;
}

export interface EditedAnswer {
  status: number;
  headers: [string, string][];
  /** The body; an event each, of a stream. */
  pieces: Uint8Array[];
}

const EDITABLE =
  'what can be edited are answers of chat, of text completion and of generated content; of this call, its request can be';

type Headers = readonly (readonly [string, string])[];

const headerIn = (headers: Headers, name: string): string | undefined => headers.find(([key]) => key.toLowerCase() === name)?.[1];

/** The recorded answer as its API means it. */
interface Recorded {
  bytes: Uint8Array;
  headers: Headers;
  stream: WireStream | undefined;
  body: Fields;
  /** It came to its end, and is no error. */
  isWhole: boolean;
  completion: EditedCompletion;
  id?: string;
  model?: string;
}

function readRecorded({ recorded }: CallOnWire, shape: AnswerShape): Recorded | undefined {
  if (recorded === undefined) return undefined;
  const { headers, status } = recorded;
  const bytes = unpacked(recorded.body, headerIn(headers, 'content-encoding'));
  const contentType = headerIn(headers, 'content-type');
  const { operation } = shape;
  const { stream, body: json } = readAnswer(bytes, contentType, shape.events !== undefined);
  const { body, complete } = decodeBody(operation, bytes, contentType);
  const { response, error } = operation.response(body);
  const isOk = status >= 200 && status < 300 && typeof (stream ?? json) === 'object';
  return {
    bytes,
    headers,
    stream,
    body: fields(json),
    isWhole: isOk && complete && error === undefined,
    completion: completionIn(shape, body),
    ...present({ id: text(response.id), model: text(response.model) }),
  };
}

function completionIn({ operation }: AnswerShape, body: unknown): EditedCompletion {
  const [message] = operation.output(body);
  if (message === undefined) return {};
  const said = message.parts.filter(({ type }) => type === 'text').map(({ content }) => content);
  const toolCalls = message.parts
    .filter(({ type }) => type === 'tool_call')
    .map(({ name = '', arguments: given, id }) => ({ name, arguments: given ?? {}, ...present({ id: text(id) }) }));
  const content = said.join('');
  return {
    ...((content !== '' || toolCalls.length === 0) && { text: content }),
    ...(toolCalls.length > 0 && { toolCalls }),
    finishReason: message.finish_reason,
  };
}

/** What the recorded answer said, as an edit has it: the arguments of calls as values, and how it ended in the conventions' word. Undefined where there is none that could be edited. */
export function completionOf(call: CallOnWire): EditedCompletion | undefined {
  const shape = shapeOf(call, call.request.url);
  const recorded = shape && readRecorded(call, shape);
  return recorded?.isWhole === true ? recorded.completion : undefined;
}

const utf8 = (body: Uint8Array | string | undefined): string =>
  typeof body === 'string' ? body : body === undefined ? '' : Buffer.from(body).toString('utf8');

/** Bedrock and Google have the model in the path. */
const MODEL_PATH = /\/models?\/([^/:?]+)/;

function originOf({ request, recorded: answer }: CallOnWire, recorded: Recorded | undefined): Origin {
  const { url, headers } = request;
  const sent = utf8(request.body);
  const body = fields(parseJson(sent));
  const inPath = MODEL_PATH.exec(url)?.[1];
  const date = Date.parse(headerIn(answer?.headers ?? [], 'date') ?? '');
  return {
    request: body,
    url,
    header: (name) => headerIn(headers, name),
    ...present({ id: recorded?.id }),
    model: recorded?.model ?? text(body['model']) ?? (inPath === undefined ? 'unknown' : decodeURIComponent(inPath)),
    seconds: Number.isNaN(date) ? 0 : Math.floor(date / 1000),
    seed: crc32c(Buffer.from(`${url}\n${sent}`)),
  };
}

/** The edit, without what the answer says already. */
function editOf({ text: said, toolCalls, finishReason }: EditedCompletion, was: EditedCompletion, origin: Origin): Edit {
  const calls = was.toolCalls ?? [];
  const isSame = toolCalls?.length === calls.length && toolCalls.every((call, index) => sameCall(calls[index], call));
  return {
    ...(said !== undefined && said !== (was.text ?? '') && { text: said }),
    ...(toolCalls !== undefined && !isSame && { calls: toolCalls }),
    ...(finishReason !== undefined && finishReason !== was.finishReason && { reason: finishReason }),
    was: { text: was.text ?? '', calls, ...present({ reason: was.finishReason }) },
    origin,
  };
}

/** Names of events that are new, in the way of the framing and of the API. */
function named({ framing, events }: WireStream, shape: AnswerShape, url: string): WireEvent[] {
  const isNamed =
    framing === 'sse' &&
    shape.nameOf !== undefined &&
    events.every((event) => event.name !== undefined || event.data === undefined || event.json === '[DONE]');
  const inChunks = /\/invoke-with-response-stream(?:$|\?)/.test(url);
  return events.map((event) => {
    if (event.name !== undefined || event.data !== undefined || event.comment !== undefined) return event;
    const name = framing === 'aws' ? awsType(event.json, inChunks) : isNamed ? shape.nameOf?.(fields(event.json)) : undefined;
    return name === undefined ? event : { ...event, name };
  });
}

/** Headers that are not true of other bytes, or of an answer that is no error. */
const OF_BYTES = new Set([
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'content-md5',
  'content-digest',
  'digest',
  'etag',
  'trailer',
]);
const OF_ERRORS = new Set(['retry-after', 'retry-after-ms', 'x-should-retry', 'x-amzn-errortype']);

function headersFor(headers: Headers, pieces: readonly Uint8Array[], contentType: string | undefined): [string, string][] {
  const isNew = contentType !== undefined;
  const kept = headers.filter(([name]) => {
    const key = name.toLowerCase();
    return !OF_BYTES.has(key) && !(isNew && (OF_ERRORS.has(key) || key === 'content-type'));
  });
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const said: [string, string][] = isNew ? [['content-type', contentType]] : [];
  if (headerIn(headers, 'content-length') !== undefined) said.push(['content-length', String(length)]);
  return [...kept.map(([name, value]): [string, string] => [name, value]), ...said];
}

/** An answer made where the model gave none, or none that came to its end. Of one that began, what was said so far stays, unless it is edited. */
function made(shape: AnswerShape, origin: Origin, completion: EditedCompletion, recorded: Recorded | undefined): EditedAnswer {
  const said = { text: '', ...present({ text: recorded?.completion.text }), ...completion };
  const edit = editOf(said, { text: '', finishReason: 'stop' }, origin);
  const headers = recorded?.headers ?? [];
  const emptyEvents = shape.emptyEvents;
  if (emptyEvents === undefined || shape.events === undefined || !asksForStream(shape, origin)) {
    const pieces = [jsonBytes(shape.whole(shape.empty(origin), edit))];
    return { status: 200, headers: headersFor(headers, pieces, 'application/json'), pieces };
  }
  const framing: Framing = /\/(?:converse-stream|invoke-with-response-stream)(?:$|\?)/.test(origin.url)
    ? 'aws'
    : (shape.framing?.(origin) ?? 'sse');
  const list = emptyEvents(origin).map((json): WireEvent => ({ json }));
  const stream: WireStream = { framing, newline: '\n', events: shape.events(list, edit) };
  const pieces = writeStream({ ...stream, events: named(stream, shape, origin.url) });
  return { status: 200, headers: headersFor(headers, pieces, STREAM_TYPES[framing]), pieces };
}

const jsonBytes = (json: unknown): Uint8Array => Buffer.from(JSON.stringify(json));

function edited(shape: AnswerShape, recorded: Recorded, edit: Edit, status: number): EditedAnswer {
  const { stream, headers, bytes } = recorded;
  const answer = (pieces: Uint8Array[]): EditedAnswer => ({ status, headers: headersFor(headers, pieces, undefined), pieces });
  if (edit.text === undefined && edit.calls === undefined && edit.reason === undefined) {
    return answer(stream === undefined ? [bytes] : writeStream(stream));
  }
  if (stream === undefined) return answer([jsonBytes(shape.whole(recorded.body, edit))]);
  const events = shape.events!(stream.events, edit);
  return answer(writeStream({ ...stream, events: named({ ...stream, events }, shape, edit.origin.url) }));
}

/** The answer of a call with what the model is made to have said in it, or why it cannot be made. */
export function editedAnswer(given: CallOnWire & { completion: EditedCompletion }): EditedAnswer | { cannot: string } {
  const { completion, request, recorded: answer } = given;
  const shape = shapeOf(given, request.url);
  if (shape === undefined) return { cannot: EDITABLE };
  try {
    const recorded = readRecorded(given, shape);
    const origin = originOf(given, recorded);
    if (recorded?.isWhole !== true) return made(shape, origin, completion, recorded);
    return edited(shape, recorded, editOf(completion, recorded.completion, origin), answer!.status);
  } catch (error) {
    if (error instanceof CannotSay) return { cannot: error.message };
    throw error;
  }
}
