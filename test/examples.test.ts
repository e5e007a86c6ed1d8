/** Every example that needs no key and no network, run as a reader would run it, and what it prints. The others have tests of their own (test/scenarios/custom-provider, test/scenarios/extension). */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readRecording } from '../src/recording/recording.ts';

const examples = join(import.meta.dirname, '../examples');
const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

function run(name: string): { stdout: string; stderr: string; status: number | null; dir: string } {
  const dir = mkdtempSync(join(tmpdir(), 'hindcast-example-'));
  folders.push(dir);
  const env = { PATH: process.env['PATH'], HINDCAST_DIR: dir, HINDCAST_RECORD: 'full', HINDCAST_HOST_INFO: 'off' };
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(examples, name)], { env, encoding: 'utf8' });
  return { stdout, stderr, status, dir };
}

function eventsIn(dir: string): ReturnType<typeof readRecording>['events'] {
  const recordings = join(dir, 'recordings');
  return readdirSync(recordings)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readRecording(join(recordings, name)).events);
}

describe('examples', () => {
  test('X1 a custom event type', () => {
    const { stdout, stderr, status, dir } = run('custom-event.mjs');
    expect({ stdout, stderr, status }).toEqual({ stdout: '112 chunks, 2 events, 0 errors\n', stderr: '', status: 0 });
    expect(eventsIn(dir).map(({ type, name, attributes }) => ({ type, name, attributes }))).toEqual([
      { type: 'cache_hit', name: 'prompt cache', attributes: { key: 'v3', ageMinutes: 12 } },
      { type: 'chunking', name: 'split the manual', attributes: { strategy: 'by heading' } },
    ]);
  });
  test('X3 prices and a failure classifier', () => {
    const { stdout, stderr, status, dir } = run('prices-and-failures.mjs');
    expect({ stdout, stderr, status }).toEqual({ stdout: '$0.005 tool auth_error\n', stderr: '', status: 0 });
    expect(eventsIn(dir).map(({ type, run: facts }) => [type, facts?.status])).toEqual([
      ['llm', undefined],
      ['step', undefined],
      ['agent', 'failure'],
    ]);
  });
  test('X4 words of its own', () => {
    const { stdout, stderr, status, dir } = run('custom-vocabulary.mjs');
    expect({ stdout, stderr, status }).toEqual({ stdout: 'partial\n', stderr: '', status: 0 });
    const [step] = eventsIn(dir);
    expect(step?.notes).toMatchObject([{ kind: 'failure', type: 'tool', code: 'sandbox_denied' }]);
    expect(step?.notes?.[0]).not.toHaveProperty('unknownCode');
    expect(step?.step).toEqual({ seq: 1, type: 'validate', attempt: 1 });
  });
});
