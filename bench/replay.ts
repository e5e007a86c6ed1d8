/** What following a program for a replay costs: nanoseconds an operation, bare and recorded, and CPU and log a call. `node bench/replay.ts`, after a build. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const REGISTER = new URL('../dist/register.js', import.meta.url).href;
const ROUNDS = 5;

/** Runs in the measured process: each operation in a loop, the best of some rounds. */
const PROGRAM = `
  const operations = {
    'await of an async call': async (n) => { const f = async () => {}; for (let i = 0; i < n; i++) await f(); },
    'Date.now': async (n) => { for (let i = 0; i < n; i++) Date.now(); },
    'new Date': async (n) => { for (let i = 0; i < n; i++) new Date(); },
    'performance.now': async (n) => { for (let i = 0; i < n; i++) performance.now(); },
    'Math.random': async (n) => { for (let i = 0; i < n; i++) Math.random(); },
    'crypto.randomUUID': async (n) => { for (let i = 0; i < n; i++) crypto.randomUUID(); },
    'process.env.HOME': async (n) => { for (let i = 0; i < n; i++) process.env.HOME; },
    'setTimeout and clearTimeout': async (n) => { for (let i = 0; i < n; i++) clearTimeout(setTimeout(() => {}, 1000)); },
    'await of setImmediate': async (n) => { for (let i = 0; i < n; i += 10) await new Promise((done) => setImmediate(done)); },
  };
  const clock = process.hrtime.bigint;
  const { createServer } = await import('node:http');
  const server = createServer((_, response) => response.end('{}')).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const url = 'http://127.0.0.1:' + server.address().port;
  await (await fetch(url)).text();
  const results = {};
  for (const [name, run] of Object.entries(operations)) {
    const n = 20_000;
    await run(n);
    let best = Infinity;
    for (let round = 0; round < 5; round++) { const from = clock(); await run(n); best = Math.min(best, Number(clock() - from) / n); }
    results[name] = best;
  }
  let before = process.cpuUsage();
  for (let i = 0; i < 300; i++) await (await fetch(url, { method: 'POST', body: 'request' })).text();
  let { user, system } = process.cpuUsage(before);
  results['fetch, CPU'] = ((user + system) / 300) * 1000;
  before = process.cpuUsage();
  for (let i = 0; i < 100; i++) {
    for (let j = 0; j < 2000; j++) await null;
    for (let j = 0; j < 500; j++) { Date.now(); Math.random(); }
    await (await fetch(url, { method: 'POST', body: 'request' })).text();
  }
  ({ user, system } = process.cpuUsage(before));
  results['a call with 2,000 awaits and 1,000 draws, CPU'] = ((user + system) / 100) * 1000;
  console.log(JSON.stringify(results));
  process.exit();
`;

function measure(replayable: 'on' | 'off' | null): { results: Record<string, number>; bytes: number } {
  const cwd = mkdtempSync(join(tmpdir(), 'hindcast-bench-'));
  const args = [...(replayable === null ? [] : ['--import', REGISTER]), '--input-type=module', '-e', PROGRAM];
  const env = {
    ...process.env,
    HINDCAST_REPLAYABLE: replayable ?? 'off',
    HINDCAST_QUIET: '1',
    HINDCAST_HOST_INFO: 'off',
    HINDCAST_DIR: cwd,
  };
  const results = JSON.parse(execFileSync(process.execPath, args, { cwd, env, encoding: 'utf8' })) as Record<string, number>;
  const folder = join(cwd, 'recordings');
  const bytes = replayable === 'on' ? readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0) : 0;
  return { results, bytes };
}

const best: Record<string, Record<string, number>> = {};
for (let round = 0; round < ROUNDS; round++) {
  for (const mode of ['bare', 'off', 'on'] as const) {
    const { results } = measure(mode === 'bare' ? null : mode);
    for (const [name, ns] of Object.entries(results)) {
      const row = (best[name] ??= {});
      row[mode] = Math.min(row[mode] ?? Infinity, ns);
    }
  }
}
console.log('nanoseconds'.padEnd(50), 'bare'.padStart(10), 'recorded'.padStart(10), 'replayable'.padStart(11));
for (const [name, { bare = 0, off = 0, on = 0 }] of Object.entries(best))
  console.log(name.padEnd(50), bare.toFixed(1).padStart(10), off.toFixed(1).padStart(10), on.toFixed(1).padStart(11));
