/** Where in a JSON value something belongs: the paths in which Gemini streams the arguments of a call, such as `$.place.names[0]`. */
import type { Fields } from './fields.ts';

const STEP = /\.([^.[\]]+)|\[(\d{1,4})\]|\[['"]([^'"\]]+)['"]\]/gy;
const STEPS_MAX = 32;

/** The names and numbers that a path leads through; none where it is no path. */
function stepsOf(path: string): (string | number)[] {
  if (!path.startsWith('$')) return [];
  const steps: (string | number)[] = [];
  STEP.lastIndex = 1;
  for (let found = STEP.exec(path); found !== null; found = STEP.exec(path)) {
    steps.push(found[2] === undefined ? (found[1] ?? found[3]!) : Number(found[2]));
    if (STEP.lastIndex === path.length) return steps.length <= STEPS_MAX ? steps : [];
  }
  return [];
}

/** Puts `value` where `path` leads to in `root`, and makes the objects and lists on the way. What is no path, or leads into a text, changes nothing. */
export function setAtPath(root: Fields, path: string, value: unknown): void {
  const steps = stepsOf(path);
  if (steps.length === 0 || steps.includes('__proto__')) return;
  let at: any = root;
  for (const [index, step] of steps.entries()) {
    if (typeof at !== 'object' || at === null || (typeof step === 'number' && !Array.isArray(at))) return;
    const next = steps[index + 1];
    if (next === undefined) at[step] = value;
    else at = at[step] ??= typeof next === 'number' ? [] : {};
  }
}
