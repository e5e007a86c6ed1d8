/** Messages of npm `ws`, in the forms in which it gives them to the app. */
import { bytesOf } from './websocket-what.ts';

/** As it stands in the recording, beside its bytes. */
export interface MessageData {
  form: 'text' | 'buffer' | 'arraybuffer' | 'fragments' | 'blob';
  /** What the listeners are told; absent: nothing, by an old `ws`. */
  binary?: boolean;
  /** Bytes of each fragment. */
  sizes?: number[];
}

/** What the receiver tells; `given` is what the app gets. */
export function packedMessage(
  value: unknown,
  binary: unknown,
  isBlob: boolean,
): { data: MessageData; bytes: Uint8Array; given: unknown } {
  const told = typeof binary === 'boolean' ? { binary } : {};
  if (typeof value === 'string') return { data: { form: 'text', ...told }, bytes: Buffer.from(value), given: value };
  if (Array.isArray(value)) {
    const parts = value as Uint8Array[];
    return {
      data: { form: 'fragments', ...told, sizes: parts.map(({ length }) => length) },
      bytes: Buffer.concat(parts),
      given: value,
    };
  }
  const bytes = bytesOf(value);
  if (value instanceof ArrayBuffer) return { data: { form: 'arraybuffer', ...told }, bytes, given: value };
  return isBlob && binary === true
    ? { data: { form: 'blob', ...told }, bytes, given: new Blob([bytes]) }
    : { data: { form: 'buffer', ...told }, bytes, given: value };
}

/** What a listener is called with. */
export function unpackedMessage({ form, binary, sizes = [] }: MessageData, bytes: Uint8Array): unknown[] {
  const more = binary === undefined ? [] : [binary];
  const whole = Buffer.from(bytes);
  if (form === 'text') return [whole.toString(), ...more];
  if (form === 'arraybuffer') return [Uint8Array.from(bytes).buffer, ...more];
  if (form === 'blob') return [new Blob([Uint8Array.from(bytes)]), ...more];
  if (form === 'buffer') return [whole, ...more];
  let at = 0;
  return [sizes.map((size) => whole.subarray(at, (at += size))), ...more];
}
