/** P11: versions of an SDK that nobody has tried, as small packages of their own in a project's tree, in real processes. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const repository = join(import.meta.dirname, '../..');
const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A package named `openai` of a later major. Its client gives what it was asked for; `has` are its resources. */
const SDK_99 = (has: string): string => `
  class Completions { constructor(client) { this._client = client; }
    async create(body) { return { id: 'x', model: body.model, choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } }; } }
  class Chat { constructor(client) { this.completions = new Completions(client); } }
  Chat.Completions = Completions;
  export class OpenAI { constructor() { this.baseURL = 'http://127.0.0.1:9/v1'; this.chat = new Chat(this); } }
  ${has}
  export default OpenAI;
`;

/** A project with that package and a program in it. */
function projectWith(source: string, version = '99.1.0'): string {
  const folder = mkdtempSync(join(tmpdir(), 'hindcast-version-'));
  folders.push(folder);
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, 'openai'), { recursive: true });
  const manifest = { name: 'openai', version, type: 'module', exports: './client.mjs' };
  writeFileSync(join(modules, 'openai/package.json'), JSON.stringify(manifest));
  writeFileSync(join(modules, 'openai/client.mjs'), source);
  symlinkSync(repository, join(modules, 'hindcast'), 'dir');
  writeFileSync(
    join(folder, 'agent.mjs'),
    `import { init } from 'hindcast';
     import OpenAI from 'openai';
     init();
     init();
     for (let n = 0; n < 2; n++) console.log(JSON.stringify(await new OpenAI().chat.completions.create({ model: 'm' })));`,
  );
  return folder;
}

function run(folder: string, args: string[]): { stdout: string; stderr: string; status: number | null } {
  const env = { PATH: process.env['PATH'], HINDCAST_DIR: join(folder, '.hindcast'), HINDCAST_RECORD: 'full' };
  return spawnSync(process.execPath, args, { cwd: folder, env, encoding: 'utf8', timeout: 60_000 });
}

function events(folder: string): any[] {
  const recordings = join(folder, '.hindcast/recordings');
  return readdirSync(recordings)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(recordings, name), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line))
    .flatMap(({ k, e }) => (k === 'event' ? [e] : []));
}

const LINE = '{"id":"x","model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}\n';

describe('P11 an unknown major version', () => {
  test('whose methods are known is recorded, and said once to be untried', () => {
    const folder = projectWith(SDK_99('OpenAI.Chat = Chat;'));
    const { stdout, stderr, status } = run(folder, ['agent.mjs']);
    expect({ stdout, status }).toEqual({ stdout: LINE.repeat(2), status: 0 });
    expect(stderr.match(/openai 99\.1\.0 .*nobody has tried/g)).toHaveLength(1);
    expect(stderr).toMatch(/tested with 4, 5, 6, 7.*not recorded.*Responses\.create/);
    expect(events(folder).map(({ llm }) => llm.usage)).toEqual([
      { input: 3, output: 4 },
      { input: 3, output: 4 },
    ]);
  });

  test('whose methods are elsewhere passes through, and is said once not to be recorded', () => {
    const folder = projectWith(SDK_99(''));
    const { stdout, stderr, status } = run(folder, ['agent.mjs']);
    expect({ stdout, status }).toEqual({ stdout: LINE.repeat(2), status: 0 });
    expect(stderr.match(/openai 99\.1\.0 in .* is not recorded: none of the methods/g)).toHaveLength(1);
  });

  test('a version that was tried is not spoken of', () => {
    const folder = projectWith(SDK_99('OpenAI.Chat = Chat;'), '7.99.0');
    expect(run(folder, ['agent.mjs']).stderr).not.toMatch(/nobody has tried|not recorded/);
  });

  test('`hindcast doctor` tells each apart, and a package that cannot be loaded', () => {
    const doctor = (source: string): any => {
      const folder = projectWith(source);
      const { stdout } = run(folder, [join(repository, 'dist/cli/main.js'), 'doctor', '--json']);
      return JSON.parse(stdout).checks.find(({ what }: { what: string }) => what === 'openai 99.1.0');
    };
    expect(doctor(SDK_99('OpenAI.Chat = Chat;'))).toMatchObject({
      verdict: 'warn',
      found: expect.stringMatching(/: 1 methods patched; not in this version: .*Responses\.create/),
      todo: expect.stringContaining('Nobody has tried this version (tested: 4, 5, 6, 7)'),
    });
    expect(doctor(SDK_99(''))).toMatchObject({ verdict: 'warn', found: expect.stringMatching(/: not recorded$/) });
    expect(doctor('throw Object.assign(new Error("no"), { code: "E_BROKEN" });')).toMatchObject({
      verdict: 'warn',
      todo: expect.stringMatching(/E_BROKEN/),
    });
  });
});
