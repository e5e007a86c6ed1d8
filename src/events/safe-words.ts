/**
 * Codes, ids and names come from code, but some of them by way of a server's answer. What does not look like one is not let through: a text that a
 * provider put where a code belongs must not leave the machine as one.
 */

const CODE = /^[\w.:/@+-]{1,128}$/;
const ID = /^[\x21-\x7e]{1,256}$/;
const NAME_CHARS_MAX = 256;
/** Some who carry a call out have names of up to three words. */
const TITLE = /^[\w.:/@+()-]+(?: [\w.:/@+()-]+){0,2}$/;
const TITLE_CHARS_MAX = 48;
/** Absolute, or from here, or from home; of either system. */
const PATH = /^(?:[./~\\]|[A-Za-z]:[\\/]|file:)/;

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

/** The value as the name of a model: one word. Of a path, as servers of local models have it, its last part. */
export function modelName(value: string | undefined): string | undefined {
  const model = idOf(value);
  return model === undefined || !isPath(model) ? model : idOf(model.split(/[\\/]/).findLast((part) => part !== ''));
}

/** Whether a name is where something lies. */
export function isPath(value: string): boolean {
  return PATH.test(value);
}

/** The value as what somebody calls himself, by way of an answer: three words at most. */
export function titleOf(value: string | undefined): string | undefined {
  return typeof value === 'string' && value.length <= TITLE_CHARS_MAX && TITLE.test(value) ? value : undefined;
}

/** The name of a call of a model: what it does, and the model where it has a name. */
export function callName(operation: string, model: string | undefined): string {
  const [what, name] = [codeOf(operation) ?? 'unknown', modelName(model)];
  return name === undefined ? what : `${what} ${name}`;
}
