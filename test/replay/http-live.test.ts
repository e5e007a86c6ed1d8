/** Requests of Node's HTTP client that a replay really sends: what the app sees of them is what it sees without us, and the branch shows the same with nobody there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hindcast } from '../cli/process.ts';
import { programAt, recordText } from './recorded.ts';
import { startWireServer } from './wire-server.ts';

it('P4 the HTTP client shows the same of requests that are sent, and of their branch', async () => {
  const facts = readFileSync(programAt('http-facts'), 'utf8');
  let server = await startWireServer(() => 'word');
  const recorded = await recordText(facts, 'http-facts.mjs', () => Promise.resolve(server));
  expect(recorded.ran.code, recorded.ran.stderr).toBe(0);
  // None of the requests is the recorded one.
  recorded.write(
    facts
      .replace('request(`${base}${path}`', 'request(`${base}${path}${path.includes("?") ? "&" : "?"}other`')
      .replace('  path,\n', "  path: path + '?other',\n")
      .replaceAll('${base}/plain`', '${base}/plain?other`'),
  );
  const port = Number(new URL(server.url).port);
  server = await startWireServer(() => 'word', 20, port);
  const live = await hindcast(['replay', '--policy', 'live', '--allow', '*'], { cwd: recorded.cwd });
  const sent = server.requests.length;
  await server.close();
  expect(live.stdout).toBe(recorded.ran.stdout);
  expect([live.code, sent]).toEqual([0, recorded.asked]);
  const folder = join(recorded.cwd, '.hindcast/recordings');
  const branch = /kept as (\S+)/.exec(live.stderr)?.[1] ?? '';
  expect(readdirSync(folder)).toContain(`${branch}.jsonl`);
  const again = await hindcast(['replay', branch], { cwd: recorded.cwd });
  expect([again.code, again.stdout]).toEqual([0, recorded.ran.stdout]);
});
