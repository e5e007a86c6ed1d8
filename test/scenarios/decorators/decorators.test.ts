/** E4: programs with decorators as tsc compiles them, in both of its modes, in real processes: what they print with and without a recording, and what the recording says. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SpanEvent } from '../../../src/events/model.ts';
import { readRecording } from '../../../src/recording/recording.ts';

const repository = join(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'hindcast-decorators-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Compiles `programs` as one project would, into a folder where `hindcast` is installed. */
function compile(mode: string, programs: string[], experimentalDecorators: boolean): void {
  const outDir = join(folder, mode);
  mkdirSync(join(outDir, 'node_modules'), { recursive: true });
  symlinkSync(repository, join(outDir, 'node_modules/hindcast'), 'junction');
  writeFileSync(join(outDir, 'package.json'), '{ "type": "module" }');
  const compilerOptions = {
    experimentalDecorators,
    target: 'es2022',
    lib: ['es2024', 'esnext.disposable', 'esnext.iterator'],
    module: 'nodenext',
    strict: true,
    skipLibCheck: true,
    types: ['node'],
    typeRoots: [join(repository, 'node_modules/@types')],
    rootDir: import.meta.dirname,
    outDir,
  };
  const config = join(outDir, 'tsconfig.json');
  writeFileSync(config, JSON.stringify({ compilerOptions, files: programs.map((name) => join(import.meta.dirname, name)) }));
  const tsc = join(repository, 'node_modules/typescript/bin/tsc');
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', config], { encoding: 'utf8' });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
}

function run(mode: string, program: string, args: string[]): { stdout: string; stderr: string; events: SpanEvent[] } {
  const dir = mkdtempSync(join(folder, 'recorded-'));
  const env = { PATH: process.env['PATH'], HINDCAST_DIR: dir, HINDCAST_RECORD: 'full' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, mode, program), ...args], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  expect({ status, stderr: args.length === 0 ? stderr : '' }).toEqual({ status: 0, stderr: '' });
  const recordings = join(dir, 'recordings');
  const names = args.length === 0 ? [] : readdirSync(recordings).filter((name) => name.endsWith('.jsonl'));
  return { stdout, stderr, events: names.flatMap((name) => [...readRecording(join(recordings, name)).events]) };
}

/** Each event as a line: what it is in, what it is, how it ended. */
function outline(events: SpanEvent[]): string[] {
  const nameOf = (id: string | undefined): string => events.find((event) => event.id === id)?.name ?? '';
  return events.map(({ type, name, status, parent, runId }) =>
    [type, name, status, parent && `in ${nameOf(parent)}`, runId && `run ${nameOf(runId)}`].filter(Boolean).join(', '),
  );
}

beforeAll(() => {
  compile('standard', ['both.ts', 'standard.ts'], false);
  compile('legacy', ['both.ts'], true);
});

describe('E4 decorators as tsc compiles them', () => {
  test.each(['standard', 'legacy'])('%s: methods, static ones, generators, classes', (mode) => {
    const bare = run(mode, 'both.js', []);
    const recorded = run(mode, 'both.js', ['recorded']);
    expect(recorded.stdout).toBe(bare.stdout);
    expect(bare.stdout.split('\n')[0]).toBe('[6,"price",1,"ann tea",8,"hello bob!",3]');
    expect(recorded.stderr).toMatch(/recordTool was used on .*size/);
    expect(outline(recorded.events)).toEqual([
      'tool, execute_tool price, ok',
      'tool, execute_tool order, ok',
      'tool, execute_tool refund, ok',
      'action, greet, ok',
      'action, parts, ok',
      'tool, execute_tool price, ok, in flow',
      'tool, execute_tool price, ok, in flow',
      'action, flow, cancelled',
      'tool, execute_tool fails, error',
      'tool, execute_tool order, ok, in invoke_agent desk, run invoke_agent desk',
      'agent, invoke_agent desk, ok',
      'tool, execute_tool order, ok, in invoke_agent writer, run invoke_agent writer',
      'agent, invoke_agent Plain, ok, in invoke_agent writer, run invoke_agent writer',
      'agent, invoke_agent writer, ok',
      'tool, execute_tool order, ok, in invoke_agent writer, run invoke_agent writer',
      'agent, invoke_agent Plain, ok, in invoke_agent writer, run invoke_agent writer',
      'agent, invoke_agent writer, ok',
    ]);
    const writer = recorded.events.findLast(({ name }) => name === 'invoke_agent writer');
    expect(writer?.agent).toEqual({ id: 'w-1', name: 'writer', version: '3' });
    expect(recorded.events[0]?.content).toEqual({ arguments: 2, result: 6 });
  });

  test('standard: private members and fields', () => {
    const bare = run('standard', 'standard.js', []);
    const recorded = run('standard', 'standard.js', ['recorded']);
    expect(recorded.stdout).toBe(bare.stdout);
    expect(bare.stdout).toBe('[["ann 2","ann k","ann 1"],1,3,"text",["find","run","label"]]\n');
    expect(recorded.stderr).toMatch(/recordTool was used on the accessor size/);
    expect(recorded.stderr).toMatch(/recordTool was used on the field label/);
    const inRunner = ', in invoke_agent runner, run invoke_agent runner';
    expect(outline(recorded.events)).toEqual([
      'action, make, ok',
      `tool, execute_tool counted, ok${inRunner}`,
      `tool, execute_tool #secret, ok${inRunner}`,
      `tool, execute_tool look up, ok${inRunner}`,
      'tool, execute_tool #secret, ok, in #stream, run invoke_agent runner',
      `action, #stream, ok${inRunner}`,
      'agent, invoke_agent runner, ok',
    ]);
  });
});
