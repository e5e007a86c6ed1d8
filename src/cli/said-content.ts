/** What was said in the LLM calls of recordings, in the shape in which sessions are compared. */
import type { SaidContent, SaidIn } from '../analysis/event-view.ts';
import type { SpanEvent } from '../events/model.ts';
import { withBodies } from '../providers/decode.ts';
import type { Exchange, Recording } from '../recording/recording.ts';
import { bodiesOf, messagesOf } from './messages.ts';

/** Finds what was said in an event of one of the recordings: read from its last exchange, and kept nowhere. */
export function saidInRecordings(recordings: readonly Recording[]): SaidIn {
  const last = new Map<string, Exchange>();
  for (const { exchanges } of recordings)
    for (const exchange of exchanges.values()) if (exchange.on !== undefined) last.set(exchange.on, exchange);
  return (event) => saidOf(event, last.get(event.id));
}

function saidOf(event: SpanEvent, exchange: Exchange | undefined): SaidContent {
  const bodies = bodiesOf(exchange);
  const { output, ...asked } = messagesOf(event, bodies);
  const body = bodies.request === undefined ? undefined : parsed(bodies.request);
  const answer = output ?? unread(event, bodies);
  return {
    ...(body !== undefined && { body }),
    ...(Object.keys(asked).length > 0 && { messages: asked }),
    ...(answer !== undefined && { answer }),
  };
}

/** A request that is no JSON is compared as the text that it is. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The body of an answer in which there are no messages, such as embeddings; without its figures. */
function unread(event: SpanEvent, bodies: Parameters<typeof withBodies>[1]): unknown {
  const body = withBodies(event, bodies).content?.response;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const { usage: _usage, ...rest } = body as Record<string, unknown>;
  return rest;
}
