/**
 * Whether a line says what its kind says. A checksum only proves that a line is as it was written; a writer with a fault, or one that means harm, writes sound lines that make no sense. What every
 * reader relies upon must be there, or the line is refused by the name of the member; any other member that is not of its type counts as absent, as one that is not known does.
 */
import { FORMAT_VERSION, type LineKind, type SessionLine } from '../events/lines.ts';
import type { Note } from '../events/model.ts';

/** Undefined, or the place of what is wrong: '' is the value itself. */
type Shape = (value: unknown) => string | undefined;
type Json = Record<string, unknown>;

/** No writer nests deeper (core/serialise.ts); what reads a line again goes down by recursion. */
const NESTING_MAX = 256;
/** For a value of somebody else's that is to be a part of a line. */
export const PART_NESTING_MAX = 240;

const isObject = (value: unknown): value is Json => value !== null && typeof value === 'object' && !Array.isArray(value);
const that = (holds: (value: unknown) => boolean): Shape => {
  return (value) => (holds(value) ? undefined : '');
};
const matching = (pattern: RegExp): Shape => that((value) => typeof value === 'string' && pattern.test(value));
const oneOf = (...words: string[]): Shape => that((value) => words.includes(value as string));

const text = that((value) => typeof value === 'string');
const number = that((value) => typeof value === 'number' && Number.isFinite(value));
const integer = that(Number.isSafeInteger);
const count = that((value) => Number.isSafeInteger(value) && (value as number) >= 0);
const truth = that((value) => typeof value === 'boolean');
const spanId = matching(/^[0-9a-f]{16}$/);
const traceId = matching(/^[0-9a-f]{32}$/);

/** What must be right where it is there, or the whole is refused. */
const maybe = (shape: Shape): Shape => {
  return (value) => (value === undefined ? undefined : shape(value));
};

/** An object with the members of `needs`. Those of `may` that are not of their shape are taken out. */
function object(needs: Record<string, Shape>, may: Record<string, Shape> = {}): Shape {
  const needed = Object.entries(needs);
  const others = Object.entries(may);
  return (value) => {
    if (!isObject(value)) return '';
    for (const [name, shape] of needed) {
      const fault = shape(value[name]);
      if (fault !== undefined) return fault === '' ? name : `${name}.${fault}`;
    }
    for (const [name, shape] of others) {
      if (value[name] !== undefined && shape(value[name]) !== undefined) delete value[name];
    }
    return undefined;
  };
}

/** A list. Elements that are not of their shape are taken out. */
function list(shape: Shape): Shape {
  return (value) => {
    if (!Array.isArray(value)) return '';
    if (value.some((element) => shape(element) !== undefined))
      value.splice(0, value.length, ...value.filter((element) => shape(element) === undefined));
    return undefined;
  };
}

/** An object whose members all are of one shape. Those that are not are taken out. */
function members(shape: Shape): Shape {
  return (value) => {
    if (!isObject(value)) return '';
    for (const name of Object.keys(value)) if (shape(value[name]) !== undefined) delete value[name];
    return undefined;
  };
}

const isScalar = (value: unknown): boolean => ['string', 'boolean'].includes(typeof value) || Number.isFinite(value);
const everyOf = (shape: Shape): Shape =>
  that((value) => Array.isArray(value) && value.every((each) => shape(each) === undefined));
const texts = list(text);
const integers = everyOf(integer);
const attribute = that((value) =>
  Array.isArray(value) ? value.every((each) => isScalar(each) && typeof each === typeof value[0]) : isScalar(value),
);

const agent = object({}, { id: text, name: text, version: text });
const within = object({ trace: traceId, span: spanId });
const error = object({ type: text }, { code: text, status: integer, requestId: text, retryAfterMs: number, from: text });
const step = object({ seq: count, type: text, attempt: count }, { unknownType: truth, retryOf: text });
const RUN_STATUSES = oneOf('running', 'success', 'partial', 'failure', 'indeterminate');
const run = object({ status: RUN_STATUSES, reason: text, steps: number, retries: number, errors: number }, { environment: text });

const request = object(
  {},
  {
    ...{ model: text, stream: truth, maxTokens: number, temperature: number, topP: number, topK: number },
    ...{ frequencyPenalty: number, presencePenalty: number, seed: number, choiceCount: number, reasoningLevel: text },
    ...{ outputType: text, encodingFormats: texts, serviceTier: text, previousResponseId: text, messageCount: number },
    ...{ tools: texts, toolResults: texts },
  },
);
const response = object(
  {},
  {
    ...{ id: text, model: text, finishReasons: texts, toolCalls: list(object({ name: text }, { id: text })), serviceTier: text },
    ...{ systemFingerprint: text, servedBy: text, status: text, dimensions: number },
  },
);
const usage = object(
  {},
  {
    ...{ input: number, output: number, cacheRead: number, cacheWrite: number, cacheWriteHour: number },
    ...{ reasoning: number, audioInput: number, audioOutput: number },
  },
);
const llm = object(
  { operation: text, provider: text, request },
  {
    ...{ api: text, server: object({ address: text, port: number }), response, usage, firstChunkUs: number, chunks: number },
    native: object({ trace: text, span: text }),
  },
);

const NOTES: Record<Note['kind'], Shape> = {
  decision: object(
    { at: integer, type: text, reasonCode: text },
    { confidence: number, unknownCode: truth, content: object({}, { selected: text, candidates: texts }) },
  ),
  failure: object(
    { at: integer, type: text, code: text },
    { step: text, auto: truth, unknownCode: truth, content: object({}, { message: text }) },
  ),
  signal: object({ at: integer, type: text, code: text, value: truth }, { weight: number, unknownCode: truth }),
};
const note: Shape = (value) => {
  const kind = isObject(value) ? String(value['kind']) : '';
  return Object.hasOwn(NOTES, kind) ? NOTES[kind as Note['kind']](value) : 'kind';
};

const attempt = object({ at: integer, us: integer }, { status: integer, error: text, retryAfterMs: number, requestId: text });
const event = object(
  {
    id: spanId,
    trace: traceId,
    type: text,
    name: text,
    start: integer,
    end: integer,
    status: oneOf('ok', 'error', 'cancelled', 'unfinished'),
  },
  {
    ...{ parent: spanId, runId: text, agent, error, run, step, llm, tool: object({ name: text }, { type: text, callId: text }) },
    ...{
      attempts: list(attempt),
      notes: list(note),
      cost: object({ usd: number, priced: text }),
      attributes: members(attribute),
      edited: truth,
    },
    content: object({}, { error: object({ message: text }, { stack: text }) }),
  },
);

const stats = object(
  {
    ...{ durationMs: number, events: number, llm: number },
    tokens: object(
      { input: number, output: number },
      { cacheRead: number, cacheWrite: number, reasoning: number, unknown: number },
    ),
    cost: object({ usd: number, unknown: number }),
  },
  { tools: number, actions: number, runs: number, steps: number, errors: number, failures: number, retries: number },
);

const said = { tags: texts, metadata: members(that(isScalar)), links: list(object({ url: text }, { kind: text, name: text })) };
const pair = that((value) => Array.isArray(value) && value.length === 2 && value.every((each) => typeof each === 'string'));
const headers = everyOf(pair);

/** The forms of a body, by the member that tells which it is. */
const BODIES: readonly [member: string, shape: Shape][] = [
  ['b64', object({ b64: text })],
  ['base', object({ base: count, head: count, tail: count, mid: text })],
  ['crc', object({ at: count, len: count, crc: count, zstd: maybe(count) })],
  ['omitted', object({ omitted: text })],
];
const body: Shape = (value) => {
  if (typeof value === 'string') return undefined;
  const form = isObject(value) ? BODIES.find(([member]) => Object.hasOwn(value, member)) : undefined;
  return form === undefined ? '' : form[1](value);
};
const cuts = object({ len: everyOf(count), at: integers, ord: maybe(integers) });
const thrown: Shape = (value) => THROWN(value);
const THROWN = object(
  { name: text, message: text },
  {
    code: that(isScalar),
    aborted: truth,
    unconnected: truth,
    stack: text,
    members: members(that(isScalar)),
    cause: thrown,
    errors: list(thrown),
  },
);
const ending = object({ how: text, at: integer, ord: integer }, { error, thrown, trailers: headers });
const asked = {
  ...{ lin: text, lo: count, where: text, from: text, edited: truth, early: truth },
  sent: object({ head: count, tail: count, mid: text }),
  onward: list(count),
};
const arrived = { body: maybe(body), cuts: maybe(cuts), end: maybe(ending) };

/** Place, kind and values of draws: a text, or a list of numbers and texts. */
const drawn = that(
  (value) =>
    Array.isArray(value) &&
    value.length === 3 &&
    typeof value[0] === 'string' &&
    typeof value[1] === 'string' &&
    (typeof value[2] === 'string' ||
      (Array.isArray(value[2]) && value[2].every((each) => ['string', 'number'].includes(typeof each)))),
);

const sizes = object({}, { total: number, free: number });
const versions = members(text);
const host = object(
  {},
  {
    os: object({}, { platform: text, distro: text, release: text, kernel: text, arch: text }),
    cpu: object({}, { brand: text, cores: number }),
    ...{ memory: sizes, disk: sizes, container: text, ci: text, packageManager: text, projectRoot: text },
    packages: object({}, { declared: versions, loaded: versions }),
  },
);

/** The name of a recording's file without `.jsonl`. */
const recordingName = matching(/^[\w.-]{1,160}$/);

const change = object({}, { set: that(isObject), replace: list(object({ find: text, with: text })) });
/** What was edited is shown to a person; no plan is made of it, but of changes that hold onward. */
const edit = object(
  { event: spanId, kind: oneOf('request', 'completion', 'result') },
  {
    onward: truth,
    change,
    completion: object({}, { text, toolCalls: list(object({ name: text }, { id: text })), finishReason: text }),
  },
);

const KINDS: Record<LineKind, Shape> = {
  session: object(
    { v: number, id: text, epoch: count, trace: maybe(traceId), mode: maybe(oneOf('full', 'metadata')) },
    {
      ...{ sdk: text, flags: list(number), pid: count, node: text, platform: text, arch: text, name: text, parent: text, within },
      ...{ agent, environment: text, service: text, ...said, guarded: truth, guards: texts, argv: texts, cwd: text },
      execArgv: texts,
      process: spanId,
      fork: object(
        { of: recordingName, after: oneOf('branch', 'live'), edits: list(edit) },
        { at: spanId, beside: recordingName, onward: list(change) },
      ),
      ...{ lin: text, lo: count },
      outside: truth,
      scrubbed: truth,
    },
  ),
  open: object({ id: spanId, type: text, name: text }, { parent: spanId, runId: text, agent, step, lin: text, lo: count }),
  event: object({ e: event }),
  note: object({ on: text, n: note }),
  update: object({}, said),
  log: object({ stream: oneOf('stdout', 'stderr'), text }, { on: text, level: text }),
  host: object({ h: host }),
  request: object({ x: count, method: text, url: text, headers, body: maybe(body) }, { on: text, ...asked }),
  response: object(
    { x: count, status: integer, headers, at: integer, ord: integer, ...arrived },
    { statusText: text, url: text, version: text },
  ),
  data: object({ x: count, ...arrived }, asked),
  work: object({ lin: text, ord: integer }),
  timer: object({ lin: text, lo: count, ord: integer }, { ms: number }),
  draws: object({ d: everyOf(drawn) }),
  channel: object({ n: count, kind: text, lin: text, lo: count }, { where: text }),
  came: object({ n: count, event: text, ord: maybe(integer), sent: maybe(integer), body: maybe(body) }),
  went: object({ n: count, event: text, body: maybe(body) }),
  env: object({ v: members(that((value) => value === null || typeof value === 'string')) }),
  end: object(
    { state: text, reason: text, stats },
    {
      exitCode: integer,
      signal: text,
      ...said,
      logsDropped: object({ pieces: number, chars: number }),
      dropped: object({ bodies: number, contents: number, events: number, bytes: number }),
    },
  ),
};

/** What a header need not say to be used. */
export const UNSAID = {
  trace: '0'.repeat(32),
  mode: 'full',
  sdk: 'unknown',
  flags: [],
  pid: 0,
  node: 'unknown',
  platform: 'unknown',
  arch: 'unknown',
} satisfies Partial<SessionLine>;

/** The place of the member that makes a line useless, such as `e.start`; undefined where there is none. Takes out of the line what is of no use. A kind, or a header, of a later version is not looked into. */
export function lineFault(line: Json): string | undefined {
  if (!Number.isSafeInteger(line['s']) || (line['s'] as number) < 0) return 's';
  if (typeof line['k'] !== 'string') return 'k';
  if (!Number.isSafeInteger(line['t'])) return 't';
  if (line['k'] === 'session' && typeof line['v'] === 'number' && line['v'] > FORMAT_VERSION) return undefined;
  const fault = Object.hasOwn(KINDS, line['k']) ? KINDS[line['k'] as LineKind](line) : undefined;
  if (fault !== undefined) return fault;
  if (line['k'] === 'session') for (const [name, value] of Object.entries(UNSAID)) line[name] ??= value;
  return isDeeper(line, NESTING_MAX) ? 'nesting' : undefined;
}

/** Whether the value is nested deeper than so many levels. */
export function isDeeper(value: object, levels: number): boolean {
  if (levels === 0) return true;
  for (const name in value) {
    const member: unknown = (value as Json)[name];
    if (typeof member === 'object' && member !== null && isDeeper(member as object, levels - 1)) return true;
  }
  return false;
}
