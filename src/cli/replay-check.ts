/** Whether a file that is given away still replays: it is replayed here, as whoever gets it would. */
import { readRecording } from '../recording/recording.ts';
import { cwdOf, missingProgram } from '../replay/moved-paths.ts';
import { obstacleOf } from '../replay/source.ts';
import { replay } from '../testing/replay.ts';
import { oneLine } from './printable.ts';
import type { Terminal } from './terminal.ts';

/** `tried: false`: the session as it was recorded could not be replayed here, and `why` says why. */
export type ReplayCheck = { tried: false; why: string } | { tried: true; same: boolean; why: string };

/** Replays the session that is at `path` from the shared file, in the folder that it was recorded in. */
export async function checkReplay(file: string, path: string): Promise<ReplayCheck> {
  const recording = readRecording(path);
  const { header } = recording;
  const obstacle = obstacleOf(recording);
  if (obstacle !== null) return { tried: false, why: obstacle };
  const cwd = cwdOf(header, undefined);
  const missing = missingProgram(header, cwd);
  if (missing !== undefined) return { tried: false, why: `its program is not here: ${missing}` };
  const result = await replay(file, { cwd, session: header.id });
  try {
    result.assertSame();
    return { tried: true, same: true, why: `${result.served} of ${result.requests} requests, exit code ${result.exitCode}` };
  } catch (error) {
    return { tried: true, same: false, why: (error as Error).message };
  }
}

/** Says it in words. */
export function sayCheck(check: ReplayCheck, terminal: Terminal): void {
  if (!check.tried) terminal.remark(`  Not replayed: ${oneLine(check.why)}`);
  else if (check.same) terminal.print(`  replays as it was recorded: ${check.why}`);
  else {
    const [first = '', ...rest] = check.why.split('\n');
    terminal.remark(`! It does not replay as it was recorded: ${oneLine(first)}`);
    for (const line of rest) terminal.remark(`  ${oneLine(line)}`);
  }
}
