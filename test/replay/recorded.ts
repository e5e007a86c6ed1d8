/** Records a program with nobody left to answer when it is replayed, and replays it. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRecording } from '../../src/recording/recording.ts';
import type { Recording } from '../../src/recording/recording.ts';
import { hindcast, newFolder } from '../cli/process.ts';
import type { Ended } from '../cli/process.ts';
import { startWhimsicalModel } from './whimsical-model.ts';

export interface Recorded {
  cwd: string;
  ran: Ended;
  /** Requests that reached the server. */
  asked: number;
  recording(): Recording;
  /** What the replay prints, and the line that sums it up. */
  replay(env?: NodeJS.ProcessEnv, ...flags: string[]): Promise<Ended & { summary: string }>;
  /** Changes the program. */
  write(text: string): void;
}

export const programAt = (name: string): string => join(import.meta.dirname, `programs/${name}.mjs`);

/** Whom a program asks while it is recorded. */
export interface Asked {
  readonly url: string;
  readonly requests: readonly unknown[];
  /** Variables for the program. */
  readonly env?: NodeJS.ProcessEnv;
  close(): Promise<void>;
}

/** Records one of the programs of programs/; `start` starts whom it asks. */
export function recordProgram(name: string, start: () => Promise<Asked> = startWhimsicalModel): Promise<Recorded> {
  return record(programAt(name), start);
}

/** Records a program that is given as text, in a file of that name. */
export async function recordText(
  text: string,
  name = 'program.mjs',
  start: () => Promise<Asked> = startWhimsicalModel,
): Promise<Recorded> {
  const file = join(newFolder(), name);
  writeFileSync(file, text);
  return { ...(await record(file, start)), write: (changed) => writeFileSync(file, changed) };
}

async function record(file: string, start: () => Promise<Asked>): Promise<Recorded> {
  const cwd = newFolder();
  const model = await start();
  const given = { MODEL_URL: model.url, OPENAI_KEY_OF_TEST: 'sk-of-the-test-only-0123456789', HINDCAST_HOST_INFO: 'off' };
  const env = { ...given, ...model.env };
  const ran = await hindcast(['run', '--', process.execPath, file], { cwd, env });
  const asked = model.requests.length;
  await model.close();
  const folder = join(cwd, '.hindcast/recordings');
  return {
    cwd,
    ran,
    asked,
    recording: () =>
      readRecording(
        join(
          folder,
          readdirSync(folder).find((name) => name.endsWith('.jsonl'))!,
        ),
      ),
    async replay(more = {}, ...flags) {
      const again = await hindcast(['replay', ...(flags.length > 0 ? ['last', ...flags] : [])], { cwd, env: more });
      return { ...again, summary: again.stderr.split('\n').find((line) => /^[✓✗●]/.test(line)) ?? again.stderr };
    },
    write: () => {
      throw new Error('the programs of the tests stay as they are');
    },
  };
}
