/** What `hindcast doctor <session>` looks at: the recordings of its process, and this machine. */
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SessionLine } from '../events/lines.ts';
import { installedVersion } from '../host-env/packages.ts';
import { processRecordings } from '../recording/process-recordings.ts';
import { readHeader } from '../recording/recording-ends.ts';
import type { Recording } from '../recording/recording.ts';
import { recordingNames } from '../recording/removal-marker.ts';
import { cwdOf, programFile } from '../replay/moved-paths.ts';
import { obstaclesOf } from '../replay/obstacles.ts';
import type { Here, Obstacle, ObstacleEffect } from '../replay/obstacles.ts';
import { openRecording } from './project.ts';
import { idOf } from './session-words.ts';

export interface SessionCheck {
  session: string;
  obstacles: Obstacle[];
  /** Sessions of the same process, this one first: they are replayed together. */
  processSessions: string[];
}

/** In one line, by what is worst. */
export const VERDICTS: Record<ObstacleEffect | 'nothing', string> = {
  nothing: 'can be replayed',
  maybe: 'can be replayed, and may come out otherwise',
  part: 'cannot be replayed exactly',
  none: 'cannot be replayed',
};

export function worst(obstacles: readonly Obstacle[]): ObstacleEffect | 'nothing' {
  const effects = new Set(obstacles.map(({ effect }) => effect));
  return (['none', 'part', 'maybe'] as const).find((effect) => effects.has(effect)) ?? 'nothing';
}

/** Looks at the session whose recording is at `path`. */
export function examine(path: string): SessionCheck {
  const paths = processRecordings(path);
  const recordings = paths.map(openRecording);
  const obstacles = obstaclesOf(recordings, hereOf(recordings[0] as Recording, path));
  return { session: idOf(path), obstacles, processSessions: paths.map(idOf) };
}

function hereOf({ header, host }: Recording, path: string): Here {
  const cwd = cwdOf(header, undefined);
  const file = programFile(header, cwd);
  const changedMs = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  const names = Object.keys({ ...host?.packages?.declared, ...host?.packages?.loaded });
  return {
    node: process.version,
    platform: process.platform,
    arch: process.arch,
    ...(file !== undefined && { program: { path: file, ...(changedMs !== undefined && { changedMs }) } }),
    packages: Object.fromEntries(names.map((name) => [name, installedVersion(cwd, name)])),
    children: childrenOf(header, path),
  };
}

/** Sessions of other processes that say that they are part of this one. */
function childrenOf({ id, pid, process: own }: SessionLine, path: string): SessionLine[] {
  const folder = dirname(path);
  return recordingNames(folder, readdirSync(folder)).flatMap((name) => {
    const header = readHeader(join(folder, name));
    const isOther = header !== undefined && (own === undefined ? header.pid !== pid : header.process !== own);
    return isOther && header.parent === id ? [header] : [];
  });
}
