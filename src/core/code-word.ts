/** Words of codes: what a library or a server may put where a code belongs, but never a sentence, which could hold what somebody said. */

const CODE = /^[\w.:/-]{1,64}$/;

/** `value` where it is a code, undefined where it could be a sentence. */
export function codeWord(value: unknown): string | undefined {
  return typeof value === 'string' && CODE.test(value) ? value : undefined;
}
