/** Reads a recorded answer: JSON, or a stream folded to the body that a plain call returns. Not for the path of a call. */
import type { Assembler, Operation } from './contract.ts';
import { readAnswer } from './wire-stream.ts';

export interface DecodedBody {
  /** Undefined when nothing could be read. */
  body: unknown;
  /** Whether the answer is whole: for a stream, whether the provider closed it. */
  complete: boolean;
}

/** The body that `given` holds: a text, or the bytes of what is none. Never throws: what cannot be read is undefined and not complete. */
export function decodeBody(operation: Operation, given: string | Uint8Array, contentType: string | undefined): DecodedBody {
  try {
    const assembler = operation.assembler?.();
    const { stream, body } = readAnswer(given, contentType, assembler !== undefined);
    if (stream === undefined) return { body, complete: body !== undefined };
    return folded(
      assembler,
      stream.events.map(({ json }) => json),
    );
  } catch {
    return { body: undefined, complete: false };
  }
}

/** The body that the chunks of a stream make up; what is undefined is none. */
export function folded(assembler: Assembler | undefined, chunks: Iterable<unknown>): DecodedBody {
  if (assembler === undefined) return { body: undefined, complete: false };
  for (const chunk of chunks) if (chunk !== undefined) assembler.push(chunk);
  return assembler.result();
}
