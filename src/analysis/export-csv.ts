/** Events as a table, one row each. Columns are only ever added at the end of their part, so that a sheet made from an older export still fits. */
import { stringify } from 'csv-stringify/sync';
import { CONTROL_CHARACTERS } from '../core/control-characters.ts';
import type { MessageContent } from '../events/content.ts';
import type { Note, SpanEvent } from '../events/model.ts';
import type { ExportedSession } from './export-session.ts';

interface Row {
  event: SpanEvent;
  session: ExportedSession;
  messages: MessageContent;
}

type Value = string | number | undefined;

const COLUMNS: Readonly<Record<string, (row: Row) => Value>> = {
  session: ({ session }) => session.header.id,
  session_started: ({ session }) => time(session.header.epoch),
  agent: ({ event, session }) => (event.agent ?? session.header.agent)?.name ?? (event.agent ?? session.header.agent)?.id,
  agent_version: ({ event, session }) => (event.agent ?? session.header.agent)?.version,
  environment: ({ event, session }) => event.run?.environment ?? session.header.environment,
  event: ({ event }) => event.id,
  trace: ({ event }) => event.trace,
  parent: ({ event }) => event.parent,
  run: ({ event }) => event.runId,
  type: ({ event }) => event.type,
  name: ({ event }) => event.name,
  started: ({ event, session }) => time(session.header.epoch + event.start),
  start_us: ({ event }) => event.start,
  took_us: ({ event }) => event.end - event.start,
  status: ({ event }) => event.status,
  error_type: ({ event }) => event.error?.type,
  error_code: ({ event }) => event.error?.code,
  http_status: ({ event }) => event.error?.status,
  run_status: ({ event }) => event.run?.status,
  step: ({ event }) => event.step?.seq,
  step_type: ({ event }) => event.step?.type,
  step_attempt: ({ event }) => event.step?.attempt,
  operation: ({ event }) => event.llm?.operation,
  provider: ({ event }) => event.llm?.provider,
  model: ({ event }) => event.llm?.request.model,
  answering_model: ({ event }) => event.llm?.response?.model,
  finish_reasons: ({ event }) => event.llm?.response?.finishReasons?.join(' '),
  input_tokens: ({ event }) => event.llm?.usage?.input,
  output_tokens: ({ event }) => event.llm?.usage?.output,
  cache_read_tokens: ({ event }) => event.llm?.usage?.cacheRead,
  cache_write_tokens: ({ event }) => event.llm?.usage?.cacheWrite,
  reasoning_tokens: ({ event }) => event.llm?.usage?.reasoning,
  cost_usd: ({ event }) => event.cost?.usd,
  priced: ({ event }) => event.cost?.priced,
  first_chunk_us: ({ event }) => event.llm?.firstChunkUs,
  http_attempts: ({ event }) => event.attempts?.length,
  tool: ({ event }) => event.tool?.name,
  tool_call: ({ event }) => event.tool?.callId,
  decisions: ({ event }) => said(event, 'decision'),
  failures: ({ event }) => said(event, 'failure'),
  signals: ({ event }) => said(event, 'signal'),
};

/** With content only. */
const CONTENT_COLUMNS: Readonly<Record<string, (row: Row) => Value>> = {
  error_message: ({ event }) => event.content?.error?.message,
  arguments: ({ event }) => text(event.content?.arguments),
  result: ({ event }) => text(event.content?.result),
  system: ({ messages }) => text(messages.system),
  request: ({ event, messages }) => text(messages.input ?? event.content?.request),
  answer: ({ event, messages }) => text(messages.output ?? event.content?.response),
  attributes: ({ event }) => text(event.attributes),
};

/** The row of titles. */
export function csvHead(content: boolean): string {
  return stringify([[...Object.keys(COLUMNS), ...(content ? Object.keys(CONTENT_COLUMNS) : [])]]);
}

/** The rows of a session. A text that a spreadsheet would take for a formula is preceded by an apostrophe. */
export function csvRows(session: ExportedSession): string {
  const { messages } = session;
  const columns = [...Object.values(COLUMNS), ...(messages ? Object.values(CONTENT_COLUMNS) : [])];
  const rows = session.events.map((event) => {
    const row: Row = { event, session, messages: messages?.(event) ?? {} };
    return columns.map((column) => plain(column(row) ?? ''));
  });
  return stringify(rows, { escape_formulas: true });
}

/** Without what a terminal would obey: the rows may go to one. */
const plain = (value: NonNullable<Value>): NonNullable<Value> =>
  typeof value === 'string' ? value.replace(/\r\n?/g, '\n').replace(CONTROL_CHARACTERS, '') : value;

const time = (us: number): string => new Date(us / 1000).toISOString();

function said({ notes = [] }: SpanEvent, kind: Note['kind']): string | undefined {
  const words = notes
    .filter((note) => note.kind === kind)
    .map((note) =>
      note.kind === 'decision'
        ? `${note.type}/${note.reasonCode}`
        : `${note.type}/${note.code}${note.kind === 'signal' ? `=${note.value}` : ''}`,
    );
  return words.length === 0 ? undefined : words.join(' ');
}

function text(value: unknown): string | undefined {
  return value === undefined || typeof value === 'string' ? value : JSON.stringify(value);
}
