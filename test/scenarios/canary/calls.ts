/**
 * A program that asks every SDK for every exchange in every manner, under `init()` as the environment configures it, or `bare`, and prints what became of the calls in numbers. What the
 * SDKs sent goes into the file of the second argument.
 */
import { writeFileSync } from 'node:fs';
import { init, shutdown } from '../../../src/client/init.ts';
import { startStandIn } from '../../../src/testing/stand-in.ts';
import { loadDrivers, outcomeOf } from '../wire/drive.ts';
import { loadExchanges } from './exchanges.ts';
import { keepRecordings } from './kept.ts';
import { MANNERS, spoken } from './spoken.ts';
import type { Spoken } from './spoken.ts';

const byId = new Map<string, Spoken>();
for (const exchange of loadExchanges()) {
  for (const manner of MANNERS) {
    const it = spoken(exchange, manner);
    if (it !== undefined) byId.set(it.id.replaceAll('/', '+'), it);
  }
}
const server = await startStandIn(({ path }) => {
  const it = byId.get(decodeURIComponent(/^\/~([^/]+)/.exec(path)?.[1] ?? ''));
  if (it === undefined) return { status: 404, body: { error: `nobody answers ${path}` } };
  return { status: it.status, body: it.bytes, headers: { ...it.headers, 'content-type': it.contentType ?? 'application/json' } };
});
const drivers = await loadDrivers('latest');
if (process.argv[2] !== 'bare') init();

/** By SDK and manner: how many calls were answered, and how many failed. */
const table: Record<string, { answered: number; failed: number }> = {};
for (const it of byId.values()) {
  const outcome = await outcomeOf(drivers, server.url, it);
  if (outcome === undefined) continue;
  const row = (table[`${it.provider} ${it.id.split('+').at(-1)}`] ??= { answered: 0, failed: 0 });
  if (outcome.error === undefined) row.answered++;
  else row.failed++;
}
if (process.argv[2] !== 'bare') keepRecordings();
await shutdown();
const asked = server.requests.map(({ method, path, headers, text }) => ({ method, path, headers, text }));
await server.close();
if (process.argv[3] !== undefined) writeFileSync(process.argv[3], JSON.stringify(asked));
process.stdout.write(JSON.stringify(table));
