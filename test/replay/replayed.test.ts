/** Programs of concurrent calls are recorded, the server is stopped, and they are run again: their output and exit code must be the same to the last byte. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRecording } from '../../src/recording/recording.ts';
import { hindcast, newFolder } from '../cli/process.ts';
import { startWhimsicalModel } from './whimsical-model.ts';

const RUNS = Number(process.env['HINDCAST_TEST_RUNS'] ?? 5);
const PROGRAMS = ['tool-loop', 'fan-out', 'stream-retry'];

const programAt = (name: string): string => join(import.meta.dirname, `programs/${name}.mjs`);

/** Records a program; when this returns, nobody answers any more. */
async function record(name: string) {
  const cwd = newFolder();
  const model = await startWhimsicalModel();
  const env = { MODEL_URL: model.url, OPENAI_KEY_OF_TEST: 'sk-of-the-test-only-0123456789' };
  const ran = await hindcast(['run', '--', process.execPath, programAt(name)], {
    cwd,
    env: { ...env, HINDCAST_HOST_INFO: 'off' },
  });
  const asked = model.requests.length;
  await model.close();
  return { cwd, ran, asked };
}

const recordingIn = (cwd: string): string => {
  const folder = join(cwd, '.hindcast/recordings');
  return join(
    folder,
    readdirSync(folder).find((file) => file.endsWith('.jsonl'))!,
  );
};

describe.each(PROGRAMS)('R4, R13 %s', (name) => {
  it(`is replayed exactly, ${RUNS} of ${RUNS}`, { timeout: 300_000 }, async () => {
    for (let run = 0; run < RUNS; run++) {
      const { cwd, ran, asked } = await record(name);
      expect(asked).toBeGreaterThan(0);
      const again = await hindcast(['replay'], { cwd });
      const report = again.stderr.split('\n').find((line) => /^[✓✗]/.test(line));
      expect({ stdout: again.stdout, code: again.code, report }).toEqual({
        stdout: ran.stdout,
        code: ran.code,
        report: expect.stringMatching(/^✓ .* answered from the recording/),
      });
      expect(report).not.toMatch(/found by|code is not/);
      expect(readRecording(recordingIn(cwd)).problems).toEqual([]);
    }
  });
});
