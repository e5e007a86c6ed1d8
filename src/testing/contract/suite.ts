/** What every provider promises, as one suite. A spec says how an SDK is called and what its wire looks like; the rest is here. */
import { Bench, lackOf } from './bench.ts';
import type { Check } from './bench.ts';
import { calls } from './calls.ts';
import { failures } from './failures.ts';
import { ownFaults } from './own-faults.ts';
import { rawAnswers } from './raw-answers.ts';
import type { ContractCheck, ProviderSpec } from './spec.ts';
import { streamMembers } from './stream-members.ts';
import { streams } from './streams.ts';
import { tools } from './tools.ts';
import { transparency } from './transparency.ts';
import { rememberOriginals, undo } from './undo.ts';

/** The check that is under way: they share the hub, so one waits for the other. */
let underWay: Promise<void> = Promise.resolve();

/**
 * The checks of the provider contract for one SDK. Hand each to a test runner: `for (const check of providerContract(spec)) test(check.name, { skip: check.skip }, check.run)`.
 * They call the real SDK against a server on 127.0.0.1, and need a process in which `init()` was not called.
 */
export function providerContract(spec: ProviderSpec): ContractCheck[] {
  const checks = [
    ...[calls, transparency, undo, streams, streamMembers].flat(),
    ...failures(spec),
    ...[rawAnswers, tools, ownFaults].flat(),
  ];
  return checks.map((check) => ({ name: check.name, skip: lackOf(spec, check), run: () => inTurn(() => runCheck(spec, check)) }));
}

function inTurn(run: () => Promise<void>): Promise<void> {
  const done = underWay.then(run);
  underWay = done.catch(() => {});
  return done;
}

async function runCheck(spec: ProviderSpec, check: Check): Promise<void> {
  const bench = new Bench(spec, await spec.load());
  bench.assertUnpatched();
  rememberOriginals(bench);
  let failed = false;
  try {
    bench.begin();
    await check.run(bench);
  } catch (error) {
    failed = true;
    throw error;
  } finally {
    await bench.end(check.provokes === true).catch((error: unknown) => {
      // What went wrong first says more.
      if (!failed) throw error;
    });
  }
}
