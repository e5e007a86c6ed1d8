/**
 * Recordings that were made once and are replayed for ever, on every release of Node that is here. Our own updates must not change how promises are counted in the code of a program, nor when things are
 * handed to it: a recording of yesterday would not replay today (docs/decisions/0014-replay.md says what to do when it must change).
 */
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RUNTIME_MAJORS, runtimePath } from '../../scripts/runtimes.ts';
import { readRecording } from '../../src/recording/recording.ts';
import { newFolder } from '../cli/process.ts';
import { replayCommand } from './trials.ts';

const golden = join(import.meta.dirname, 'golden');
const programs = readdirSync(golden).flatMap((version) =>
  readdirSync(join(golden, version))
    .filter((name) => name.endsWith('.mjs'))
    .map((name) => `${version}/${name.replace('.mjs', '')}`),
);
const releases = RUNTIME_MAJORS.flatMap((major) => {
  const node = runtimePath(major);
  return node === null ? [] : [{ major, node }];
});

describe('R4 golden recordings', () => {
  it('there are some, of a tool loop, a fan-out and streams', () => {
    expect(programs).toEqual(expect.arrayContaining(['v1/tool-loop', 'v1/fan-out', 'v1/stream']));
    expect(releases.length).toBeGreaterThan(0);
  });

  describe.each(releases)('on Node $major', ({ node }) => {
    it.each(programs)('%s is replayed exactly', async (name) => {
      const cwd = newFolder();
      const recording = join(cwd, 'golden.jsonl');
      cpSync(join(golden, `${name}.jsonl`), recording);
      const { end, exchanges } = readRecording(recording);
      const { stdout, code, summary } = await replayCommand([recording, '--', node, join(golden, `${name}.mjs`)], { node, cwd });
      expect({ stdout, code, summary }).toEqual({
        stdout: readFileSync(join(golden, `${name}.out`), 'utf8'),
        code: end?.exitCode,
        summary: expect.stringContaining(`✓`),
      });
      expect(summary).toContain(`${exchanges.size} of ${exchanges.size} requests answered`);
      expect(summary).not.toMatch(/found by|code is not/);
    });
  });
});
