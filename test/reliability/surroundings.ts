/** T5 P12: places in which a recording cannot be kept as it should, and what became of the program, the recording and the backend. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listRecordings, readRecording } from '../../src/recording/recording.ts';
import { startReceiver } from '../support/otlp-receiver.ts';

const COUNT = 400;

export interface PlaceRow {
  place: string;
  processes: number;
  /** Whether stdout and exit code are those of the program without hindcast. */
  same: boolean;
  finished: number;
  /** In the recordings, and how many of these lines are unsound. */
  recorded: number;
  problems: number;
  /** In the backend: distinct events, and those that it has more than once. */
  delivered: number;
  doubled: number;
  /** What was said on stderr beside the first and the last line. */
  said: string[];
}

interface Place {
  name: string;
  processes?: number;
  env?: Record<string, string>;
  /** Makes the place; returns what unmakes it, or null where that cannot be done here. */
  make?(folder: string): (() => void) | null;
}

/** Runs as somebody who may not write where the mode says no. */
const AS_NOBODY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

export const PLACES: readonly (Place & { asNobody?: boolean })[] = [
  { name: 'a disk of 64 KiB, full after some events', make: mountTiny },
  {
    name: 'a read-only folder',
    asNobody: true,
    make(folder) {
      chmodSync(folder, 0o555);
      return () => chmodSync(folder, 0o755);
    },
  },
  { name: 'two processes on one folder', processes: 2 },
  { name: 'six processes on one folder', processes: 6 },
  { name: 'a clock that jumps by years (Date.now of the program)', env: { JUMPS: '1' } },
];

function mountTiny(folder: string): (() => void) | null {
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]).status !== 0) return null;
  return () => void spawnSync('umount', [folder]);
}

/** Runs the program in a place; null where it cannot be made here. */
export async function placeOf({
  name,
  processes = 1,
  env = {},
  make,
  asNobody,
}: (typeof PLACES)[number]): Promise<PlaceRow | null> {
  const cwd = mkdtempSync(join(tmpdir(), 'hindcast-place-'));
  chmodSync(cwd, 0o755);
  const home = join(cwd, '.hindcast');
  mkdirSync(home);
  const unmake = make?.(home);
  if (unmake === null) return null;
  const receiver = await startReceiver();
  try {
    const given = { PATH: process.env['PATH'] ?? '', HOME: cwd, COUNT: String(COUNT), ...env };
    const as = asNobody === true ? AS_NOBODY : {};
    const bare = await run(cwd, { ...given, BARE: '1' }, as);
    const ran = await Promise.all(Array.from({ length: processes }, () => run(cwd, { ...given, ENDPOINT: receiver.url }, as)));
    const kept = listRecordings(join(home, 'recordings')).map(({ path }) => readRecording(path));
    const ids = new Map<string, Set<string>>();
    for (const { spans } of receiver.requests)
      for (const span of spans) ids.set(span.name, (ids.get(span.name) ?? new Set()).add(span.spanId));
    return {
      place: name,
      processes,
      same: ran.every(({ stdout, code }) => stdout === bare.stdout && code === bare.code),
      finished: COUNT * processes,
      recorded: kept.reduce((sum, { events }) => sum + events.length, 0),
      problems: kept.reduce((sum, { problems }) => sum + problems.length, 0),
      delivered: ids.size,
      doubled: [...ids.values()].filter(({ size }) => size > 1).length,
      said: ran.flatMap(({ stderr }) =>
        stderr.split('\n').filter((line) => line !== '' && !/^(hindcast: recording |● )/.test(line)),
      ),
    };
  } finally {
    await receiver.close();
    unmake?.();
    rmSync(cwd, { recursive: true, force: true });
  }
}

interface Ran {
  stdout: string;
  stderr: string;
  code: number | null;
}

function run(cwd: string, env: Record<string, string>, as: { uid?: number; gid?: number }): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'surroundings-agent.mjs')], { cwd, env, ...as });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('close', (code) => resolve({ stdout, stderr, code }));
  });
}
