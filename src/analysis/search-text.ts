/** Where text stands in a session: every text of an event or a header with a word for the place, and the first hit in it with what is around it. */
import type { MessageContent, MessagePart } from '../events/content.ts';
import type { EndLine, SessionLine } from '../events/lines.ts';
import type { Note, SpanEvent } from '../events/model.ts';

/** A text, and where it stands: `name`, `error`, `request (user)`, `attribute plan`, ... */
export interface PlacedText {
  where: string;
  text: string;
}

/** A hit with what is around it. */
export interface Excerpt {
  before: string;
  match: string;
  after: string;
}

/** Of a longer text, only so many UTF-16 units from its beginning are looked at. */
export const TEXT_UNITS_MAX = 1024 * 1024;
const LEAVES_MAX = 10_000;
const DEPTH_MAX = 64;
const AROUND_UNITS = 60;
const MATCH_UNITS_MAX = 200;

/** The pattern of a search, in any case. A text is taken as it is. Throws a SyntaxError for an expression that is none. */
export function patternOf(text: string, { regex }: { regex: boolean }): RegExp {
  return new RegExp(regex ? text : text.replace(/[$()*+./?[\\\]^{|}]/g, String.raw`\$&`), 'iu');
}

/** The first hit in a text; an expression that matches nothing at all, as `a*` may, has none. */
export function findIn(text: string, pattern: RegExp): Excerpt | undefined {
  const whole = text.length > TEXT_UNITS_MAX ? text.slice(0, TEXT_UNITS_MAX) : text;
  const found = pattern.exec(whole);
  if (!found || found[0] === '') return undefined;
  const from = found.index;
  const to = from + found[0].length;
  const first = Math.max(0, from - AROUND_UNITS);
  const last = Math.min(text.length, to + AROUND_UNITS);
  return {
    before: `${first > 0 ? '…' : ''}${whole.slice(first, from).toWellFormed()}`,
    match: found[0].length > MATCH_UNITS_MAX ? `${found[0].slice(0, MATCH_UNITS_MAX).toWellFormed()}…` : found[0],
    after: `${whole.slice(to, last).toWellFormed()}${last < text.length ? '…' : ''}`,
  };
}

/** What is said of a session as a whole. */
export function* sessionTexts(
  header: SessionLine,
  said: Pick<EndLine, 'tags' | 'metadata' | 'links'>,
): Generator<PlacedText, void> {
  const { id, name, agent, environment, service, argv } = header;
  yield* some({ id, name, environment, service, 'command line': argv?.join(' ') });
  yield* some({ agent: agent?.name, 'agent id': agent?.id, 'agent version': agent?.version });
  for (const text of said.tags ?? header.tags ?? []) yield { where: 'tag', text };
  yield* leaves('metadata', said.metadata ?? header.metadata);
  for (const link of said.links ?? header.links ?? []) yield* leaves('link', link);
}

/** What an event says without its messages: names, codes, attributes, arguments and results. */
export function* eventTexts(event: SpanEvent): Generator<PlacedText, void> {
  const { name, agent, error, llm, tool, content } = event;
  yield { where: 'name', text: name };
  yield* some({ agent: agent?.name, 'agent id': agent?.id });
  yield* some({ model: llm?.request.model, 'answering model': llm?.response?.model, provider: llm?.provider });
  yield* some({ tool: tool?.name, 'tool call': tool?.callId, 'response id': llm?.response?.id });
  for (const call of llm?.response?.toolCalls ?? []) yield* some({ 'tool asked for': call.name, 'tool call': call.id });
  yield* some({ 'error type': error?.type, 'error code': error?.code, 'request id': error?.requestId });
  yield* some({ 'error message': content?.error?.message, stack: content?.error?.stack });
  yield* noteTexts(event.notes ?? []);
  yield* leaves('attribute', event.attributes);
  yield* leaves('arguments', content?.arguments);
  yield* leaves('result', content?.result);
}

/** What was said about an event. */
export function* noteTexts(notes: readonly Note[]): Generator<PlacedText, void> {
  for (const note of notes) {
    const where = note.kind;
    yield { where, text: `${note.type} ${note.kind === 'decision' ? note.reasonCode : note.code}` };
    if (note.kind === 'decision') {
      yield* some({ [where]: note.content?.selected });
      for (const text of note.content?.candidates ?? []) yield { where, text };
    } else if (note.kind === 'failure') yield* some({ [where]: note.content?.message });
  }
}

/** The messages of an LLM call. */
export function* messageTexts({ system, input, output, tools }: MessageContent): Generator<PlacedText, void> {
  for (const part of system ?? []) yield* partTexts('system', part);
  for (const message of input ?? []) for (const part of message.parts) yield* partTexts(`request (${message.role})`, part);
  for (const tool of tools ?? []) yield* leaves('tool definition', tool);
  for (const message of output ?? []) for (const part of message.parts) yield* partTexts('answer', part);
}

function* partTexts(where: string, part: MessagePart): Generator<PlacedText, void> {
  // The bytes of an image are no text.
  const { type, content, mime_type: _mime, modality: _modality, ...rest } = part;
  if (content !== undefined && type !== 'blob') yield { where, text: content };
  yield* leaves(where, rest);
}

function* some(texts: Record<string, string | undefined>): Generator<PlacedText, void> {
  for (const [where, text] of Object.entries(texts)) if (text !== undefined && text !== '') yield { where, text };
}

/** The texts in a value, however deep; what has a name is found by that too. */
export function* leaves(where: string, value: unknown): Generator<PlacedText, void> {
  const stack: { key: string; value: unknown; depth: number }[] = [{ key: '', value, depth: 0 }];
  let left = LEAVES_MAX;
  for (let at = stack.pop(); at && left-- > 0; at = stack.pop()) {
    const { key, value: inner, depth } = at;
    if (inner === undefined || inner === null) continue;
    if (typeof inner !== 'object') yield { where, text: key === '' ? String(inner) : `${key}: ${String(inner)}` };
    else if (depth < DEPTH_MAX) {
      const members = Object.entries(inner).map(([name, member]) => ({
        key: Array.isArray(inner) ? key : name,
        value: member as unknown,
        depth: depth + 1,
      }));
      stack.push(...members.reverse());
    }
  }
}
