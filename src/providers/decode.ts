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
  const known = listProviders()
    .flatMap(({ operations }) => operations)
    .filter((one) => one.api === api);
  return known.find((one) => one.operation === operation) ?? known[0];
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
