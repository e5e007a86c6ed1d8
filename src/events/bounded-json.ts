/** JSON within a limit of bytes that is still valid JSON when it had to be cut. */

/** Stands at the end of a text that was cut. */
const CUT_MARK = '…[cut]';

const CUTS_CHARS = [16_384, 4_096, 1_024, 256, 64, 16];

function cutText(text: string, chars: number): string {
  if (text.length <= chars) return text;
  // Not between the halves of a surrogate pair.
  const last = text.charCodeAt(chars - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? chars - 1 : chars) + CUT_MARK;
}

function stringify(value: unknown, chars: number): string | undefined {
  try {
    return JSON.stringify(value, (_key, inner: unknown) => {
      if (typeof inner === 'bigint') return inner.toString();
      return typeof inner === 'string' ? cutText(inner, chars) : inner;
    });
  } catch {
    // Cycles and throwing getters: not ours to repair here.
    return undefined;
  }
}

/**
 * The value as JSON of at most `bytesMax` bytes: long texts inside it are cut first; of an array that is still too long, the first elements go, because the
 * last messages say what happened. Undefined when there is no JSON for it, or none that is short enough.
 */
export function boundedJson(value: unknown, bytesMax: number): string | undefined {
  const whole = stringify(value, Number.POSITIVE_INFINITY);
  if (whole === undefined || Buffer.byteLength(whole) <= bytesMax) return whole;
  let json = whole;
  for (const chars of CUTS_CHARS) {
    json = stringify(value, chars) ?? '';
    if (Buffer.byteLength(json) <= bytesMax) return json;
  }
  if (!Array.isArray(value)) return undefined;
  for (let keep = value.length >> 1; keep > 0; keep >>= 1) {
    json = stringify(value.slice(-keep), CUTS_CHARS.at(-1) as number) ?? '';
    if (Buffer.byteLength(json) <= bytesMax) return json;
  }
  return undefined;
}

/** A text of at most `chars` UTF-16 units, marked when it was cut. */
export const boundedText = cutText;
