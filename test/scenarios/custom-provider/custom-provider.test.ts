/** X2: an SDK that nobody knows, made known by a class of its user's: the example, the published suite on it, and every order of import, init() and registerProvider(). */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { registerProvider } from '../../../src/providers/registered.ts';
import { readRecording } from '../../../src/recording/recording.ts';

const repository = join(import.meta.dirname, '../../..');
const example = join(repository, 'examples/custom-provider');
const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hindcast-custom-'));
  folders.push(folder);
  return folder;
}

function run(args: string[], cwd: string, dir: string): { stdout: string; stderr: string; status: number | null } {
  const env = { PATH: process.env['PATH'], HINDCAST_DIR: dir, HINDCAST_RECORD: 'full' };
  return spawnSync(process.execPath, args, { cwd, env, encoding: 'utf8', timeout: 120_000 });
}

function eventsIn(dir: string): any[] {
  const recordings = join(dir, 'recordings');
  return readdirSync(recordings)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readRecording(join(recordings, name)).events);
}

describe('X2 the example', () => {
  test('runs offline, and its call is an event with every attempt', () => {
    const dir = newFolder();
    const { stdout, status } = run([join(example, 'agent.mjs')], repository, dir);
    expect({ stdout, status }).toEqual({ stdout: 'Meep.\n', status: 0 });
    const [event, ...more] = eventsIn(dir);
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      type: 'llm',
      name: 'text_completion anvil-2',
      status: 'ok',
      llm: { provider: 'acme', api: 'acme_generate', usage: { input: 4, output: 2 }, response: { finishReasons: ['end'] } },
      attempts: [{ status: 503 }, { status: 200 }],
    });
  });

  test('passes the published suite under node:test', () => {
    const { stdout, status } = run(
      ['--test', '--test-reporter=tap', join(example, 'contract.test.mjs')],
      repository,
      newFolder(),
    );
    expect(stdout).not.toMatch(/^not ok/m);
    expect(status).toBe(0);
    expect(Number(/^# pass (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(60);
  });
});

describe('X2 registerProvider()', () => {
  const call = `
    const acme = new Acme({ baseURL: server.url });
    const { output } = await acme.generate({ model: 'anvil-2', prompt: 'Hi' });
    let pieces = '';
    for await (const { piece = '' } of await acme.generate({ model: 'anvil-2', prompt: 'Hi', stream: true })) pieces += piece;
    console.log(output, pieces);
    await server.close();`;
  const head = `
    import { init, registerProvider } from 'hindcast';
    import { startStandIn } from 'hindcast/testing';
    import { AcmeProvider } from './acme-provider.mjs';
    const consumed = { prompt: 4, completion: 2 };
    const answer = { ref: 'a-1', model: 'anvil-2', output: 'Meep.', done: 'end', consumed };
    const lines = [{ piece: 'Me' }, { piece: 'ep.' }, { done: 'end', consumed }].map((chunk) => JSON.stringify(chunk) + '\\n');
    const server = await startStandIn(({ json }) => (json.stream ? { pieces: lines } : { body: answer }));`;
  const register = `registerProvider(new AcmeProvider());`;

  test.each([
    ['import, registerProvider, init', `import { Acme } from 'acme-ai';${head}${register}init({ quiet: true });${call}`],
    ['import, init, registerProvider', `import { Acme } from 'acme-ai';${head}init({ quiet: true });${register}${call}`],
    [
      'registerProvider, init, import',
      `${head}${register}init({ quiet: true });const { Acme } = await import('acme-ai');${call}`,
    ],
    [
      'init, registerProvider, import',
      `${head}init({ quiet: true });${register}const { Acme } = await import('acme-ai');${call}`,
    ],
    [
      'the same provider twice',
      `import { Acme } from 'acme-ai';${head}const one = new AcmeProvider();registerProvider(one);registerProvider(one);init({ quiet: true });${call}`,
    ],
    [
      'a class that was handed over',
      `import { Acme } from './node_modules/bundle/index.mjs';${head}${register}init({ quiet: true, instrument: { 'acme-ai': Acme } });${call}`,
    ],
  ])('%s', (_, program) => {
    const folder = newFolder();
    const modules = join(folder, 'node_modules');
    mkdirSync(modules);
    cpSync(join(example, 'acme-ai'), join(modules, 'acme-ai'), { recursive: true });
    // The same class in a file of another name, as a bundler leaves it.
    cpSync(join(example, 'acme-ai/index.mjs'), join(modules, 'bundle/index.mjs'));
    cpSync(join(example, 'acme-provider.mjs'), join(folder, 'acme-provider.mjs'));
    symlinkSync(repository, join(modules, 'hindcast'), 'dir');
    writeFileSync(join(folder, 'agent.mjs'), program);
    const dir = join(folder, '.hindcast');
    const { stdout, stderr, status } = run(['agent.mjs'], folder, dir);
    expect({ stdout, stderr, status }).toEqual({ stdout: 'Meep. Meep.\n', stderr: '', status: 0 });
    expect(eventsIn(dir).map((event) => [event.llm.provider, event.status, event.llm.usage, event.llm.chunks])).toEqual([
      ['acme', 'ok', { input: 4, output: 2 }, undefined],
      ['acme', 'ok', { input: 4, output: 2 }, 3],
    ]);
  });

  test('refuses what is no provider, and says what it takes', () => {
    for (const wrong of [undefined, null, {}, { name: 'x' }, { name: 'x', targets: [], operations: [], patch() {} }]) {
      expect(() => registerProvider(wrong as any)).toThrow(
        /registerProvider\(\) takes an instance of a subclass of BaseProvider/,
      );
    }
  });
});
