/** Puts the canary into requests and answers: into what is said, or also into what should be codes, ids and names, as a server may that means no good. */
import { crc32 } from 'node:zlib';
import type { Recorded } from '../wire/drive.ts';
import { said, sentence } from './canary.ts';

/**
 * `said`: all that a user, a tool or a model says. `hostile`: of the answer also ids, models, names of tools, reasons and states, which are sentences then. `refused`: an error
 * answer whose every member is one. `broken`: a stream that says such an error when it has begun.
 */
export const MANNERS = ['said', 'hostile', 'refused', 'broken'] as const;
export type Manner = (typeof MANNERS)[number];

/** By these words a dialect is told from another, and a message from a part of it: without them nothing is read. */
const GRAMMAR = new Set([
  'type',
  'role',
  'object',
  'event',
  'eventtype',
  'mimetype',
  'mediatype',
  'format',
  'detail',
  'subtype',
  'tasktype',
  'state',
]);
/** What code, not people, puts into requests and answers. */
const CODES = new Set([
  ...[
    'id',
    'model',
    'name',
    'status',
    'code',
    'finishreason',
    'stopreason',
    'donereason',
    'modelversion',
    'responseid',
    'provider',
  ],
  ...['servicetier', 'systemfingerprint', 'toolcallid', 'tooluseid', 'callid', 'toolid', 'itemid', 'messageid', 'generationid'],
  ...['responsetype', 'apiversion', 'version', 'phase', 'createdat', 'created', 'updated', 'expiresat', 'required', 'toolname'],
  ...['previousresponseid', 'previousinteractionid', 'agentid', 'conversationid', 'interactionid', 'sessionid', 'containerid'],
  ...['size', 'quality', 'outputformat', 'background', 'truncation', 'effort', 'toolchoice', 'mode', 'verbosity', 'lasteventid'],
  ...['encodingformat', 'embeddingtypes', 'inputtype', 'truncate', 'responseformat', 'modality', 'safetymode', 'strictness'],
  ...[
    'prompttruncation',
    'thinkinglevel',
    'reasoningconfig',
    'citationquality',
    'reasoningeffort',
    'service',
    'include',
    'summary',
    'anthropicversion',
    'modelid',
  ],
  ...['subagenttype', 'taskid', 'terminalreason', 'parenttooluseid'],
  ...['functioncallingconfig', 'category', 'probability', 'tooltype', 'caller', 'stream', 'keepalive', 'promptcacheretention'],
]);

const plainKey = (key: string): string => key.replaceAll('_', '').toLowerCase();

interface Place {
  key: string;
  path: string;
  /** Inside of what the app or the model made up: a schema, arguments. */
  free: boolean;
}

type Change = (value: string, place: Place) => string;

function changed(value: unknown, change: Change, place: Place = { key: '', path: '', free: false }): unknown {
  if (typeof value === 'string') return change(value, place);
  if (Array.isArray(value)) return value.map((each) => changed(each, change, place));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, member]): [string, unknown] => {
    const path = place.path === '' ? key : `${place.path}.${key}`;
    return [key, changed(member, change, { key: plainKey(key), path, free: place.free || key === 'input' || key === 'args' })];
  });
  const out = Object.fromEntries(members);
  if (/(^|\.)(metadata|properties|args)$/.test(place.path) && members.length > 0 && place.path.startsWith('request'))
    out[said('key')] = place.key === 'properties' ? { type: 'string' } : said('value');
  return out;
}

const isGrammar = ({ key }: Place): boolean => GRAMMAR.has(key);
/** Under `error` some have a code, and some a sentence. */
const isCode = ({ key }: Place, value: string): boolean => CODES.has(key) || (key === 'error' && /^[a-z]+_[a-z_]+$/.test(value));

const speak: Change = (value, place) => {
  if (isGrammar(place) || isCode(place, value) || value === '') return value;
  if (/^\{.*\}$/s.test(value)) return JSON.stringify({ [said('key')]: said(place.path) });
  return said(place.path);
};

const lie: Change = (value, place) => {
  if (isGrammar(place) || value === '') return value;
  return isCode(place, value) ? sentence(place.path) : speak(value, place);
};

/** The request as an app would send it that says the canary. */
function asking(request: unknown): unknown {
  return changed(request, speak, { key: '', path: 'request', free: false });
}

/** A JSON text in which all that was said, and with `lies` all that should be a code, sings. */
export function sung(json: string, lies: boolean): string {
  return jsonChanged(json, lies ? lie : speak);
}

export const ERROR = {
  type: 'error',
  message: said('message'),
  detail: said('detail'),
  code: sentence('code'),
  request_id: sentence('request-id'),
  __type: sentence('type'),
  error: {
    message: said('error.message'),
    type: sentence('error.type'),
    code: sentence('error.code'),
    status: sentence('error.status'),
    param: said('error.param'),
    details: [{ reason: sentence('error.reason'), metadata: { [said('key')]: said('error.metadata') } }],
    failed_generation: said('error.generation'),
  },
};

const withSentences = (names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, sentence(name)]));

/** Headers of an answer, every one a server may set. */
export const HEADERS = withSentences([
  ...['x-request-id', 'request-id', 'apim-request-id', 'x-debug-trace-id', 'mistral-correlation-id', 'x-amzn-requestid'],
  ...['x-amzn-errortype', 'x-amzn-bedrock-input-token-count', 'x-ratelimit-reset', 'openai-organization', 'cf-ray'],
  ...['retry-after', 'server', 'x-anything'],
]);

/** By these a gateway makes itself known. */
const GATEWAY = withSentences([
  ...['x-litellm-model-id', 'x-litellm-response-cost', 'x-portkey-provider', 'helicone-id', 'cf-aig-step', 'x-served-by'],
]);

/** How the server answers. */
export interface Spoken extends Recorded {
  headers: Record<string, string>;
}

/** An exchange in which the canary sings; undefined where there is no such manner of it. */
export function spoken(exchange: Recorded, manner: Manner): Spoken | undefined {
  const id = `${exchange.id}+${manner}`;
  const headers = manner === 'hostile' ? { ...HEADERS, ...GATEWAY } : HEADERS;
  const asked = { ...exchange, id, headers, request: asking(exchange.request) };
  if (manner === 'refused') {
    if (exchange.status >= 400) return undefined;
    return { ...asked, status: 400, contentType: 'application/json', bytes: Buffer.from(JSON.stringify(ERROR)) };
  }
  const change = manner === 'said' ? speak : lie;
  if (manner === 'broken') {
    if (exchange.framing !== 'sse' || exchange.status >= 400) return undefined;
    const pieces = exchange.bytes.toString('utf8').split('\n\n');
    const kept = pieces.slice(0, Math.max(1, pieces.length >> 1)).map((piece) => sseChanged(piece, speak));
    return { ...asked, bytes: Buffer.from([...kept, `event: error\ndata: ${JSON.stringify(ERROR)}`, ''].join('\n\n')) };
  }
  return { ...asked, bytes: answerChanged(exchange, change) };
}

function answerChanged({ framing, bytes, status }: Recorded, change: Change): Buffer {
  const text = bytes.toString('utf8');
  if (framing === 'aws-eventstream' && status < 400) return framesChanged(bytes, change);
  if (framing === 'sse' && status < 400) return Buffer.from(sseChanged(text, change));
  if (framing === 'ndjson' && status < 400) return Buffer.from(text.replaceAll(/^.+$/gm, (line) => jsonChanged(line, change)));
  return Buffer.from(jsonChanged(text, change));
}

const sseChanged = (text: string, change: Change): string =>
  text.replaceAll(/^data: (.+)$/gm, (_, json: string) => `data: ${jsonChanged(json, change)}`);

/** A text that is no JSON is left as it is where it ends a stream, and is said where it is a page. */
function jsonChanged(json: string, change: Change): string {
  try {
    return JSON.stringify(changed(JSON.parse(json), change));
  } catch {
    return json === '[DONE]' ? json : said('page');
  }
}

/** Frames of AWS with another payload; that of a model's own stream is base64 in JSON. */
function framesChanged(bytes: Buffer, change: Change): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    const frame = bytes.subarray(at, at + bytes.readUInt32BE(at));
    const headLength = frame.readUInt32BE(4);
    const payload: any = JSON.parse(frame.subarray(12 + headLength, -4).toString('utf8'));
    const inner = typeof payload.bytes === 'string' ? Buffer.from(payload.bytes, 'base64').toString('utf8') : undefined;
    const next =
      inner === undefined
        ? changed(payload, change)
        : { ...payload, bytes: Buffer.from(jsonChanged(inner, change)).toString('base64') };
    frames.push(awsFrame(frame.subarray(12, 12 + headLength), Buffer.from(JSON.stringify(next))));
  }
  return Buffer.concat(frames);
}

function awsFrame(head: Buffer, payload: Buffer): Buffer {
  const lengths = uint32(16 + head.length + payload.length, head.length);
  const bytes = Buffer.concat([lengths, uint32(crc32(lengths)), head, payload]);
  return Buffer.concat([bytes, uint32(crc32(bytes))]);
}

function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}
