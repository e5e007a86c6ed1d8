/** What there is to say of one copy of an SDK after its methods were looked for. */
import type { PatchReport, Provider } from './provider.ts';

/** The copy that was looked at. */
export interface JudgedCopy {
  package: string;
  /** `bundled` where a class was handed over and no package was found. */
  version: string;
  dir: string;
}

export interface Judgement {
  /** Why nothing of it is recorded. */
  refusal?: string;
  /** What its user should know, as a sentence. */
  complaint?: string;
}

const NAMED_MAX = 5;

/** Whether the contract suite was run with versions like this one; true where that is not known. */
export function isTested({ tested }: Provider, version: string): boolean {
  if (tested.length === 0 || !/^\d+\./.test(version)) return true;
  return tested.some((each) => version.startsWith(`${each}.`));
}

/** A copy is patched by what is there and never refused for its version: one that nobody has tried is said to be one. */
export function judge(provider: Provider, copy: JudgedCopy, { patched, missing, spare, reason }: PatchReport): Judgement {
  const what = `${copy.package} ${copy.version}${copy.dir === '' ? '' : ` in ${copy.dir}`}`;
  if (patched.length === 0 && spare !== true) {
    const refusal = reason ?? 'none of the methods that make calls is where it is expected';
    return { refusal, complaint: `${what} is not recorded: ${refusal}` };
  }
  if (isTested(provider, copy.version)) return {};
  const tried = `this release was tested with ${provider.tested.join(', ')}`;
  const gone = missing.length === 0 ? '' : `; not recorded, as it is not where it was: ${some(missing)}`;
  return {
    complaint: `${what} is of a version that nobody has tried (${tried}): its calls are recorded as far as its methods are known${gone}`,
  };
}

function some(names: readonly string[]): string {
  const rest = names.length - NAMED_MAX;
  return names.slice(0, NAMED_MAX).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
