/** P2 for the Claude Agent SDK, whose class no namespace shows: programs of their own, that import it and us in one order or another. The child that they start is a mock (test/support/claude-child.ts). */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SpanEvent } from '../../src/events/model.ts';

const root = join(import.meta.dirname, '../..');
const CHILD = join(root, 'test/support/claude-child.ts');
const ASK = `
  const options = { pathToClaudeCodeExecutable: ${JSON.stringify(CHILD)}, executable: 'node', settingSources: [] };
  for await (const message of query({ prompt: 'text', options })) if (message.type === 'result') console.log(message.result);`;
const INIT = `import { init } from './src/index.ts';`;
const SDK = `'@anthropic-ai/claude-agent-sdk'`;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hindcast-claude-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

interface Ran {
  stdout: string;
  stderr: string;
  events: SpanEvent[];
}

/** Runs a program in the folder of this package, where the SDK is. */
function runProgram(args: readonly string[], cwd = root): Ran {
  const env = {
    ...process.env,
    PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
    NODE_OPTIONS: '',
    HINDCAST_DIR: dir,
  };
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd,
    env: { ...env, NODE_ENV: 'development' },
    encoding: 'utf8',
  });
  const folder = join(dir, 'recordings');
  const files = readdirSync(dir).includes('recordings') ? readdirSync(folder).filter((name) => name.endsWith('.jsonl')) : [];
  const lines = files.flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'));
  const events = lines.map((line) => JSON.parse(line) as { k: string; e: SpanEvent }).filter(({ k }) => k === 'event');
  return { stdout, stderr, events: events.map(({ e }) => e) };
}

const inline = (code: string, ...flags: string[]): string[] => [...flags, '--input-type=module', '-e', code];

function expectRecorded({ stdout, stderr, events }: Ran): void {
  expect(stdout, stderr).toBe('hello there\n');
  expect(events.map(({ name, status }) => `${name} ${status}`)).toEqual(['chat claude-opus-4-8 ok', 'invoke_agent claude ok']);
  expect(events[0]!.parent).toBe(events[1]!.id);
}

describe('P2 one line, any order', () => {
  test.each<[string, string[]]>([
    ['import, init', inline(`import { query } from ${SDK}; ${INIT} init(); ${ASK}`)],
    ['init, import()', inline(`${INIT} init(); const { query } = await import(${SDK}); ${ASK}`)],
    [
      'import() in flight, init',
      inline(`${INIT} const loading = import(${SDK}); init(); const { query } = await loading; ${ASK}`),
    ],
    ['register', inline(`import { query } from ${SDK}; ${ASK}`, '--import', './src/register.ts')],
    [
      'query taken, init',
      inline(`import * as sdk from ${SDK}; const take = sdk.query; ${INIT} init(); const query = take; ${ASK}`),
    ],
    ['core', inline(`import { query } from '@anthropic-ai/claude-agent-sdk/core'; ${INIT} init(); ${ASK}`)],
    [
      'core, both builds',
      inline(`import ${SDK}; ${INIT} init(); const { query } = await import('@anthropic-ai/claude-agent-sdk/core'); ${ASK}`),
    ],
  ])('%s', (_, args) => {
    const ran = runProgram(args);
    expectRecorded(ran);
    expect(ran.stderr).not.toMatch(/not recorded|inspector|debugger/i);
  });

  test('init module first: the SDK is linked, and has not run', () => {
    writeFileSync(join(dir, 'init.mjs'), `import { init } from ${JSON.stringify(join(root, 'src/index.ts'))}; init();`);
    const file = JSON.stringify(join(root, 'node_modules/@anthropic-ai/claude-agent-sdk/sdk.mjs'));
    writeFileSync(join(dir, 'agent.mjs'), `import './init.mjs'; import { query } from ${file}; ${ASK}`);
    expectRecorded(runProgram([join(dir, 'agent.mjs')]));
  });

  test('in a bundle, handed over', async () => {
    const file = join(dir, 'app.mjs');
    const contents = `import * as sdk from ${SDK}; import { init } from './src/index.ts'; const { query } = sdk; init({ instrument: { claude_agent: sdk } }); ${ASK}`;
    await build({
      stdin: { contents, resolveDir: root, loader: 'js' },
      ...{
        outfile: file,
        bundle: true,
        minify: true,
        format: 'esm',
        platform: 'node',
        external: ['./src/index.ts'],
        logLevel: 'silent',
      },
    });
    writeFileSync(file, readFileSync(file, 'utf8').replace('./src/index.ts', join(root, 'src/index.ts')));
    expectRecorded(runProgram([file], dir));
  });

  test('where no inspector session is allowed, the app runs, and it is said why nothing is recorded', () => {
    const flags = ['--permission', '--allow-fs-read=*', '--allow-fs-write=*', '--allow-child-process'];
    const program = `import { query } from ${SDK}; ${INIT} const client = init(); ${ASK}`;
    const { stdout, stderr, events } = runProgram(inline(program, ...flags));
    expect(stdout, stderr).toBe('hello there\n');
    expect(events).toEqual([]);
    expect(stderr).toContain(
      'is not recorded: the scope of its module cannot be read here: no inspector session in this process',
    );
  });

  test('P3 without the SDK, no inspector session is made', () => {
    const isThere = `console.log(process.moduleLoadList.includes('NativeModule inspector'));`;
    expect(runProgram(inline(`${INIT} init(); ${isThere}`)).stdout).toBe('false\n');
    expect(runProgram(inline(`import ${SDK}; ${INIT} init(); ${isThere}`)).stdout).toBe('true\n');
  });
});
