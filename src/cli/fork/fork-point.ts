/** An event of a session as somebody edits it: what was asked there, what the answer said, what a tool returned. */
import type { EditedCompletion } from '../../events/edits.ts';
import type { SpanEvent } from '../../events/model.ts';
import type { Exchange, Recording } from '../../recording/recording.ts';
import { completionOf } from '../../providers/edited-answer.ts';
import { changeBody } from '../../replay/request-change.ts';
import { oneLine } from '../printable.ts';

/** Operations whose answers are made of text and tool calls: of these an answer can be edited. */
const ANSWERS = new Set(['chat', 'generate_content', 'text_completion']);

export interface ForkPoint {
  id: string;
  /** `#7 chat gpt-4.1-mini` */
  words: string;
  /** Absent: it never ended. */
  event?: SpanEvent;
  /** Of a model call: the body of its request as it was sent; undefined where it was no JSON, or not by `fetch`. */
  request?: unknown;
  /** What an edit changes: what the program asked, with the changes of forks that hold onward. */
  asked?: unknown;
  /** Of a model call whose answer can be edited: what it said. */
  completion?: EditedCompletion;
}

/** What there is to edit at an event. */
export function forkPoint(recording: Recording, id: string, number?: number): ForkPoint {
  const event = recording.events.find((each) => each.id === id);
  const name = event?.name ?? recording.open.find((each) => each.id === id)?.name ?? id;
  const words = oneLine(number === undefined ? name : `#${number} ${name}`);
  const point: ForkPoint = { id, words, ...(event && { event }) };
  if (event?.type !== 'llm') return point;
  // The last attempt is the one that was answered.
  const exchange = [...recording.exchanges.values()].findLast(({ on, asked }) => on === id && asked !== undefined);
  if (exchange === undefined) return point;
  point.request = jsonOf(exchange.requestBody());
  const { onward = [] } = recording.header.fork ?? {};
  point.asked = (exchange.onward ?? []).reduce<unknown>(
    (body, place) => changeBody(body, onward[place] ?? {}).body,
    jsonOf(exchange.askedBody()),
  );
  const completion = completionIn(event, exchange);
  if (completion !== undefined) point.completion = completion;
  return point;
}

function jsonOf(bytes: Uint8Array | undefined): unknown {
  try {
    return bytes === undefined ? undefined : JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}

/** What was said in the first choice; undefined where that cannot be edited, empty where there was no answer. */
function completionIn({ llm }: SpanEvent, exchange: Exchange): EditedCompletion | undefined {
  if (llm === undefined || !ANSWERS.has(llm.operation)) return undefined;
  const { method, url, requestHeaders, status, responseHeaders } = exchange;
  const body = exchange.responseBody();
  const said = completionOf({
    ...{ provider: llm.provider, operation: llm.operation, ...(llm.api !== undefined && { api: llm.api }) },
    request: { method, url, headers: requestHeaders, body: exchange.requestBody() },
    recorded: status === undefined || body === undefined ? undefined : { status, headers: responseHeaders, body },
  });
  return said ?? {};
}
