/** Requests of Node's HTTP client that a replay really sends: what the app sees of them is what it sees without us, and the branch shows the same with nobody there. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hindcast, newFolder } from '../cli/process.ts';
import type { Ended } from '../cli/process.ts';
import { programAt, recordText } from './recorded.ts';
import { startWaysServer } from './ways-server.ts';
import { startWireServer } from './wire-server.ts';

/** The recording that was kept of it. */
const branchOf = ({ stderr }: Ended): string => /kept as (\S+)/.exec(stderr)?.[1] ?? '';

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
  expect(live.stderr).not.toContain('Warning');
  expect([live.code, sent]).toEqual([0, recorded.asked]);
  const folder = join(recorded.cwd, '.hindcast/recordings');
  const branch = branchOf(live);
  expect(readdirSync(folder)).toContain(`${branch}.jsonl`);
  const again = await hindcast(['replay', branch], { cwd: recorded.cwd });
  expect([again.code, again.stdout]).toEqual([0, recorded.ran.stdout]);
  expect(again.stderr).not.toContain('Warning');
});

it('P4 what was served before is in the branch with all that came of it: idle times, what was wanted, what broke off', async () => {
  const facts = readFileSync(programAt('http-facts'), 'utf8');
  const server = await startWireServer();
  const port = Number(new URL(server.url).port);
  const recorded = await recordText(facts, 'http-facts.mjs', () => Promise.resolve(server));
  recorded.write(facts.replace("['a', 'b', 'c']", "['a', 'b', 'd']"));
  const again = await startWireServer(undefined, 20, port);
  const live = await hindcast(['replay', '--policy', 'live', '--allow', '*'], { cwd: recorded.cwd });
  await again.close();
  expect([live.code, again.requests]).toEqual([0, ['/plain']]);
  expect(live.stdout).toBe(recorded.ran.stdout.replace("[ 200, 'c' ]", "[ 200, 'd' ]"));
  const offline = await hindcast(['replay', branchOf(live)], { cwd: recorded.cwd });
  expect([offline.code, offline.stdout]).toEqual([0, live.stdout]);
});

it('P4 a request is sent as the app connects it: with its certificates, agents, proxies, names and headers', async () => {
  const text = readFileSync(programAt('http-ways'), 'utf8');
  const folder = join(import.meta.dirname, '../../.cache/forks');
  mkdirSync(folder, { recursive: true });
  const file = join(mkdtempSync(join(folder, 'ways-')), 'program.mjs');
  writeFileSync(file, text);
  const cwd = newFolder();
  const server = await startWaysServer();
  const env = { ...server.env, HINDCAST_HOST_INFO: 'off' };
  const ran = await hindcast(['run', '--', process.execPath, file], { cwd, env });
  expect([ran.code, ran.stderr]).toEqual([0, expect.not.stringContaining('Error')]);
  const [name = ''] = readdirSync(join(cwd, '.hindcast/recordings')).filter((each) => each.endsWith('.jsonl'));
  const before = { requests: [...server.requests], ...server.counts };
  expect(before).toMatchObject({ tunnels: 1, secure: 4 });
  // As many letters, and none of the requests is the recorded one.
  writeFileSync(file, text.replace("word = 'recorded'", "word = 'not that'"));
  const session = name.replace('.jsonl', '');
  const live = await hindcast(['replay', session, '--policy', 'live', '--allow', '*'], { cwd, env });
  expect(live.stdout).toBe(ran.stdout);
  expect({ requests: server.requests.slice(before.requests.length), ...server.counts }).toEqual({
    requests: before.requests,
    secure: before.secure * 2,
    tunnels: 2,
  });
  await server.close();
  const branch = branchOf(live);
  const again = await hindcast(['replay', branch], { cwd, env });
  expect([again.code, again.stdout]).toEqual([0, live.stdout]);
  rmSync(join(file, '..'), { recursive: true });
});
