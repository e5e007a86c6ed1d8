/** Everything that is known about one event, as lines of text: facts, attempts with their headers, what was asked and what was answered. */
import type { InputMessage, MessageContent, MessagePart } from '../events/content.ts';
import type { Attempt, Note, SpanEvent } from '../events/model.ts';
import { attemptWords, errorWords, noteWords, outcome, runWords, stepWords } from './event-words.ts';
import { duration, money, offset } from '../analysis/figures.ts';
import { clip, oneLine, pad, printable } from './printable.ts';
import type { Terminal } from './terminal.ts';

/** An HTTP attempt of the event as it was recorded. */
export interface AttemptView {
  method: string;
  url: string;
  status?: number | undefined;
  requestHeaders: [string, string][];
  responseHeaders: [string, string][];
  /** How its body ended. */
  end?: string | undefined;
  responseBytes: number;
}

export interface EventDetail {
  event: SpanEvent;
  attempts: AttemptView[];
  /** What was said, decoded from the exchange; absent when the recording holds no content. */
  messages?: MessageContent | undefined;
}

/** Lines of one message or value that are shown without `--verbose`. */
const LINES_MAX = 40;

/** The detail of one event. */
export function renderEvent({ event, attempts, messages }: EventDetail, terminal: Terminal): string[] {
  const lines = [...facts(event, terminal)];
  const section = (title: string, body: string[]): void => {
    if (body.length > 0) lines.push('', terminal.paint('bold', title), ...body);
  };
  section(
    'notes',
    (event.notes ?? []).map((note) => `  ${offset(note.at)}  ${noteWords(note)}${placeOf(note)}`),
  );
  section('attempts', attemptLines(event, attempts, terminal));
  const { content } = event;
  if (messages) {
    section(
      'system',
      (messages.system ?? []).flatMap((part) => partLines(part, terminal)),
    );
    section(
      'request',
      (messages.input ?? []).flatMap((message) => messageLines(message, terminal)),
    );
    section(
      'tools',
      (messages.tools ?? []).map(
        ({ name, description = '' }) => `  ${oneLine(name)}  ${terminal.paint('dim', oneLine(description))}`,
      ),
    );
    section(
      'answer',
      (messages.output ?? []).flatMap((message) => messageLines(message, terminal)),
    );
  } else {
    section('request', valueLines(content?.request, terminal));
    section('answer', valueLines(content?.response, terminal));
  }
  section('arguments', valueLines(content?.arguments, terminal));
  section('result', valueLines(content?.result, terminal));
  section('error', valueLines(content?.error?.stack ?? content?.error?.message, terminal));
  return lines;
}

/** The step that a failure of a run is about. */
const placeOf = (note: Note): string =>
  note.kind === 'failure' && note.step !== undefined ? ` ${oneLine(`(in event ${note.step})`)}` : '';

function facts(event: SpanEvent, terminal: Terminal): string[] {
  const { llm, tool } = event;
  const rows: [string, string | number | undefined][] = [
    ['id', event.id],
    ['parent', event.parent],
    ['trace', event.trace],
    ['type', event.type],
    ['status', outcome(event)],
    ['error', event.error && errorWords(event.error)],
    ['from', event.error?.from && `event ${event.error.from}`],
    ['run', event.run && runWords(event.run)],
    ['in run', event.runId],
    ['step', event.step && `${event.step.seq}: ${stepWords(event.step, event.step.retryOf && `event ${event.step.retryOf}`)}`],
    ['agent', event.agent && members(event.agent)],
    ['at', offset(event.start)],
    ['took', duration(event.end - event.start)],
    ['operation', llm && [llm.provider, llm.api, llm.operation].filter(Boolean).join(' ')],
    ['server', llm?.server && `${llm.server.address}:${llm.server.port}`],
    ['model', llm && models(llm.request.model, llm.response?.model)],
    ['settings', llm && members({ ...llm.request, model: undefined })],
    ['response', llm?.response && members({ ...llm.response, model: undefined, toolCalls: undefined })],
    ['asks for', llm?.response?.toolCalls?.map(({ name, id }) => (id === undefined ? name : `${name} (${id})`)).join(', ')],
    ['tokens', llm && (llm.usage ? members(llm.usage) : 'the provider did not say')],
    [
      'cost',
      event.cost &&
        `${money(event.cost.usd)} (${event.cost.priced === 'provider' ? 'as the provider said' : `prices of ${event.cost.priced}`})`,
    ],
    ['first chunk', llm?.firstChunkUs === undefined ? undefined : `after ${duration(llm.firstChunkUs)}`],
    ['chunks', llm?.chunks],
    ['tool', tool && [tool.name, tool.type, tool.callId].filter(Boolean).join(' ')],
    ['retries', attemptWords(event)],
    ['attributes', event.attributes && members(event.attributes)],
  ];
  const shown = rows.filter(([, value]) => value !== undefined && value !== '');
  const width = Math.max(...shown.map(([name]) => name.length));
  return [
    terminal.paint('bold', oneLine(event.name)),
    ...shown.map(([name, value]) => `  ${terminal.paint('dim', pad(name, width))}  ${oneLine(String(value))}`),
  ];
}

function models(asked: string | undefined, answered: string | undefined): string | undefined {
  return asked !== undefined && answered !== undefined && asked !== answered
    ? `${asked}, answered by ${answered}`
    : (answered ?? asked);
}

function members(values: object): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

function attemptLines({ attempts: timings = [] }: SpanEvent, attempts: AttemptView[], terminal: Terminal): string[] {
  const lines: string[] = [];
  for (let i = 0; i < Math.max(timings.length, attempts.length); i++) {
    lines.push(
      `  ${i + 1}. ${oneLine([attempts[i] && `${attempts[i]?.method} ${attempts[i]?.url}`, timings[i] && timingWords(timings[i] as Attempt)].filter(Boolean).join('  '))}`,
    );
    const attempt = attempts[i];
    if (!attempt) continue;
    for (const [name, value] of attempt.requestHeaders)
      lines.push(terminal.paint('dim', `     > ${oneLine(`${name}: ${value}`)}`));
    for (const [name, value] of attempt.responseHeaders)
      lines.push(terminal.paint('dim', `     < ${oneLine(`${name}: ${value}`)}`));
    if (attempt.end !== undefined) lines.push(terminal.paint('dim', `     body ${attempt.end}, ${attempt.responseBytes} bytes`));
  }
  return lines;
}

function timingWords({ at, us, status, error, retryAfterMs, requestId }: Attempt): string {
  return [
    `${status ?? error ?? 'no answer'} in ${duration(us)}, sent ${offset(at)}`,
    retryAfterMs === undefined ? '' : `asked to wait ${retryAfterMs} ms`,
    requestId ?? '',
  ]
    .filter(Boolean)
    .join(', ');
}

function messageLines(message: InputMessage & { finish_reason?: string }, terminal: Terminal): string[] {
  const finish = message.finish_reason === undefined ? '' : terminal.paint('dim', ` (${oneLine(message.finish_reason)})`);
  return [
    `  ${terminal.paint('cyan', oneLine(message.role))}${finish}`,
    ...message.parts.flatMap((part) => partLines(part, terminal)),
  ];
}

function partLines(part: MessagePart, terminal: Terminal): string[] {
  if (part.type === 'text' && part.content !== undefined) return valueLines(part.content, terminal);
  const { type, ...rest } = part;
  const { content, ...others } = rest;
  const head = `${type}${Object.keys(others).length > 0 ? ` ${JSON.stringify(others)}` : ''}`;
  return [`    ${terminal.paint('dim', '▸')} ${oneLine(head)}`, ...(content === undefined ? [] : valueLines(content, terminal))];
}

/** A string as it is, anything else as JSON; cut after LINES_MAX lines unless more was asked for. */
function valueLines(value: unknown, { verbose, width, paint }: Terminal): string[] {
  if (value === undefined) return [];
  const text = typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? String(value));
  const all = printable(text).split('\n');
  const shown = verbose ? all : all.slice(0, LINES_MAX);
  const lines = shown.map((line) => `    ${verbose ? line : clip(line, Math.max(20, width - 4))}`);
  if (all.length > shown.length) lines.push(paint('dim', `    … ${all.length - shown.length} more lines: --verbose shows them`));
  return lines;
}
