/** Brings every provider's patches to every copy of its SDK. */
import { guard } from '../core/diagnostics.ts';
import { probeObstacle } from '../patch/reach-probe.ts';
import { startReach } from '../patch/reach.ts';
import type { CopyReport, FoundModule } from '../patch/reach.ts';
import { undoAll } from '../patch/registry.ts';
import { providers } from '../providers/table.ts';

export interface Patching {
  /** Patches classes that were handed over. */
  add(classes: Record<string, unknown>): void;
  copies(): CopyReport[];
  /** Takes every patch out. */
  stop(): void;
}

/** Patches what is loaded, what will be, and `classes`. `warn` is told of each copy that cannot be patched. */
export function startPatching(classes: Record<string, unknown>, warn: (text: string) => void): Patching {
  const patch = (found: FoundModule): string | void => {
    const provider = providers.find(({ targets }) => targets.includes(found.target));
    if (!provider || provider.patch(found).patched.length > 0) return undefined;
    const refusal = 'none of the methods that make calls is where it is expected';
    warn(`${found.package} ${found.version}${found.dir === '' ? '' : ` in ${found.dir}`} is not recorded: ${refusal}`);
    return refusal;
  };
  const add = (given: Record<string, unknown>): void => {
    for (const [name, value] of Object.entries(given)) {
      const target = providers.map(({ targets }) => targets[0]).find((known) => named(known.package, name));
      if (!target) {
        warn(`instrument.${name} is not known; known are ${providers.map(({ targets }) => targets[0].package).join(', ')}`);
        continue;
      }
      const namespace = typeof value === 'function' ? { default: value, [value.name]: value } : (value as object);
      guard(
        'client.instrument',
        () => patch({ target, package: target.package, version: 'bundled', dir: '', file: '', format: 'esm', namespace }),
        undefined,
      );
    }
  };
  const reach = guard(
    'client.reach',
    () =>
      startReach(
        providers.flatMap(({ targets }) => targets),
        patch,
      ),
    null,
  );
  const obstacle = probeObstacle();
  if (obstacle !== null) warn(`calls of SDKs that are ES modules are not recorded: ${obstacle}`);
  add(classes);
  return {
    add,
    copies: () => reach?.copies() ?? [],
    stop() {
      guard('client.reach', () => reach?.stop(), undefined);
      undoAll();
    },
  };
}

/** `anthropic` is `@anthropic-ai/sdk`; `openai` is `openai`. */
function named(packageName: string, name: string): boolean {
  return packageName === name || packageName.startsWith(`@${name}-ai/`) || packageName.startsWith(`@${name}/`);
}
