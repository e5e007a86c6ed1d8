/** SDKs whose classes stand in modules of their own: which class is defined where, and which of its methods are replaced. */
import type { ModuleTarget } from '../patch/reach.ts';
import type { Method } from '../patch/registry.ts';
import { Patcher } from './patcher.ts';
import type { PatchedModule, PatchReport } from './provider.ts';

export interface ClassPatch {
  /** Name under which the module exports the class. */
  name: string;
  target: ModuleTarget;
  /** Methods that not every version has, or needs: what they would tell is told elsewhere, if less of it. */
  spare?: true;
  methods: Readonly<Record<string, (original: Method, prototype: any) => Method>>;
}

/** The modules of `classes`, each once. */
export function targetsOf(classes: readonly [ClassPatch, ...ClassPatch[]]): readonly [ModuleTarget, ...ModuleTarget[]] {
  const [first, ...rest] = new Set(classes.map(({ target }) => target));
  return [first!, ...rest];
}

/** Patches those of `classes` that a namespace has. Of a module that was found on disk, the ones that it should have and has not are reported. */
export function patchClasses(sdk: string, classes: readonly ClassPatch[], { namespace, target }: PatchedModule): PatchReport {
  const patcher = new Patcher(sdk);
  const exported = namespace as Record<string, { prototype?: unknown } | undefined>;
  for (const { name, target: own, spare, methods } of classes) {
    const prototype = exported[name]?.prototype;
    if (prototype === undefined && (target !== own || spare)) continue;
    if (spare) patcher.report.spare = true;
    for (const [method, make] of Object.entries(methods)) {
      if (spare && !Object.hasOwn(prototype as object, method)) continue;
      patcher.replace(prototype, method, `${name}.${method}`, (original) => make(original, prototype));
    }
  }
  return patcher.report;
}
