/** What a thrown value said: content, never to be taken for a code. */

const CHARS_MAX = 100_000;

/** Message and stack of anything that can be thrown, each cut to 100,000 characters. */
export function saidBy(error: unknown): { message: string; stack?: string } {
  if (!(error instanceof Error)) return { message: String(error).slice(0, CHARS_MAX) };
  const message = String(error.message).slice(0, CHARS_MAX);
  return typeof error.stack === 'string' ? { message, stack: error.stack.slice(0, CHARS_MAX) } : { message };
}
