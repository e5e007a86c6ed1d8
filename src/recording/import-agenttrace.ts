/**
 * AgentTrace files as sessions: each line is a JSON object, a TAB, and the CRC-32 (IEEE 802.3) of the JSON as 8 hex digits; the first is the header. What the members of a record are
 * called is not laid down, so the usual names are looked for. The record itself stays in the event's attributes.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { SessionState, SpanEvent } from '../events/model.ts';
import { durationOf, errorOf, isObject, type Json, numberOf, textOf, timeOf, US_MAX, usageOf } from './agenttrace-fields.ts';
import { isDeeper, PART_NESTING_MAX } from './line-shape.ts';
import { importedHeader, type ImportedSession, sessionIdOf } from './import-session.ts';

/** A line that was refused. */
export interface RefusedLine {
  lineNumber: number;
  message: string;
}

/** What a file holds; without a session, none of its lines could be used. */
export interface AgentTrace {
  session?: ImportedSession;
  refused: RefusedLine[];
}

/** The attribute that holds a record as it was. */
const RECORD_ATTRIBUTE = 'agenttrace.record';

const LINE = /^(.*)\t([0-9a-fA-F]{8})$/s;

/** Whether a line looks like one of such a file. */
export function isAgentTraceLine(line: string): boolean {
  return LINE.test(line) && line.startsWith('{');
}

/** Reads a file. `name` stands in for the session id of a header that cannot be read. */
export function readAgentTrace(text: string, { name, sdk }: { name: string; sdk: string }): AgentTrace {
  const refused: RefusedLine[] = [];
  const records: { record: Json; lineNumber: number }[] = [];
  let header: Json | undefined;
  text.split('\n').forEach((raw, index) => {
    const line = raw.replace(/\r$/, '');
    if (line === '') return;
    const record = checked(line);
    if (typeof record === 'string') refused.push({ lineNumber: index + 1, message: record });
    else if (index === 0) header = record;
    else records.push({ record, lineNumber: index + 1 });
  });
  const session = sessionOf(header ?? {}, { records, refused, name, sdk });
  return { refused: refused.sort((a, b) => a.lineNumber - b.lineNumber), ...(session && { session }) };
}

/** The object of a line, or what is wrong with it. */
function checked(line: string): Json | string {
  const [, json, crc] = LINE.exec(line) ?? [];
  if (json === undefined || crc === undefined) return 'the line has no checksum';
  if (crc32(json) !== Number.parseInt(crc, 16)) return 'the line does not match its checksum';
  try {
    const value: unknown = JSON.parse(json);
    if (!isObject(value)) return 'the line is no JSON object';
    return isDeeper(value, PART_NESTING_MAX) ? 'the record is nested too deep' : value;
  } catch {
    return 'the line is no JSON';
  }
}

interface Contents {
  records: { record: Json; lineNumber: number }[];
  refused: RefusedLine[];
  name: string;
  sdk: string;
}

/** One thing that happened, of one or more records of the same id: its beginning and its end, for one. */
interface Happening {
  id: string;
  startUs: number;
  endUs: number;
  merged: Json;
  records: Json[];
}

const ID_NAMES = ['id', 'event_id', 'eventId', 'span_id', 'spanId', 'uuid', 'step_id', 'stepId'];
const PARENT_NAMES = ['parent_id', 'parentId', 'parent_event_id', 'parentEventId', 'parent_span_id', 'parentSpanId', 'parent'];
const TIME_NAMES = ['start_time', 'startTime', 'started_at', 'startedAt', 'start', 'timestamp', 'time', 'ts', 't'];
const END_NAMES = ['end_time', 'endTime', 'ended_at', 'endedAt', 'end'];
const TYPE_NAMES = ['type', 'event_type', 'eventType', 'kind'];
const SESSION_NAMES = ['session_id', 'sessionId', 'trace_id', 'traceId', 'run_id', 'runId', 'id'];

function sessionOf(header: Json, { records, refused, name, sdk }: Contents): ImportedSession | undefined {
  const happenings = new Map<string, Happening>();
  for (const { record, lineNumber } of records) {
    const [id, type, startUs] = [textOf(record, ID_NAMES), textOf(record, TYPE_NAMES), timeOf(record, TIME_NAMES)];
    if (id === undefined || type === undefined || startUs === undefined) {
      refused.push({ lineNumber, message: 'the record has no id, no type or no time' });
      continue;
    }
    const endUs = Math.min(US_MAX, Math.max(startUs, timeOf(record, END_NAMES) ?? startUs + durationOf(record)));
    const known = happenings.get(id);
    if (known === undefined) happenings.set(id, { id, startUs, endUs, merged: { ...record }, records: [record] });
    else {
      known.startUs = Math.min(known.startUs, startUs);
      known.endUs = Math.max(known.endUs, endUs);
      // The first record said what it is; what comes later says how it went.
      known.merged = { ...record, ...known.merged, ...outcomeOf(record) };
      known.records.push(record);
    }
  }
  const all = [...happenings.values()];
  if (all.length === 0) return undefined;
  const id = sessionIdOf(textOf(header, SESSION_NAMES) ?? name);
  const epoch = Math.round(all.reduce((first, { startUs }) => Math.min(first, startUs), Infinity));
  const trace = hexOf(`trace ${id}`, 32);
  const idOf = (text: string): string => (/^[0-9a-f]{16}$/.test(text) && !/^0+$/.test(text) ? text : hexOf(`${id} ${text}`, 16));
  const events = all.map((one) => eventOf(one, { epoch, trace, idOf }));
  return {
    header: { ...importedHeader({ id, epoch, trace, sdk }, 'agenttrace'), ...headerFacts(header) },
    events: events.sort((a, b) => a.end - b.end),
    state: stateOf(header, events),
  };
}

function headerFacts(header: Json): object {
  const agent = {
    id: textOf(header, ['agent_id', 'agentId']),
    name: textOf(header, ['agent_name', 'agentName', 'agent']),
    version: textOf(header, ['agent_version', 'agentVersion']),
  };
  const known = Object.fromEntries(Object.entries(agent).filter(([, value]) => value !== undefined));
  const facts = {
    name: textOf(header, ['name', 'session_name']),
    environment: textOf(header, ['environment', 'env']),
    service: textOf(header, ['service', 'service_name']),
    agent: Object.keys(known).length > 0 ? known : undefined,
    tags: Array.isArray(header['tags']) ? header['tags'].map(String) : undefined,
  };
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}

interface Around {
  epoch: number;
  trace: string;
  idOf: (text: string) => string;
}

function eventOf({ id, startUs, endUs, merged, records }: Happening, { epoch, trace, idOf }: Around): SpanEvent {
  const type = typeOf(textOf(merged, TYPE_NAMES) ?? 'event');
  const parent = textOf(merged, PARENT_NAMES);
  const error = errorOf(merged);
  const tool = textOf(merged, ['tool_name', 'toolName', 'tool']) ?? (type === 'tool' ? textOf(merged, ['name']) : undefined);
  const model = textOf(merged, ['model', 'model_name', 'modelName']);
  const usage = usageOf(merged);
  const usd = numberOf(merged, ['cost_usd', 'costUsd', 'cost']);
  const said = {
    ...(error?.message !== undefined && { error: { message: error.message } }),
    ...one('arguments', merged, ['arguments', 'args', 'input', 'inputs', 'parameters', 'prompt', 'messages']),
    ...one('result', merged, ['result', 'output', 'outputs', 'response', 'completion']),
  };
  return {
    id: idOf(id),
    trace,
    ...(parent !== undefined && parent !== id && { parent: idOf(parent) }),
    type,
    name: textOf(merged, ['name', 'title']) ?? (tool !== undefined && type === 'tool' ? `execute_tool ${tool}` : (model ?? type)),
    start: Math.round(startUs - epoch),
    end: Math.round(endUs - epoch),
    status: error ? 'error' : 'ok',
    ...(error && { error: { type: error.type } }),
    ...(type === 'llm' && {
      llm: {
        operation: 'chat',
        provider: textOf(merged, ['provider', 'vendor']) ?? '_OTHER',
        request: model === undefined ? {} : { model },
        ...(usage && { usage }),
      },
    }),
    ...(tool !== undefined && type === 'tool' && { tool: { name: tool } }),
    ...(usd !== undefined && { cost: { usd, priced: 'import' } }),
    attributes: { [RECORD_ATTRIBUTE]: JSON.stringify(records.length === 1 ? records[0] : records) },
    ...(Object.keys(said).length > 0 && { content: said }),
  };
}

const TYPES: [type: string, words: RegExp][] = [
  ['llm', /^(llm|model|chat|completion|generation|inference)/],
  ['tool', /^(tool|function_call)/],
  ['agent', /^(agent|run)/],
  ['step', /^step/],
  ['error', /^(error|exception)/],
  ['action', /^action/],
];

/** One of our types where the word tells, else the word itself. */
function typeOf(text: string): string {
  const word = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[_0-9]+|_+$/g, '');
  return TYPES.find(([, words]) => words.test(word))?.[0] ?? (word.slice(0, 64) || 'event');
}

/** Of a later record of the same id: what tells how it went. */
function outcomeOf(record: Json): Json {
  const told = [
    'status',
    'state',
    'outcome',
    'error',
    'exception',
    'result',
    'output',
    'outputs',
    'response',
    'completion',
    'usage',
  ];
  return Object.fromEntries(told.flatMap((name) => (record[name] === undefined ? [] : [[name, record[name]]])));
}

function stateOf(header: Json, events: readonly SpanEvent[]): SessionState {
  const said = textOf(header, ['status', 'state', 'outcome']) ?? '';
  if (/^(success|ok|completed|succeeded)$/i.test(said)) return 'success';
  if (/^(failure|failed|error)$/i.test(said)) return 'failure';
  const outermost = events.filter(({ type, parent }) => type === 'agent' && parent === undefined);
  if (outermost.length === 0) return 'indeterminate';
  return outermost.some(({ status }) => status === 'error') ? 'failure' : 'success';
}

function one(member: string, record: Json, names: readonly string[]): object {
  const name = names.find((candidate) => record[candidate] !== undefined && record[candidate] !== null);
  return name === undefined ? {} : { [member]: record[name] };
}

/** Digits that are the same for the same text, and others for another one. */
function hexOf(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}
