/** A span of OTLP/JSON as an event: what src/events/genai.ts says of an event, read back; and what other exporters say in the GenAI conventions. */
import { NAMES, type Names } from '../events/genai-names.ts';
import type { AgentFacts, Attempt, ErrorFacts, EventContent, EventStatus, Note, SpanEvent } from '../events/model.ts';
import { llmOf } from './import-llm.ts';
import { isDeeper, PART_NESTING_MAX } from './line-shape.ts';
import type { OtlpSpan, OtlpSpanEvent } from './otlp-json.ts';
import { defined, SpanFacts } from './span-facts.ts';

const AGENT_OPERATIONS = new Set(['invoke_agent', 'create_agent', 'invoke_workflow']);
const TYPE = /^[a-z][a-z0-9_.-]{0,63}$/;

/** The event that a span is. `at` gives microseconds since the session began for nanoseconds since 1970. */
export function eventOfSpan(span: OtlpSpan, at: (ns: bigint) => number): SpanEvent {
  const facts = new SpanFacts(span.attributes);
  const operation = facts.text('operation');
  const type = typeOf(facts, operation);
  const [start, end] = [at(span.startNs), at(span.endNs)];
  const status = statusOf(span, facts);
  const error = errorOf(facts, status);
  const llm = llmOf(facts, { operation, type });
  const tool = toolOf(facts);
  const attempts = attemptsOf(span, error, { at, start, end });
  const notes = notesOf(span.events, at);
  const agent = agentOf(facts);
  const run = runOf(facts, type);
  const step = stepOf(facts);
  const own = facts.text('runId');
  const around = facts.text('runParent');
  const runId = run === undefined ? own : around;
  const name = facts.text('runName') ?? span.name;
  const usd = facts.number('costUsd');
  const priced = facts.text('costPriced') ?? 'import';
  const content = contentOf(span, facts);
  for (const name of ['session.id', 'hindcast.session.tags', NAMES.main.sessionName, NAMES.main.sessionParent]) facts.raw(name);
  facts.raw(NAMES.main.attempts);
  const attributes = facts.rest();
  return {
    id: span.spanId,
    trace: span.traceId,
    ...(span.parentSpanId !== undefined && { parent: span.parentSpanId }),
    ...(runId !== undefined && runId !== span.spanId && { runId }),
    type,
    name: name === '' ? type : name,
    ...(agent && { agent }),
    start,
    end: Math.max(start, end),
    status,
    ...(error && { error }),
    ...(run && { run }),
    ...(step && { step }),
    ...(llm && { llm }),
    ...(tool && { tool }),
    ...(attempts && { attempts }),
    ...(notes && { notes }),
    ...(usd !== undefined && { cost: { usd, priced } }),
    ...(attributes && { attributes }),
    ...(content && { content }),
  };
}

function typeOf(facts: SpanFacts, operation: string | undefined): string {
  const said = facts.text('eventType');
  if (said !== undefined && TYPE.test(said)) return said;
  if (operation === undefined) return 'span';
  if (AGENT_OPERATIONS.has(operation)) return 'agent';
  return operation === 'execute_tool' ? 'tool' : 'llm';
}

function statusOf({ error }: OtlpSpan, facts: SpanFacts): EventStatus {
  const said = facts.text('status');
  if (said === 'cancelled' || said === 'unfinished') return said;
  return error ? 'error' : 'ok';
}

function errorOf(facts: SpanFacts, status: EventStatus): ErrorFacts | undefined {
  const type = facts.text('errorType') ?? facts.text('ownErrorType');
  const code = facts.text('errorCode');
  const http = facts.number('httpStatus');
  const requestId = facts.text('requestId');
  const retryAfterMs = facts.number('retryAfterMs');
  const from = facts.text('errorFrom');
  if (type === undefined && code === undefined && status !== 'error') return undefined;
  return defined<ErrorFacts>({ type: type ?? '_OTHER', code, status: http, requestId, retryAfterMs, from });
}

function toolOf(facts: SpanFacts): SpanEvent['tool'] {
  const [name, type, callId] = [facts.text('toolName'), facts.text('toolType'), facts.text('toolCallId')];
  return name === undefined ? undefined : defined({ name, type, callId });
}

function agentOf(facts: SpanFacts): AgentFacts | undefined {
  const agent = defined<AgentFacts>({
    id: facts.text('agentId'),
    name: facts.text('agentName') ?? facts.text('ownAgentName'),
    version: facts.text('agentVersion'),
  });
  return Object.keys(agent).length > 0 ? agent : undefined;
}

const RUN_STATUSES = new Set(['running', 'success', 'partial', 'failure', 'indeterminate']);
const END_REASONS = new Set(['ended', 'exception', 'signal', 'crash', 'timeout', 'not_ended']);

function runOf(facts: SpanFacts, type: string): SpanEvent['run'] {
  const status = facts.text('runStatus');
  const reason = facts.text('runReason');
  const environment = facts.text('runEnvironment');
  const [steps = 0, retries = 0, errors = 0] = [facts.number('runSteps'), facts.number('runRetries'), facts.number('runErrors')];
  if (type !== 'agent' || status === undefined || !RUN_STATUSES.has(status)) return undefined;
  return defined({
    status: status as NonNullable<SpanEvent['run']>['status'],
    reason: (END_REASONS.has(reason ?? '') ? reason : 'ended') as NonNullable<SpanEvent['run']>['reason'],
    environment,
    ...{ steps, retries, errors },
  });
}

function stepOf(facts: SpanFacts): SpanEvent['step'] {
  const [seq, attempt = 1] = [facts.number('stepSeq'), facts.number('stepAttempt')];
  const [type = 'other', retryOf] = [facts.text('stepType'), facts.text('stepRetryOf')];
  const unknownType = facts.flag('stepUnknownType') ? (true as const) : undefined;
  return seq === undefined ? undefined : defined({ seq, type, attempt, retryOf, unknownType });
}

interface Times {
  at: (ns: bigint) => number;
  start: number;
  end: number;
}

/** Attempts beyond the first have a span event each, which says what had become of the one before. */
function attemptsOf(
  { events, error: failed }: OtlpSpan,
  error: ErrorFacts | undefined,
  { at, start, end }: Times,
): Attempt[] | undefined {
  const retries = events.filter(({ name }) => name === 'hindcast.retry').map((event) => ({ ...event, at: at(event.timeNs) }));
  if (retries.length === 0) return undefined;
  const attempts = retries.map(({ attributes, at: next }): Attempt => {
    const said = new SpanFacts(attributes);
    const us = Math.round((said.number('retryFailedMs') ?? 0) * 1000);
    const sent = next - us - Math.round((said.number('retryDelayMs') ?? 0) * 1000);
    const status = said.number('httpStatus');
    const error = status === undefined ? said.text('errorType') : undefined;
    return defined<Attempt>({ at: Math.max(start, sent), us, status, error, retryAfterMs: said.number('retryAfterMs') });
  });
  const last = retries.at(-1)?.at ?? start;
  // Of the last one, the span says how it went only when the call failed: a call that went well was answered.
  const status = failed ? error?.status : 200;
  return [...attempts, defined<Attempt>({ at: last, us: Math.max(0, end - last), status })];
}

function notesOf(events: readonly OtlpSpanEvent[], at: Times['at']): Note[] | undefined {
  const notes = events.flatMap((event) => noteOf(event, at(event.timeNs)) ?? []);
  return notes.length > 0 ? notes : undefined;
}

function noteOf({ name, attributes }: OtlpSpanEvent, at: number): Note | undefined {
  const said = new SpanFacts(attributes);
  const unknownCode = said.flag('unknownCode') ? (true as const) : undefined;
  const missing = 'unknown';
  if (name === 'hindcast.decision') {
    const [selected, candidates] = [said.text('decisionSelected'), said.texts('decisionCandidates')];
    const content = selected === undefined && candidates === undefined ? undefined : defined({ selected, candidates });
    const type = said.text('decisionType') ?? missing;
    const reasonCode = said.text('decisionReason') ?? missing;
    return defined<Note>({
      kind: 'decision',
      at,
      type,
      reasonCode,
      confidence: said.number('decisionConfidence'),
      unknownCode,
      content,
    });
  }
  if (name === 'hindcast.failure') {
    const message = said.text('failureMessage');
    return defined<Note>({
      kind: 'failure',
      at,
      type: said.text('failureType') ?? missing,
      code: said.text('failureCode') ?? missing,
      step: said.text('failureStep'),
      auto: said.flag('failureAuto') ? true : undefined,
      unknownCode,
      content: message === undefined ? undefined : { message },
    });
  }
  if (name !== 'hindcast.signal') return undefined;
  const [type, code] = [said.text('signalType') ?? missing, said.text('signalCode') ?? missing];
  const value = said.flag('signalValue') ?? false;
  return defined<Note>({ kind: 'signal', at, type, code, value, weight: said.number('signalWeight'), unknownCode });
}

/** What was said. Messages are kept in the shape of the conventions, under a name that tells so: no provider sends them. */
function contentOf({ events, statusMessage }: OtlpSpan, facts: SpanFacts): EventContent | undefined {
  const json = (name: keyof Names): unknown => parsed(facts.text(name));
  const request = defined<object>({
    system: json('systemInstructions'),
    input: json('inputMessages'),
    tools: json('toolDefinitions'),
  });
  const output = json('outputMessages');
  const exception = events.find(({ name }) => name === 'exception')?.attributes;
  const thrown = exception && new SpanFacts(exception);
  const message = thrown?.text('exceptionMessage') ?? statusMessage;
  const content = defined<EventContent>({
    error: message === undefined ? undefined : defined({ message, stack: thrown?.text('exceptionStack') }),
    arguments: json('toolArguments') ?? json('ownToolArguments'),
    result: json('toolResult') ?? json('ownToolResult'),
    request: Object.keys(request).length > 0 ? { genai: request } : undefined,
    response: output === undefined ? undefined : { genai: { output } },
  });
  return Object.keys(content).length > 0 ? content : undefined;
}

function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    // Text that no reader of a recording could go down into stays text.
    return typeof value === 'object' && value !== null && isDeeper(value, PART_NESTING_MAX) ? text : value;
  } catch {
    return text;
  }
}
