/** `share`, and `import` of what it wrote. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifyRecording } from '../../src/recording/verify.ts';
import { hindcast, newFolder } from './process.ts';
import { idOf, writeAgent, WrittenRecording } from './written.ts';

const KEY = `sk-ant-api03-${'qW3eR5tY7u'.repeat(9)}xyzAA`;
const ID = 'ses_aaaa00000001';

let folder: string;
let there: string;
let here: string;

beforeEach(() => {
  folder = newFolder();
  there = join(folder, 'there');
  here = join(folder, 'here');
  for (const one of [there, here]) mkdirSync(join(one, '.hindcast'), { recursive: true });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (verb: string, cwd: string, ...args: string[]) => hindcast([verb, ...args, '--dir', join(cwd, '.hindcast')], { cwd });
const share = (...args: string[]) => run('share', there, ...args);
const files = (of: string): string[] => readdirSync(join(of, '.hindcast/recordings')).sort();
const path = (of: string, name: string): string => join(of, '.hindcast/recordings', name);

/** A session with a secret, and one that is part of it with the same. */
function writeFamily(): void {
  const agent = writeAgent(join(there, '.hindcast'), ID, { cwd: '/home/marlene/agent', metadata: { key: KEY } });
  const child = new WrittenRecording(join(there, '.hindcast'), 'ses_bbbb00000002', {
    parent: agent.id,
    within: { trace: 'a'.repeat(32), span: idOf(3) },
  });
  child.event({ id: idOf(9), type: 'tool', name: 'execute_tool sub', start: 1, end: 2, content: { result: `got ${KEY}` } }).end();
  new WrittenRecording(join(there, '.hindcast'), 'ses_cccc00000003').end();
}

describe('R12 share', () => {
  test('a session with its family, scrubbed, and it is looked at elsewhere', async () => {
    writeFamily();
    const { stdout, stderr, code } = await share(ID);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(
        /^✓ \S+ses_aaaa00000001\.hindcast {2}2 recordings, [\d,]+ bytes\n {2}scrubbed: 2 anthropic-key, 1 home-path\n$/,
      ),
    ]);
    expect(stderr).toContain('look before you give it away');
    const file = join(there, `${ID}.hindcast`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    // The folder holds nothing else that was not there.
    expect(readdirSync(there).sort()).toEqual(['.hindcast', `${ID}.hindcast`]);

    const imported = await run('import', here, file);
    expect([imported.stdout, imported.stderr, imported.code]).toEqual([
      expect.stringMatching(/^✓ ses_aaaa00000001 {2}\d+ lines\n✓ ses_bbbb00000002 {2}\d+ lines\n$/),
      '',
      0,
    ]);
    expect(files(here)).toEqual([`${ID}.jsonl`, 'ses_bbbb00000002.jsonl']);
    expect(readdirSync(join(here, '.hindcast')).sort()).toEqual(['.gitignore', 'recordings']);
    for (const name of files(here)) {
      expect(readFileSync(path(here, name), 'utf8')).not.toMatch(/qW3eR5|marlene/);
      expect(readFileSync(path(here, name), 'utf8')).toContain('<redacted:anthropic-key#1>');
      expect([verifyRecording(path(here, name)).state, statSync(path(here, name)).mode & 0o777]).toEqual(['ended', 0o600]);
    }
    const [shown, explained] = [await run('show', here, ID), await run('explain', here, ID)];
    expect([shown.code, explained.code]).toEqual([0, 0]);
    expect(shown.stdout).toContain('execute_tool sub');
    expect(shown.stdout).toContain('find_order');
    expect((await run('import', here, file)).stdout).toMatch(/already there\n.*already there\n$/);
    expect(files(here)).toHaveLength(2);
  });

  test('without scrubbing comes back byte for byte, says so, and takes another name where its own is taken', async () => {
    writeFamily();
    writeAgent(join(here, '.hindcast'), ID, { name: 'ours' });
    const { stderr, code } = await share(ID, '--no-scrub', '--alone', '-o', join(folder, 'x.hindcast'));
    expect([code, stderr]).toEqual([0, '! Not scrubbed: it holds everything that was recorded.\n']);
    expect((await run('import', here, join(folder, 'x.hindcast'))).stdout).toMatch(/^✓ ses_aaaa00000001\.2 /);
    expect(readFileSync(path(here, `${ID}.2.jsonl`)).equals(readFileSync(path(there, `${ID}.jsonl`)))).toBe(true);
    expect(files(here)).toHaveLength(2);
  });

  test('as JSON says what was done; with --also and --strip-content', async () => {
    writeFamily();
    const also = JSON.parse((await share(ID, '--json', '--also', 'find_order', '--alone')).stdout) as {
      counts: Record<string, number>;
    };
    expect(also).toMatchObject({ sessions: [ID], scrubbed: true, counts: { 'anthropic-key': 1, custom: expect.any(Number) } });
    expect((await share(ID, '--strip-content', '--force')).code).toBe(0);
    await run('import', here, join(there, `${ID}.hindcast`));
    expect(readFileSync(path(here, `${ID}.jsonl`), 'utf8')).not.toMatch(/Where is it|"k":"request"|"content":/);
    expect(JSON.parse((await run('verify', here, ID, '--json')).stdout)).toBeTruthy();
  });

  test('refuses what is damaged, what is being recorded, and a file that is there', async () => {
    const agent = writeAgent(join(there, '.hindcast'));
    const live = new WrittenRecording(join(there, '.hindcast'), 'ses_eeee00000005', {
      epoch: Date.now() * 1000,
      pid: process.pid,
    }).open(idOf(1), 5, 'chat m');
    const refused = await share(live.id);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/still being recorded[^]*--force/)]);
    expect((await share(live.id, '--force')).code).toBe(0);
    writeFileSync(join(there, 'taken'), 'mine');
    expect(await share(ID, '-o', join(there, 'taken'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is there already'),
    });
    expect(readFileSync(join(there, 'taken'), 'utf8')).toBe('mine');
    const bytes = readFileSync(agent.path);
    bytes[400] = (bytes[400] as number) ^ 1;
    writeFileSync(agent.path, bytes);
    expect(await share(ID)).toMatchObject({ code: 1, stderr: expect.stringMatching(/is damaged[^]*hindcast repair ses_aaaa/) });
    expect(existsSync(join(there, `${ID}.hindcast`))).toBe(false);
    for (const wrong of [
      ['--also', '('],
      ['--no-scrub', '--emails'],
    ])
      expect((await share(ID, ...wrong)).code).toBe(2);
  });

  test('a damaged file is refused, and takes nothing in', async () => {
    writeFamily();
    await share(ID);
    const file = join(there, `${ID}.hindcast`);
    writeFileSync(file, readFileSync(file).subarray(0, 300));
    const { code, stderr } = await run('import', here, file);
    expect([code, stderr]).toEqual([1, expect.stringContaining('is damaged, or no file of hindcast share')]);
    expect(readdirSync(join(here, '.hindcast'))).toEqual(['.gitignore']);
  });
});
