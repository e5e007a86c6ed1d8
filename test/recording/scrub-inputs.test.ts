/** R12: what a recording for a replay holds beside exchanges goes through the scrubber too: numbers, ids and draws stay, texts lose their secrets, everywhere by the same name. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { InputLine } from '../../src/events/lines.ts';
import { readRecording } from '../../src/recording/recording.ts';
import { learnRecording, scrubRecording } from '../../src/recording/scrub-recording.ts';
import { Scrubber } from '../../src/recording/scrub-text.ts';
import { verifyRecording } from '../../src/recording/verify.ts';
import { newFolder } from '../cli/process.ts';
import { WrittenRecording } from '../cli/written.ts';

const folder = newFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const KEY = `sk-ant-api03-${'qW3eR5tY7u'.repeat(9)}xyzAA`;
const UUID = '3f0c9a4e-5b1d-4c7e-9a2b-8d6f1e0c7b5a';
const NAME = '<redacted:anthropic-key#1>';
/** Base64 that looks like a secret wherever it stands; where it is a draw it is none. */
const RANDOM = Buffer.from(Float64Array.from({ length: 40 }, (_, index) => Math.sin(index + 1)).buffer).toString('base64');

function scrubbed(): ReturnType<typeof readRecording> {
  const recording = new WrittenRecording(join(folder, '.hindcast'), 'ses_aaaa00000001', {
    flags: [1],
    process: 'deadbeefdeadbeef',
    cwd: '/home/marlene/agent',
    argv: ['/usr/bin/node', '/home/marlene/agent/a.mjs'],
    execArgv: ['--require', '/home/marlene/agent/hook.cjs'],
  });
  const body = JSON.stringify({ messages: [{ role: 'user', content: `my key is ${KEY}` }], session_secret: UUID });
  const lines: Parameters<WrittenRecording['add']>[0][] = [
    { k: 'env', t: 1, v: { NOTE: KEY, NONE: null, WHERE: '/home/marlene/data' } },
    {
      k: 'draws',
      t: 2,
      d: [
        ['00000000000000a1', 'R', RANDOM],
        ['00000000000000a1', 'U', [UUID]],
        ['00000000000000a1', 'B', [RANDOM.slice(0, 44)]],
        ['00000000000000a1', 'D', [1_772_366_400_000, 3]],
      ],
    },
    {
      k: 'request',
      t: 3,
      x: 1,
      method: 'POST',
      url: 'https://a.example/v1',
      headers: [],
      body,
      lin: '00000000000000a1',
      lo: 2,
      where: '/home/marlene/agent/a.mjs:1:2',
    },
    {
      k: 'data',
      t: 4,
      x: 1,
      end: {
        how: 'error',
        at: 5,
        ord: 1,
        thrown: { name: 'TypeError', message: `refused ${KEY}`, cause: { name: 'Error', message: KEY, code: 'E1' } },
      },
    },
    {
      k: 'channel',
      t: 6,
      n: 1,
      kind: 'child',
      what: { file: 'git', args: ['--key', KEY], cwd: '/home/marlene/agent' },
      lin: '00000000000000a2',
      lo: 1,
    },
    { k: 'came', t: 7, n: 1, event: 'stdout', ord: 2, body: `the key: ${KEY.slice(0, 40)}` },
    { k: 'came', t: 8, n: 1, event: 'stdout', ord: 3, body: `${KEY.slice(40)}\n` },
    { k: 'came', t: 9, n: 1, event: 'exit', ord: 4, data: { code: 0, note: KEY } },
    { k: 'timer', t: 10, lin: '00000000000000a3', lo: 1, ms: 5, ord: 5 },
  ];
  for (const line of lines) recording.add(line);
  recording.end();
  const to = join(folder, 'copy.jsonl');
  const scrubber = new Scrubber();
  learnRecording(recording.path, scrubber);
  scrubRecording(recording.path, to, { scrubber });
  expect(verifyRecording(to)).toMatchObject({ state: 'ended', problems: [] });
  return readRecording(to);
}

it('every line', () => {
  const copy = scrubbed();
  expect(JSON.stringify([copy, copy.exchanges.get(1)!.requestText()])).not.toMatch(/qW3eR5|marlene|3f0c9a4e/);
  expect(copy.header).toMatchObject({
    scrubbed: true,
    process: 'deadbeefdeadbeef',
    flags: [1],
    cwd: '~/agent',
    argv: ['/usr/bin/node', '~/agent/a.mjs'],
    execArgv: ['--require', '~/agent/hook.cjs'],
  });
  const exchange = copy.exchanges.get(1)!;
  const uuid = /"session_secret":"(<redacted:[a-z-]+#\d+>)"/.exec(exchange.requestText()!)?.[1];
  expect(exchange.requestText()).toContain(`my key is ${NAME}`);
  expect(exchange).toMatchObject({
    asked: { lin: '00000000000000a1', lo: 2, where: '~/agent/a.mjs:1:2' },
    end: { ord: 1, thrown: { message: `refused ${NAME}`, cause: { message: NAME, code: 'E1' } } },
  });
  const strip = ({ s: _s, t: _t, c: _c, ...line }: InputLine & { c?: string }) => line;
  expect(copy.inputs.map(strip)).toEqual([
    { k: 'env', v: { NOTE: NAME, NONE: null, WHERE: '~/data' } },
    {
      k: 'draws',
      d: [
        ['00000000000000a1', 'R', RANDOM],
        ['00000000000000a1', 'U', [uuid]],
        ['00000000000000a1', 'B', [RANDOM.slice(0, 44)]],
        ['00000000000000a1', 'D', [1_772_366_400_000, 3]],
      ],
    },
    {
      k: 'channel',
      n: 1,
      kind: 'child',
      what: { file: 'git', args: ['--key', NAME], cwd: '~/agent' },
      lin: '00000000000000a2',
      lo: 1,
    },
    { k: 'came', n: 1, event: 'stdout', ord: 2, body: expect.any(String) },
    { k: 'came', n: 1, event: 'stdout', ord: 3, body: expect.any(String) },
    { k: 'came', n: 1, event: 'exit', ord: 4, data: { code: 0, note: NAME } },
    { k: 'timer', lin: '00000000000000a3', lo: 1, ms: 5, ord: 5 },
  ]);
  const printed = copy.inputs.flatMap((line) => (line.k === 'came' && line.event === 'stdout' ? [line.body] : []));
  expect(printed.join('')).toBe(`the key: ${NAME}\n`);
});
