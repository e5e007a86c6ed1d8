/** What was said in a recorded event: for export with content, and for whoever looks at a recording. */
import type { MessageContent } from '../events/content.ts';
import type { SpanEvent } from '../events/model.ts';
import type { Operation } from './contract.ts';
import { parseJson, present, some } from './fields.ts';
import { listProviders } from './registered.ts';
import { decodeBody } from './wire-body.ts';

/** Bodies of an event's last exchange, as text; an answer that is no text, as the frames of some streams are none, as bytes. */
export interface ExchangeBodies {
  request?: string;
  response?: string | Uint8Array;
  contentType?: string;
}

/** The operation that an event was a call of; undefined when it is none that we can read. */
function operationOf(event: SpanEvent): Operation | undefined {
  const { api, operation } = event.llm ?? {};
  let first: Operation | undefined;
  // One by one: to ask a provider for its operations may load its code.
  for (const { operations } of listProviders()) {
    for (const one of operations) {
      if (one.api !== api) continue;
      if (one.operation === operation) return one;
      first ??= one;
    }
  }
  return first;
}

/** The event with what was said in its exchange as content of its own: the bodies as the provider's JSON, a stream folded into one. Then `messageContent` needs no bodies. */
export function withBodies(event: SpanEvent, bodies: ExchangeBodies): SpanEvent {
  const operation = operationOf(event);
  if (operation === undefined) return event;
  const request = bodies.request === undefined ? undefined : parseJson(bodies.request);
  const response = bodies.response?.length ? decodeBody(operation, bodies.response, bodies.contentType).body : undefined;
  if (request === undefined && response === undefined) return event;
  return { ...event, content: { ...event.content, ...present({ request, response }) } };
}

/** The messages of an event: read from its exchange, or, where none was seen, from what the event itself holds. Nothing is made up for what neither has. */
export function messageContent(event: SpanEvent, bodies: ExchangeBodies): MessageContent {
  const operation = operationOf(event);
  if (operation === undefined) return {};
  const request = bodies.request === undefined ? undefined : parseJson(bodies.request);
  // Of an answer whose bytes nobody saw, the recording has none; the event itself may say what it was.
  const response = bodies.response?.length ? decodeBody(operation, bodies.response, bodies.contentType).body : undefined;
  return {
    ...operation.input(request ?? event.content?.request),
    ...present({ output: some(operation.output(response ?? event.content?.response)) }),
  };
}
