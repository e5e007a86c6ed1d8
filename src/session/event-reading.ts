/** What the app says of an event, as a beginning and an end of one: checked, and repaired where it can be. Nothing in here trusts a type. */
import { monotonicUs, wallMs } from '../core/clock.ts';
import { guard, notice } from '../core/diagnostics.ts';
import type { AttributeValue, ErrorFacts, EventContent, LlmFacts, LlmResponse, Usage } from '../events/model.ts';
import type { EventStart, Outcome } from '../events/ports.ts';
import { callName } from '../events/safe-words.ts';
import { token } from './checked-note.ts';
import { errorFacts, threw } from './outcome.ts';

type Given = Readonly<Record<string, unknown>>;

const TYPE = /^[a-z][a-z0-9_.-]{0,63}$/;
const NAME_CHARS_MAX = 256;
const FINISH_REASONS_MAX = 128;

/** An event that is over. */
export function readEvent(event: unknown): { start: EventStart; outcome: Outcome } {
  const given = membersOf(event, 'record()');
  const [started, ended] = [timeOf(given, 'startedAt'), timeOf(given, 'endedAt')];
  const beganUs = started ?? ended ?? monotonicUs();
  const start: EventStart = { ...readStart(given), beganUs };
  const outcome = readOutcome(start, given, contentOf(start, given));
  const endedUs = ended ?? (started === undefined ? beganUs : undefined);
  return { start, outcome: endedUs === undefined ? outcome : { ...outcome, endedUs } };
}

/** The members of what was given; none where it holds none. */
export function membersOf(given: unknown, where: string): Given {
  if (typeof given === 'object' && given !== null) return given as Given;
  notice(`${where} was given what is no object (${given === null ? 'null' : typeof given})`);
  return {};
}

/** How an event begins. */
export function readStart(given: Given): EventStart {
  const type = typeOf(given['type']);
  const start: EventStart = { type, name: textOf(given, 'name') ?? '' };
  const attributes = given['attributes'];
  if (typeof attributes === 'object' && attributes !== null) start.attributes = attributes as Record<string, AttributeValue>;
  else if (attributes !== undefined) wrong('attributes', 'no object');
  if (type === 'llm') return llmStart(start, given);
  if (type === 'tool') return toolStart(start, given);
  if (type === 'error') start.name ||= `error ${factsOf(given['error']).type}`;
  start.name ||= type;
  return start;
}

function typeOf(given: unknown): string {
  if (typeof given === 'string') {
    if (TYPE.test(given)) return given;
    const repaired = given
      .slice(0, 100)
      .toLowerCase()
      .replaceAll(/[^a-z0-9_.-]+/g, '_')
      .replace(/^[^a-z]+/, '')
      .slice(0, 64);
    if (TYPE.test(repaired)) return wrong('type', 'no lower-case word', repaired);
  }
  return wrong('type', 'no lower-case word', 'custom');
}

function toolStart(start: EventStart, given: Given): EventStart {
  const name = start.name || wrong('name', 'missing from a tool', 'unnamed');
  const callId = textOf(given, 'callId');
  return { ...start, name: `execute_tool ${name}`, tool: { name, type: 'function', ...(callId !== undefined && { callId }) } };
}

function llmStart(start: EventStart, given: Given): EventStart {
  const model = textOf(given, 'model');
  const operation = textOf(given, 'operation') ?? 'chat';
  const llm: LlmFacts = {
    operation,
    provider: textOf(given, 'provider') ?? 'custom',
    request: model === undefined ? {} : { model },
  };
  return { ...start, name: start.name || callName(operation, model), llm };
}

/** What was said in an event, under the names of the recording. Those of a call of a model are others. */
export function contentOf(start: EventStart, given: Given): EventContent {
  const [asked, answered] = start.type === 'llm' ? (['input', 'output'] as const) : (['arguments', 'result'] as const);
  const content: EventContent = {};
  if (given[asked] !== undefined) content[start.type === 'llm' ? 'request' : 'arguments'] = given[asked];
  if (given[answered] !== undefined) content[start.type === 'llm' ? 'response' : 'result'] = given[answered];
  return content;
}

/** How an event ends. */
export function readOutcome(start: Pick<EventStart, 'type'>, given: Given, content: EventContent): Outcome {
  const { error } = given;
  const failed = start.type === 'error' || error !== undefined;
  const outcome: Outcome = failed ? failure(error, content) : { status: 'ok', content: () => content };
  return start.type === 'llm' ? { ...outcome, ...answerOf(given) } : outcome;
}

function failure(error: unknown, content: EventContent): Outcome {
  if (!saysCodes(error)) return threw(error, content);
  const message = typeof error['message'] === 'string' ? error['message'].slice(0, 100_000) : undefined;
  return {
    status: 'error',
    error: factsOf(error),
    // One object handed to several events is one failure.
    thrown: error,
    content: () => (message === undefined ? content : { ...content, error: { message } }),
  };
}

/** Whether `error` is codes, and not what was thrown. */
function saysCodes(error: unknown): error is Given {
  return typeof error === 'object' && error !== null && !(error instanceof Error) && typeof (error as Given)['type'] === 'string';
}

function factsOf(error: unknown): ErrorFacts {
  return guard(
    'session.error',
    () => {
      if (!saysCodes(error)) return error === undefined ? { type: 'Error' } : errorFacts(error);
      const { type, code } = error;
      return typeof code === 'string' ? { type: token(type), code: token(code) } : { type: token(type) };
    },
    { type: 'Error' },
  );
}

function answerOf(given: Given): Pick<Outcome, 'response' | 'usage' | 'costUsd'> {
  const response: LlmResponse = {};
  const model = textOf(given, 'responseModel');
  if (model !== undefined) response.model = model;
  const reasons = given['finishReasons'];
  if (Array.isArray(reasons)) {
    response.finishReasons = reasons.filter((each) => typeof each === 'string').slice(0, FINISH_REASONS_MAX);
  } else if (reasons !== undefined) wrong('finishReasons', 'no array');
  const usage = usageOf(given['usage']);
  const costUsd = amountOf(given, 'costUsd');
  return {
    ...(Object.keys(response).length > 0 && { response }),
    ...(usage !== undefined && { usage }),
    ...(costUsd !== undefined && { costUsd }),
  };
}

const COUNTS = ['input', 'output', 'cacheRead', 'cacheWrite', 'reasoning', 'audioInput', 'audioOutput'] as const;

function usageOf(given: unknown): Usage | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== 'object' || given === null) return wrong('usage', 'no object', undefined);
  const usage: Usage = {};
  for (const name of COUNTS) {
    const count = amountOf(given as Given, name);
    if (count !== undefined) usage[name] = count;
  }
  return Object.keys(usage).length === 0 ? undefined : usage;
}

function amountOf(given: Given, name: string): number | undefined {
  const value = given[name];
  if (value === undefined) return undefined;
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : wrong(name, 'no amount', undefined);
}

function textOf(given: Given, name: string): string | undefined {
  const value = given[name];
  if (value === undefined || value === '') return undefined;
  return typeof value === 'string' ? value.slice(0, NAME_CHARS_MAX) : wrong(name, 'no text', undefined);
}

/** A moment in monotonic microseconds; the future is now. */
function timeOf(given: Given, name: 'startedAt' | 'endedAt'): number | undefined {
  const value = given[name];
  if (value === undefined) return undefined;
  const said = value instanceof Date ? value.getTime() : typeof value === 'string' ? Date.parse(value) : value;
  if (typeof said !== 'number' || !Number.isFinite(said)) return wrong(name, 'no time', undefined);
  const now = monotonicUs();
  const at = Math.round(now + (said - wallMs()) * 1000);
  return at > now + FUTURE_US ? wrong(name, 'in the future', now) : Math.min(at, now);
}

/** The two clocks tick apart: so much ahead is no future. */
const FUTURE_US = 50_000;

/** Says once what was given that cannot be so; gives what is taken instead. */
function wrong<T>(name: string, what: string, instead?: T): T {
  notice(`an event was told of whose ${name} is ${what}`);
  return instead as T;
}
