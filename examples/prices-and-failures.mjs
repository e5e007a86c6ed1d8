/** Prices of a model that only you know, and your own reading of errors. Needs no key and no network. */
import { currentSession, explain, init, record, startRun } from 'hindcast';

class SeatLimit extends Error {}

init({
  quiet: true,
  prices: { 'in-house/parrot-2': { input: 2, output: 6 } },
  classifier: (error) => (error instanceof SeatLimit ? { type: 'tool', code: 'auth_error' } : undefined),
});

record({ type: 'llm', provider: 'in-house', model: 'parrot-2', usage: { input: 1_000, output: 500 } });

const run = startRun({ agent: { name: 'booker' } });
try {
  await run.step('tool', 'book a seat', async () => {
    throw new SeatLimit('no seats are left on this licence');
  });
} catch {
  run.end('failure');
}

const { cost } = currentSession().stats();
const explanation = await explain();
console.log(`$${cost.usd}`, explanation?.cause?.failure?.type, explanation?.cause?.failure?.code);
