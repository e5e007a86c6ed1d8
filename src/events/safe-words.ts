/**
 * Codes, ids and names come from code, but some of them by way of a server's answer. What does not look like one is not let through: a text that a
 * provider put where a code belongs must not leave the machine as one.
 */

const CODE = /^[\w.:/@+-]{1,128}$/;
const ID = /^[\x21-\x7e]{1,256}$/;
const NAME_CHARS_MAX = 256;

/** The value if it looks like a code (no spaces, at most 128 characters), `_OTHER` if it does not, undefined if there is none. */
export function codeOf(value: string | undefined): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  return CODE.test(value) ? value : '_OTHER';
}

/** The value if it looks like an id (printable ASCII without spaces, at most 256 characters). */
export function idOf(value: string | undefined): string | undefined {
  return typeof value === 'string' && ID.test(value) ? value : undefined;
}

/** The value as a name: its first line, at most 256 characters. */
export function nameOf(value: string | undefined): string | undefined {
  if (typeof value !== 'string') return undefined;
  const line = value.split('\n', 1)[0] as string;
  return line === '' ? undefined : line.slice(0, NAME_CHARS_MAX);
}
