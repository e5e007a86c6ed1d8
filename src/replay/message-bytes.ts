/** Messages between processes and threads, as bytes: JSON where it says all of the message, else as Node clones it. */
import { isDeepStrictEqual } from 'node:util';
import { deserialize, serialize } from 'node:v8';

/** `json`: one line of it. `clone`: of the structured clone algorithm. */
export type MessageForm = 'json' | 'clone';

export interface MessageBytes {
  form: MessageForm;
  bytes: Uint8Array;
}

/** The message as bytes; null: it holds what only this process has, such as a port. */
export function messageBytes(message: unknown): MessageBytes | null {
  try {
    const json = JSON.stringify(message);
    if (json !== undefined && isDeepStrictEqual(JSON.parse(json), message))
      return { form: 'json', bytes: Buffer.from(`${json}\n`) };
  } catch {
    // Not JSON.
  }
  try {
    return { form: 'clone', bytes: serialize(message) };
  } catch {
    return null;
  }
}

/** The message again. */
export function messageOf({ form, bytes }: MessageBytes): unknown {
  return form === 'json' ? JSON.parse(Buffer.from(bytes).toString()) : deserialize(bytes);
}
