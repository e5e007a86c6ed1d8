/** How the body of one request differs from that of another: member by member where both are JSON, else as texts. */

/** One difference. `path` is empty for the whole body. */
export type Difference =
  | { op: 'added'; path: string; after: unknown }
  | { op: 'removed'; path: string; before: unknown }
  | { op: 'changed'; path: string; before: unknown; after: unknown };

/** Longer arrays are compared place by place: aligning them costs the product of their lengths. */
const ALIGNED_MAX = 1_000;

/** What is different in `after`; both are bodies as text. */
export function diffBodies(before: string, after: string): Difference[] {
  const differences: Difference[] = [];
  compare(parsed(before), parsed(after), '', differences);
  return differences;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function compare(before: unknown, after: unknown, path: string, into: Difference[]): void {
  if (JSON.stringify(before) === JSON.stringify(after)) return;
  if (Array.isArray(before) && Array.isArray(after)) {
    compareArrays(before, after, path, into);
    return;
  }
  if (isObject(before) && isObject(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const at = path === '' ? name : `${path}.${name}`;
      if (!Object.hasOwn(before, name)) into.push({ op: 'added', path: at, after: after[name] });
      else if (!Object.hasOwn(after, name)) into.push({ op: 'removed', path: at, before: before[name] });
      else compare(before[name], after[name], at, into);
    }
    return;
  }
  into.push({ op: 'changed', path, before, after });
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Elements that are the same are aligned; of those between, as many as there are on both sides are compared with one another. */
function compareArrays(before: unknown[], after: unknown[], path: string, into: Difference[]): void {
  for (const { from, to, fromAfter, toAfter } of gapsOf(before, after)) {
    const both = Math.min(to - from, toAfter - fromAfter);
    for (let index = 0; index < both; index++) {
      compare(before[from + index], after[fromAfter + index], `${path}[${fromAfter + index}]`, into);
    }
    for (let at = from + both; at < to; at++) into.push({ op: 'removed', path: `${path}[${at}]`, before: before[at] });
    for (let at = fromAfter + both; at < toAfter; at++) into.push({ op: 'added', path: `${path}[${at}]`, after: after[at] });
  }
}

interface Gap {
  from: number;
  to: number;
  fromAfter: number;
  toAfter: number;
}

/** The stretches between the elements of a longest common subsequence. */
function gapsOf(before: unknown[], after: unknown[]): Gap[] {
  const a = before.map((element) => JSON.stringify(element));
  const b = after.map((element) => JSON.stringify(element));
  if (a.length > ALIGNED_MAX || b.length > ALIGNED_MAX) return [{ from: 0, to: a.length, fromAfter: 0, toAfter: b.length }];
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i]![j] = a[i] === b[j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
    }
  }
  const gaps: Gap[] = [];
  let gap: Gap = { from: 0, to: 0, fromAfter: 0, toAfter: 0 };
  while (gap.to < a.length || gap.toAfter < b.length) {
    const { to, toAfter } = gap;
    if (to < a.length && toAfter < b.length && a[to] === b[toAfter]) {
      gaps.push(gap);
      gap = { from: to + 1, to: to + 1, fromAfter: toAfter + 1, toAfter: toAfter + 1 };
    } else if (toAfter >= b.length || (to < a.length && lengths[to + 1]![toAfter]! >= lengths[to]![toAfter + 1]!)) gap.to++;
    else gap.toAfter++;
  }
  gaps.push(gap);
  return gaps;
}

const SHOWN_CHARS = 120;
/** What stands before the first differing character. */
const CONTEXT_CHARS = 24;
const SHOWN_DIFFERENCES = 12;

/** Differences for a person to read. */
export function renderDifferences(differences: readonly Difference[]): string[] {
  const lines = differences.slice(0, SHOWN_DIFFERENCES).flatMap((difference) => {
    const name = difference.path === '' ? 'the body' : difference.path;
    if (difference.op === 'added') return [`  + ${name}  ${shown(difference.after)}`];
    if (difference.op === 'removed') return [`  - ${name}  ${shown(difference.before)}`];
    const [before, after, at] = windows(difference.before, difference.after);
    return [`  ~ ${name}${at > 0 ? `  (from character ${at})` : ''}`, `      - ${before}`, `      + ${after}`];
  });
  const more = differences.length - SHOWN_DIFFERENCES;
  return more > 0 ? [...lines, `  and ${more} more`] : lines;
}

const shown = (value: unknown): string => cut(JSON.stringify(value) ?? String(value));
const cut = (text: string): string => (text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text);

/** Both values where they begin to differ. */
function windows(before: unknown, after: unknown): [string, string, number] {
  if (typeof before !== 'string' || typeof after !== 'string') return [shown(before), shown(after), 0];
  let same = 0;
  while (same < before.length && before[same] === after[same]) same++;
  const from = Math.max(0, same - CONTEXT_CHARS);
  const window = (text: string): string => (from > 0 ? '…' : '') + shown(text.slice(from));
  return [window(before), window(after), same];
}
