/** A provider whose code is loaded when a copy of its SDK is. Only the build uses it, in what `init()` loads (docs/decisions/0007-one-file-at-start.md). */
import { createRequire } from 'node:module';
import type { Provider } from '../providers/provider.ts';

const require = createRequire(import.meta.url);

/** The provider that `file`, beside this one in the build, exports as `member`; `facts` are what is needed to find copies of its SDK. */
export function lazyProvider(facts: Pick<Provider, 'name' | 'targets' | 'tested'>, file: string, member: string): Provider {
  let loaded: Provider | undefined;
  const load = (): Provider => (loaded ??= (require(file) as Record<string, Provider>)[member]!);
  return {
    ...facts,
    get operations() {
      return load().operations;
    },
    patch(found) {
      const provider = load();
      // Its own target, not our copy of it: it may tell its modules apart by that.
      const index = facts.targets.findIndex((target) => target === found.target);
      const target = provider.targets[index];
      return provider.patch(target === undefined ? found : { ...found, target });
    },
    error: (error) => load().error(error),
  };
}
