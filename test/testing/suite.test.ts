/** How the contract suite runs: under any runner, one check after another, and with nothing left behind. */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { reportFault } from '../../src/core/diagnostics.ts';
import { hub } from '../../src/events/ports.ts';
import { listPatches, undoAll } from '../../src/patch/registry.ts';
import { openai } from '../../src/providers/openai/openai.ts';
import type { ContractCheck, ProviderSpec } from '../../src/testing/contract/spec.ts';
import { providerContract } from '../../src/testing/contract/suite.ts';
import { InMemoryRecorder } from '../../src/testing/in-memory-recorder.ts';
import { openaiSpec } from '../providers/openai-spec.ts';

const spec: ProviderSpec = { ...openaiSpec, load: () => createRequire(import.meta.url)('openai') };
const { OpenAI } = spec.load() as any;

function named(start: string, of: ProviderSpec = spec): ContractCheck {
  return providerContract(of).find(({ name }) => name.startsWith(start))!;
}

const CHAT = 'P1 calls: a chat is one event';

afterEach(() => {
  undoAll();
  hub.recorder = null;
});

test('names are unique, and begin with a requirement', () => {
  const names = providerContract(spec).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => !/^(P\d+|V1) [a-z ]+: \S/.test(name))).toEqual([]);
});

test('what a spec does not have is skipped, and says so', () => {
  const { stream: _, toolLoop: _loop, toolTurn: _turn, ...less } = spec;
  const skipped = providerContract({ ...less, can: {} }).filter(({ skip }) => skip !== false);
  expect(skipped.find(({ name }) => name.includes('a break after one chunk'))!.skip).toBe('the spec says of no `stream`');
  expect(skipped.find(({ name }) => name.includes('503, 503, 200'))!.skip).toBe('the spec says of no `retries`');
  expect(skipped.find(({ name }) => name.includes('a tool that throws'))!.skip).toBe('the spec says of no `toolLoop`');
  expect(skipped.find(({ name }) => name.includes('is linked to it'))!.skip).toBe('the spec says of no `toolTurn`');
  expect(skipped.length).toBeGreaterThan(50);
});

test('passes under node:test', async () => {
  const program = join(import.meta.dirname, 'programs/openai.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['--test', '--test-reporter=tap', program], {
    timeout: 120_000,
    env: { PATH: process.env['PATH'] },
  });
  const count = (what: string): number => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(stdout)?.[1]);
  const checks = providerContract(spec);
  const skipped = checks.filter(({ skip }) => skip !== false).length;
  expect([count('pass'), count('skipped'), count('fail')]).toEqual([checks.length - skipped, skipped, 0]);
  expect(stdout).toContain('# SKIP the exchanges hold them');
});

test('checks that are started at once wait for one another', async () => {
  const checks = providerContract(spec).filter(({ name, skip }) => skip === false && /^P[46] (calls|tools)/.test(name));
  expect(checks.length).toBeGreaterThan(5);
  await Promise.all(checks.map(({ run }) => run()));
});

test('a check leaves nothing behind: no patch, no recorder, no server', async () => {
  const urls: string[] = [];
  const watched: ProviderSpec = {
    ...spec,
    client: (sdk, url, options) => {
      urls.push(url);
      return spec.client(sdk, url, options);
    },
  };
  const recorder = new InMemoryRecorder();
  hub.recorder = recorder;
  const { create } = OpenAI.Chat.Completions.prototype;
  await named(CHAT, watched).run();
  await expect(named(CHAT, { ...watched, name: 'another' }).run()).rejects.toThrow(/facts of the call: .*\n[^]*another/);
  expect(OpenAI.Chat.Completions.prototype.create).toBe(create);
  expect([hub.recorder === recorder, hub.answerer, listPatches(), recorder.events]).toEqual([true, null, [], []]);
  expect(urls).toHaveLength(2);
  for (const url of urls) await expect(fetch(url)).rejects.toThrow('fetch failed');
});

test('where something is patched already, it says so and leaves it in place', async () => {
  openai.patch({ namespace: { OpenAI } });
  const before = listPatches();
  await expect(named(CHAT).run()).rejects.toThrow(/in a process without init\(\)[^]*openai Chat\.Completions\.create/);
  expect(listPatches()).toEqual(before);
});

test('an SDK that cannot be loaded fails the check', async () => {
  const load = (): unknown => Promise.reject(new Error('no such package'));
  await expect(named(CHAT, { ...spec, load }).run()).rejects.toThrow('no such package');
  await named(CHAT).run();
});

test('a fault of ours fails the check that did not provoke it, each time', async () => {
  const chat = (client: any): unknown => {
    reportFault('test.fault', new Error('lost'));
    return spec.chat(client);
  };
  await expect(named(CHAT, { ...spec, chat }).run()).rejects.toThrow(/test\.fault: Error: lost/);
  await expect(named(CHAT, { ...spec, chat }).run()).rejects.toThrow(/test\.fault again, at first: Error: lost/);
  await named(CHAT).run();
});
