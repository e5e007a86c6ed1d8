/** How much alike two JSON values are that are not equal: which element of an array became which, and what of a text is another. */
import { isContainer, type Identities } from './json-identity.ts';

/** The part of two strings that differs: all before `at` (UTF-16 units) and all behind the window is the same. */
export interface TextWindow {
  at: number;
  before: string;
  after: string;
}

/** Where two of these differ, two objects are two things unless they are alike otherwise. */
const KINDS = ['role', 'type', 'name'];
/** Of two values of one kind that have nothing in common: still rather a change than a removal and an addition. */
const SAME_KIND = 0.01;
/** Characters at either end of two texts that are looked at to say how much alike they are. */
const TEXT_COMPARED_MAX = 1000;
/** Of arrays and objects, their first elements and members. */
const MEMBERS_COMPARED_MAX = 100;

/** What of two strings differs. A character of two units is not taken apart. */
export function textWindow(before: string, after: string): TextWindow {
  const shorter = Math.min(before.length, after.length);
  let at = 0;
  while (at < shorter && before.charCodeAt(at) === after.charCodeAt(at)) at++;
  if (at > 0 && isHigh(before.charCodeAt(at - 1))) at--;
  let tail = 0;
  while (tail < shorter - at && before.charCodeAt(before.length - 1 - tail) === after.charCodeAt(after.length - 1 - tail)) tail++;
  if (tail > 0 && isLow(before.charCodeAt(before.length - tail))) tail--;
  return { at, before: before.slice(at, before.length - tail), after: after.slice(at, after.length - tail) };
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

/** Above 0 where one may have become the other, the more alike the higher, up to a little over 1; 0 where they are two things. */
export function similarity(a: unknown, b: unknown, identities: Identities): number {
  if (typeof a === 'string' && typeof b === 'string') return SAME_KIND + textShare(a, b);
  if (!isContainer(a) || !isContainer(b)) return isContainer(a) || isContainer(b) || typeof a !== typeof b ? 0 : SAME_KIND;
  if (Array.isArray(a) && Array.isArray(b)) {
    const [one, other] = [a.slice(0, MEMBERS_COMPARED_MAX), b.slice(0, MEMBERS_COMPARED_MAX)];
    const ids = new Set(one.map((value) => identities.of(value)));
    const shared = other.filter((value) => ids.has(identities.of(value))).length;
    return SAME_KIND + shared / Math.max(one.length, other.length, 1);
  }
  return Array.isArray(a) || Array.isArray(b) ? 0 : objectShare(a, b, identities);
}

function objectShare(a: object, b: object, identities: Identities): number {
  const before = new Map<string, unknown>(Object.entries(a));
  const after = new Map<string, unknown>(Object.entries(b));
  const names = new Set([...before.keys(), ...after.keys()].slice(0, MEMBERS_COMPARED_MAX));
  let sum = 0;
  for (const name of names) {
    const [one, other] = [before.get(name), after.get(name)];
    if (identities.of(one) === identities.of(other)) sum += 1;
    else if (typeof one === 'string' && typeof other === 'string') sum += textShare(one, other);
    else if (isContainer(one) && isContainer(other)) sum += 0.25;
  }
  const share = sum / Math.max(names.size, 1);
  const isOther = KINDS.some((name) => identities.of(before.get(name)) !== identities.of(after.get(name)));
  return isOther && share < 0.5 ? 0 : SAME_KIND + share;
}

/** How much of two texts is the same at their ends. */
function textShare(a: string, b: string): number {
  const longer = Math.max(a.length, b.length);
  if (longer === 0) return 1;
  const most = Math.min(a.length, b.length);
  let head = 0;
  while (head < most && head < TEXT_COMPARED_MAX && a.charCodeAt(head) === b.charCodeAt(head)) head++;
  let tail = 0;
  while (
    tail < most - head &&
    tail < TEXT_COMPARED_MAX &&
    a.charCodeAt(a.length - 1 - tail) === b.charCodeAt(b.length - 1 - tail)
  )
    tail++;
  return Math.min(1, (head + tail) / Math.min(longer, 2 * TEXT_COMPARED_MAX));
}
