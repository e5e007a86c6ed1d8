/** JSON pointers (RFC 6901), such as `/messages/0/content`: where in a JSON value something is. */

/** The names and numbers that a pointer leads through; null where the text is none. The empty pointer is the whole value. */
export function pointerTokens(pointer: string): string[] | null {
  if (pointer === '') return [];
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) return null;
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The pointer to a member of what `pointer` leads to. */
export function pointerTo(pointer: string, member: string | number): string {
  return `${pointer}/${String(member).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** Why something could not be put where a pointer leads; null: it is there. */
export type PointerFault = string | null;

/**
 * Puts `value` where `pointer` leads to in `root`; undefined takes away what is there. The place that it is in must be there, the member need not: `/a/-` and the number after the last
 * one add an element. Changes `root`; the whole value cannot be replaced.
 */
export function putAt(root: unknown, pointer: string, value: unknown): PointerFault {
  const tokens = pointerTokens(pointer);
  if (tokens === null) return 'it is no JSON pointer: one begins with "/", as /messages/0/content';
  const last = tokens.pop();
  if (last === undefined) return 'the whole cannot be replaced: name a member, as /temperature';
  let at = root;
  let so = '';
  for (const token of tokens) {
    at = memberOf(at, token);
    so = pointerTo(so, token);
    if (typeof at !== 'object' || at === null) return `there is no ${so} in it that has members`;
  }
  if (Array.isArray(at)) return putInto(at, last, value);
  if (typeof at !== 'object' || at === null) return 'it is no object';
  // Never the prototype: a member that is called so is an own one.
  if (value === undefined) delete (at as Record<string, unknown>)[last];
  else Object.defineProperty(at, last, { value, writable: true, enumerable: true, configurable: true });
  return null;
}

function memberOf(value: unknown, token: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, token)) return undefined;
  // `length` is an own member of a list, and no element.
  return Array.isArray(value) && !isIndex(token) ? undefined : (value as Record<string, unknown>)[token];
}

const isIndex = (token: string): boolean => /^(?:0|[1-9]\d{0,8})$/.test(token);

function putInto(list: unknown[], token: string, value: unknown): PointerFault {
  const at = token === '-' ? list.length : isIndex(token) ? Number(token) : NaN;
  const isThere = at < list.length;
  if (!isThere && (value === undefined || at !== list.length)) return `a list of ${list.length} has no element ${token}`;
  if (value === undefined) list.splice(at, 1);
  else list[at] = value;
  return null;
}
