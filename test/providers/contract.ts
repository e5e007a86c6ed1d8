/** Runs the contract suite of `hindcast/testing` for each version of a provider's SDK. */
import { describe, test } from 'vitest';
import type { ProviderSpec } from '../../src/testing/contract/spec.ts';
import { providerContract } from '../../src/testing/contract/suite.ts';

/** One version of an SDK in one module format; `change` is what its spec says otherwise. */
export interface Version {
  label: string;
  load(): unknown;
  change?: Partial<ProviderSpec>;
}

export function contractOf(spec: Omit<ProviderSpec, 'load'>, versions: readonly Version[]): void {
  describe.each(versions)(`${spec.name} $label`, ({ load, change }) => {
    for (const { name, skip, run } of providerContract({ ...spec, load, ...change })) test(name, { skip: skip !== false }, run);
  });
}
