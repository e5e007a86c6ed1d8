/** Brings every provider's patches to every copy of its SDK. */
import { guard } from '../core/diagnostics.ts';
import { probeObstacle } from '../patch/reach-probe.ts';
import { startReach } from '../patch/reach.ts';
import type { CopyReport, FoundModule, Reach } from '../patch/reach.ts';
import { REPLAY_LABEL, undoAll } from '../patch/registry.ts';
import { judge } from '../providers/judgement.ts';
import type { Provider } from '../providers/provider.ts';
import { listProviders, onRegister } from '../providers/registered.ts';

export interface Patching {
  /** Patches classes that were handed over. */
  add(classes: Record<string, unknown>): void;
  copies(): CopyReport[];
  /** Takes every patch out. */
  stop(): void;
}

/** Patches what is loaded, what will be, and `classes`. `warn` is told of each copy that cannot be patched, or not wholly. */
export function startPatching(classes: Record<string, unknown>, warn: (text: string) => void): Patching {
  const patch = (found: FoundModule): string | void => {
    const provider = listProviders().find(({ targets }) => targets.includes(found.target));
    if (provider === undefined) return undefined;
    const { complaint, refusal } = judge(provider, found, provider.patch(found));
    if (complaint !== undefined) warn(complaint);
    return refusal;
  };
  const add = (given: Record<string, unknown>): void => {
    for (const [name, value] of Object.entries(given)) {
      const known = listProviders();
      const target = known.find((each) => each.name === name || named(each.targets[0].package, name))?.targets[0];
      if (!target) {
        warn(`instrument.${name} is not known; known are ${known.map(({ targets }) => targets[0].package).join(', ')}`);
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
  const reaches: Reach[] = [];
  const reach = (whose: readonly Provider[]): void => {
    const targets = whose.flatMap((provider) => provider.targets);
    const started = guard('client.reach', () => startReach(targets, patch), null);
    if (started !== null) reaches.push(started);
  };
  reach(listProviders());
  const unlisten = onRegister((provider) => reach([provider]));
  const obstacle = probeObstacle();
  if (obstacle !== null) warn(`calls of SDKs that are ES modules are not recorded: ${obstacle}`);
  add(classes);
  return {
    add,
    copies: () => reaches.flatMap((each) => each.copies()),
    stop() {
      unlisten();
      for (const each of reaches) guard('client.reach', () => each.stop(), undefined);
      // What makes a recording replayable stays until the process ends: half of a run cannot be replayed.
      undoAll((label) => !label.startsWith(REPLAY_LABEL));
    },
  };
}

/** `anthropic` is `@anthropic-ai/sdk`; `openai` is `openai`. */
function named(packageName: string, name: string): boolean {
  return packageName === name || packageName.startsWith(`@${name}-ai/`) || packageName.startsWith(`@${name}/`);
}
