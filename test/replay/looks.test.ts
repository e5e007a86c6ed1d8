/** A program that is recorded for a replay sees the functions that are replaced as they were, and so does one that is replayed. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { cleanEnv } from '../cli/process.ts';
import { programAt, recordProgram } from './recorded.ts';
import { startWhimsicalModel } from './whimsical-model.ts';

it('P4 what is replaced looks as it did', async () => {
  const model = await startWhimsicalModel();
  const plain = await promisify(execFile)(process.execPath, [programAt('looks')], { env: cleanEnv({ MODEL_URL: model.url }) });
  await model.close();
  const recorded = await recordProgram('looks');
  expect(recorded.ran.stdout).toBe(plain.stdout);
  const again = await recorded.replay();
  expect([again.stdout, again.code]).toEqual([plain.stdout, 0]);
});
