/** Facts of a failure below HTTP: codes and class names, never a message. */
import { codeWord } from '../core/code-word.ts';
import type { ErrorFacts } from '../events/model.ts';

const CAUSES_MAX = 8;

/** The class of an error, as a word. */
export function errorType(error: unknown): string {
  if (typeof error !== 'object' || error === null) return typeof error;
  const { name, constructor } = error as { name?: unknown; constructor?: { name?: unknown } };
  const className = codeWord(constructor?.name);
  // DOMException and plain errors say in `name` what they are.
  if (className === undefined || className === 'Object' || className === 'Error' || className === 'DOMException')
    return codeWord(name) ?? className ?? 'Error';
  return className;
}

/** The system's code of a failed connection (`ECONNREFUSED`, `UND_ERR_SOCKET`), wherever in the chain of causes it is. */
export function systemCode(error: unknown): string | undefined {
  let at: any = error;
  for (let depth = 0; depth < CAUSES_MAX && typeof at === 'object' && at !== null; depth++) {
    const code = codeWord(at.code);
    if (code !== undefined) return code;
    at = at.cause ?? (Array.isArray(at.errors) ? at.errors[0] : undefined);
  }
  return undefined;
}

export function transportError(error: unknown): ErrorFacts {
  // The bare word is what the timers of the SDKs that Fern generates abort with, and so what `fetch` rejects with.
  if (error === 'timeout') return { type: 'TimeoutError' };
  const code = systemCode(error);
  return { type: errorType(error), ...(code !== undefined && { code }) };
}
