/** Reads a recorded answer: JSON, or a stream of server-sent events folded to the body that a plain call returns. Not for the path of a call. */
import { createParser } from 'eventsource-parser';
import type { Operation } from './contract.ts';
import { parseJson } from './fields.ts';

export interface DecodedBody {
  /** Undefined when nothing could be read. */
  body: unknown;
  /** Whether the answer is whole: for a stream, whether the provider closed it. */
  complete: boolean;
}

function isEventStream(text: string, contentType: string | undefined): boolean {
  if (contentType !== undefined && /event-stream/i.test(contentType)) return true;
  return /^\uFEFF?(?::|(?:data|event|id|retry):)/.test(text);
}

/** The chunks of a stream as an SDK would hand them out; what is no JSON is left out. */
function* chunks(text: string): Generator {
  const found: { data: string; event?: string | undefined }[] = [];
  const parser = createParser({ onEvent: (message) => found.push(message), maxBufferSize: Math.max(text.length, 1) });
  parser.feed(text);
  for (const { data } of found) {
    if (data === '[DONE]') yield data;
    else {
      const chunk = parseJson(data);
      if (chunk !== undefined) yield chunk;
    }
  }
}

/** The body that `text` holds. Never throws: what cannot be read is undefined and not complete. */
export function decodeBody(operation: Operation, text: string, contentType: string | undefined): DecodedBody {
  try {
    if (!isEventStream(text, contentType)) {
      const body = parseJson(text);
      return { body, complete: body !== undefined };
    }
    const assembler = operation.assembler?.();
    if (assembler === undefined) return { body: undefined, complete: false };
    for (const chunk of chunks(text)) assembler.push(chunk);
    return assembler.result();
  } catch {
    return { body: undefined, complete: false };
  }
}
