/** The messages of an LLM call of a recording, whoever recorded it. */
import type { MessageContent } from '../events/content.ts';
import type { SpanEvent } from '../events/model.ts';
import { messageContent, type ExchangeBodies } from '../providers/decode.ts';
import type { Exchange } from '../recording/recording.ts';

/** What was said in an event: as an import brought it, else read from its last exchange. Empty when nobody can read it. */
export function messagesOf(event: SpanEvent, bodies: ExchangeBodies): MessageContent {
  return imported(event) ?? messageContent(event, bodies);
}

/** The bodies of an exchange. */
export function bodiesOf(exchange: Exchange | undefined): ExchangeBodies {
  const request = exchange?.requestText();
  const response = exchange?.responseContent();
  const contentType = exchange?.responseHeaders.find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  return {
    ...(request !== undefined && { request }),
    ...(response !== undefined && { response }),
    ...(contentType !== undefined && { contentType }),
  };
}

/** Spans bring messages in the conventions' shape and not in a provider's: an import keeps them so (src/recording/import-otlp.ts). */
function imported({ content }: SpanEvent): MessageContent | undefined {
  const said = { ...inShape(content?.request, ['system', 'input', 'tools']), ...inShape(content?.response, ['output']) };
  return Object.keys(said).length > 0 ? said : undefined;
}

function inShape(value: unknown, members: readonly string[]): MessageContent | undefined {
  if (value === null || typeof value !== 'object' || !('genai' in value)) return undefined;
  const messages = value.genai as Record<string, unknown>;
  const known = members.filter((name) => Array.isArray(messages[name]));
  return Object.fromEntries(known.map((name) => [name, messages[name]]));
}
