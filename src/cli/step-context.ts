/** What a model is told in a call, and how that differs from the call before, as lines of text. */
import { count } from '../analysis/figures.ts';
import { diffJson, type Change } from '../analysis/json-diff.ts';
import type { MessagePart } from '../events/content.ts';
import type { Moment, TimedEvent } from '../analysis/timeline.ts';
import { oneLine } from './printable.ts';
import type { StepSession } from './step-session.ts';
import { eventWords, inOneLine, lineOf, messageLines, valueLines, type Page } from './step-words.ts';

/** How large the context of a call is, and how much of it is new. */
export function contextWords(source: StepSession['source'], call: TimedEvent): string {
  const { messages, raw } = source.saidIn(call);
  const { event } = call.node;
  const known = messages.input?.length ?? event?.llm?.request.messageCount;
  const tools = messages.tools?.length ?? event?.llm?.request.tools?.length ?? 0;
  const before = call.previousCall;
  const had = before && (source.saidIn(before).messages.input?.length ?? before.node.event?.llm?.request.messageCount);
  return [
    known === undefined ? (raw === undefined ? 'not recorded' : `${raw.length} characters`) : count(known, 'message'),
    tools > 0 ? count(tools, 'tool') : '',
    before && had !== undefined && known !== undefined ? `#${before.node.number} had ${had}` : '',
  ]
    .filter(Boolean)
    .join(', ');
}

/** The text of an answer. */
export function answerWords(source: StepSession['source'], call: TimedEvent): string {
  const parts = source.saidIn(call).messages.output?.flatMap((message) => message.parts) ?? [];
  return parts.flatMap(({ type, content }) => (type === 'text' && content !== undefined ? [content] : [])).join(' ');
}

/** The model call that a moment is about: the one that it happens in, else the last of its run, else the last of all. */
function callAt({ timeline }: StepSession, { index, of }: Moment): TimedEvent | undefined {
  for (let at = of; at !== undefined; at = at.parent) if (at.node.type === 'llm') return at;
  const { run, runs } = timeline.stateAt(index);
  if (run.lastRequest) return run.lastRequest;
  return [...runs.values()]
    .flatMap(({ lastRequest }) => lastRequest ?? [])
    .sort((a, b) => a.begin - b.begin)
    .at(-1);
}

/** The whole context of the model call that a moment is about, with the answer if it has come. */
export function contextLines(session: StepSession, moment: Moment, page: Page): string[] {
  const call = callAt(session, moment);
  if (call === undefined) return ['No model was called yet.'];
  const { source } = session;
  const { messages, raw, context } = source.saidIn(call);
  const hasEnded = call.end !== undefined && call.end <= moment.index;
  const { output, ...request } = messages;
  const lines = [
    lineOf(
      [
        [`${eventWords(call)}  `, 'bold'],
        [hasEnded ? '' : 'not answered yet', 'dim'],
      ],
      page,
    ),
  ];
  if (Object.keys(context.settings).length > 0)
    lines.push(lineOf([['  settings  ', 'dim'], [inOneLine(context.settings)]], page));
  const said = messageLines({ ...request, ...(hasEnded && output && { output }) }, page);
  if (said.length > 0) lines.push(...said);
  else if (raw !== undefined) lines.push(...valueLines(raw, page, '  '));
  else
    lines.push(
      `  ${source.hasContent(call) ? 'What was said is not in this recording.' : 'Without content: what was said is not in this recording.'}`,
    );
  return lines;
}

/** How the context differs from that of the model call before. */
export function diffLines(session: StepSession, moment: Moment, page: Page): string[] {
  const call = callAt(session, moment);
  if (call === undefined) return ['No model was called yet.'];
  const { source } = session;
  const { previousCall } = call;
  if (previousCall === undefined) return [`${eventWords(call)} is the first model call of its run: all of its context is new.`];
  const lines = [lineOf([[`${eventWords(previousCall)} → ${eventWords(call)}`, 'bold']], page)];
  const [before, after] = [source.saidIn(previousCall), source.saidIn(call)];
  const isSaid = before.context.input.length > 0 || after.context.input.length > 0;
  const changes = diffJson(before.context, after.context);
  for (const change of changes) lines.push(...changeLines(change, page));
  if (!isSaid) {
    const [from, to] = [previousCall, call].map(({ node }) => node.event?.llm?.request.messageCount);
    if (from !== undefined && to !== undefined) lines.push(`  messages: ${from} → ${to}`);
    const isRaw = before.raw !== undefined || after.raw !== undefined;
    const why = isRaw
      ? 'A request could not be taken apart: m shows it as it was sent.'
      : 'The messages are not in this recording.';
    lines.push(`  ${source.hasContent(call) ? why : 'Without content: the messages are not in this recording.'}`);
  } else if (changes.length === 0) lines.push('  The context is the same.');
  return lines;
}

function changeLines(change: Change, page: Page): string[] {
  const at = oneLine(change.path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')).replace(/^\./, '');
  const line = (mark: string, style: 'green' | 'red' | 'yellow', text: string): string =>
    lineOf(
      [
        [`  ${mark} `, style],
        [`${at}  `, 'dim'],
        [text, style],
      ],
      page,
    );
  switch (change.kind) {
    case 'added':
      return [line('+', 'green', spoken(change.value))];
    case 'removed':
      return [line('-', 'red', spoken(change.value))];
    case 'moved':
      return [line('~', 'yellow', `moved: ${spoken(change.value)}`)];
    case 'changed':
      return [
        line('-', 'red', spoken(change.text?.before ?? change.before)),
        line('+', 'green', spoken(change.text?.after ?? change.after)),
      ];
    default:
      return [line('…', 'yellow', `compared up to here (${change.limit})`)];
  }
}

/** A message as somebody would say it; anything else as JSON. */
function spoken(value: unknown): string {
  if (value === null || typeof value !== 'object' || !('role' in value) || !('parts' in value) || !Array.isArray(value.parts))
    return inOneLine(value);
  return oneLine(`${String(value.role)}: ${(value.parts as MessagePart[]).map(spokenPart).join(' ')}`);
}

function spokenPart(part: MessagePart): string {
  if (part.type === 'text' && part.content !== undefined) return part.content;
  if (part.type === 'tool_call' && part.name !== undefined) return `calls ${part.name} ${inOneLine(part.arguments ?? {})}`;
  if (part.type === 'tool_call_response' && part.response !== undefined) return inOneLine(part.response);
  return inOneLine(part);
}
