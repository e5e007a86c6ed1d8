/** Records a program whose children and threads leave a marker each, and replays it with nobody left to answer: a marker proves that one was started. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRecording } from '../../src/recording/recording.ts';
import type { Recording } from '../../src/recording/recording.ts';
import { hindcast, newFolder } from '../cli/process.ts';
import type { Ended } from '../cli/process.ts';
import { startWhimsicalModel } from './whimsical-model.ts';

export interface Marked {
  ran: Ended;
  /** How many were started while it was recorded. */
  started: number;
  /** The recording of the program. */
  main: Recording;
  /** Of its children and threads. */
  others: Recording[];
  /** Replays a recording, that of the program unless said. */
  replay(which?: Recording, env?: NodeJS.ProcessEnv): Promise<Ended & { summary: string; started: number }>;
}

/** Records the program in `file`. */
export async function recordMarked(file: string, more: NodeJS.ProcessEnv = {}): Promise<Marked> {
  const cwd = newFolder();
  const markers = join(newFolder(), 'markers');
  const model = await startWhimsicalModel();
  const begin = (): void => {
    rmSync(markers, { recursive: true, force: true });
    mkdirSync(markers);
  };
  begin();
  const env = { MODEL_URL: model.url, MARKERS: markers, HINDCAST_HOST_INFO: 'off', HINDCAST_QUIET: 'true', ...more };
  const ran = await hindcast(['run', '--', process.execPath, file], { cwd, env });
  await model.close();
  const started = readdirSync(markers).length;
  const folder = join(cwd, '.hindcast/recordings');
  const all = readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => readRecording(join(folder, name)));
  const main = all.find(({ header }) => header.argv?.[1] === file && header.parent === undefined)!;
  return {
    ran,
    started,
    main,
    others: all.filter((recording) => recording !== main),
    async replay(which = main, again = {}) {
      begin();
      const ended = await hindcast(['replay', which.header.id], { cwd, env: again });
      const summary = ended.stderr.split('\n').find((line) => /^[✓✗]/.test(line)) ?? ended.stderr;
      return { ...ended, summary, started: readdirSync(markers).length };
    },
  };
}

/** Records a program that is given as text. */
export function recordMarkedText(text: string, name = 'program.mjs'): Promise<Marked & { write: (text: string) => void }> {
  const file = join(newFolder(), name);
  writeFileSync(file, text);
  return recordMarked(file).then((marked) => ({ ...marked, write: (changed) => writeFileSync(file, changed) }));
}
