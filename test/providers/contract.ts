/** What every provider promises, as one suite. A provider's own test says how its SDK is called and what its wire looks like; the rest is here. */
import { afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import { listFaults } from '../../src/core/diagnostics.ts';
import { undoAll } from '../../src/patch/registry.ts';
import { Bench } from './contract/bench.ts';
import type { ProviderSpec } from './contract/bench.ts';
import { calls } from './contract/calls.ts';
import { failures } from './contract/failures.ts';
import { ownFaults } from './contract/own-faults.ts';
import { rawAnswers } from './contract/raw-answers.ts';
import { streams } from './contract/streams.ts';
import { tools } from './contract/tools.ts';

function faultsNotAskedFor(): string[] {
  return listFaults().flatMap(({ site, error, count }) =>
    String(error).includes('on purpose') ? [] : [`${site} ${count} ${String(error)}`],
  );
}

/** Runs the suite for each version of a provider's SDK. */
export function providerContract(spec: ProviderSpec): void {
  describe.each(spec.versions)(`${spec.name} $label`, ({ load }) => {
    const bench = new Bench(spec);
    beforeAll(async () => {
      bench.sdk = await load();
    });
    let before: string[];
    beforeEach(() => {
      before = faultsNotAskedFor();
      spec.provider.patch({ namespace: bench.sdk });
      bench.record();
    });
    afterEach(async () => {
      await bench.close();
      undoAll();
      expect(faultsNotAskedFor().filter((fault) => !before.includes(fault))).toEqual([]);
    });
    calls(bench);
    streams(bench);
    failures(bench);
    rawAnswers(bench);
    tools(bench);
    ownFaults(bench);
  });
}
