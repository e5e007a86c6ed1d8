/** What was sent where an edit had changed what the program asked: kept as a difference to that. */
import type { SentBody } from '../events/lines.ts';

/** `sent` as a difference to `asked`. */
export function sentBody(asked: string, sent: string): SentBody {
  const most = Math.min(asked.length, sent.length);
  let head = 0;
  while (head < most && asked[head] === sent[head]) head++;
  let tail = 0;
  while (tail < most - head && asked.at(-1 - tail) === sent.at(-1 - tail)) tail++;
  // Half of a surrogate pair is no text.
  if (/[\uD800-\uDBFF]/.test(sent[head - 1] ?? '')) head--;
  if (/[\uDC00-\uDFFF]/.test(sent[sent.length - tail] ?? '')) tail--;
  return { head, tail, mid: sent.slice(head, sent.length - tail) };
}

/** What was sent; undefined where the difference is to another text. */
export function sentText(asked: string, { head, tail, mid }: SentBody): string | undefined {
  return head + tail > asked.length ? undefined : asked.slice(0, head) + mid + asked.slice(asked.length - tail);
}
