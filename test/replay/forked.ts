/** Records a program against a counting stand-in that stays, and runs it again by plans of any kind. */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { readRecording } from '../../src/recording/recording.ts';
import type { Recording } from '../../src/recording/recording.ts';
import type { ReplayPlan } from '../../src/replay/plan.ts';
import type { ReplayReport } from '../../src/replay/report.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { Answer, StandInRequest } from '../../src/testing/stand-in.ts';
import { cleanEnv, hindcast, newFolder } from '../cli/process.ts';
import type { Ended } from '../cli/process.ts';
import { spawn } from 'node:child_process';

const REGISTER = new URL('../../dist/register.js', import.meta.url).href;
const CACHE = join(import.meta.dirname, '../../.cache/forks');

/** A run of the program that has a recording. */
export interface Ran {
  ended: Ended;
  path: string;
  recording: Recording;
  /** What reached the server. */
  asked: readonly StandInRequest[];
}

export interface Replayed extends Ran {
  report: ReplayReport;
}

export interface Bench {
  /** The program's folder. */
  cwd: string;
  ran: Ran;
  write(text: string): void;
  /** Runs the program by a plan of this recording; `from` is another one. */
  run(plan: Partial<ReplayPlan>, from?: Ran): Promise<Replayed>;
  /** Runs the program as it is, without anything of ours. */
  bare(): Promise<Ended>;
  /** Nobody answers from here on. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** The n-th event of a type, in the order in which they began. */
export function eventOf({ recording }: Ran, type: string, n: number): string {
  const found = recording.events.filter((event) => event.type === type).toSorted((a, b) => a.start - b.start)[n - 1];
  if (found === undefined) throw new Error(`there is no ${type} event ${n}`);
  return found.id;
}

/** Whom the program asks, answering as it is told. */
export interface Asked {
  readonly url: string;
  readonly requests: readonly StandInRequest[];
  /** Variables that the program needs to reach it. */
  readonly env?: NodeJS.ProcessEnv;
  close(): Promise<void>;
}

/** `name`: of the file of the program. */
export async function bench(
  text: string,
  answer: Answer,
  env: NodeJS.ProcessEnv = {},
  startServer: (answer: Answer) => Promise<Asked> = startStandIn,
  name = 'program.mjs',
): Promise<Bench> {
  const server = await startServer(answer);
  const cwd = newFolder();
  // Packages are found from here.
  mkdirSync(CACHE, { recursive: true });
  const file = join(mkdtempSync(join(CACHE, 'program-')), name);
  writeFileSync(file, text);
  const more = {
    MODEL_URL: server.url,
    OPENAI_KEY_OF_TEST: 'sk-of-the-test-only-0123456789',
    HINDCAST_HOST_INFO: 'off',
    ...server.env,
    ...env,
  };
  const taken = (folder: string, ended: Ended, from: number): Ran => {
    const recordings = join(folder, '.hindcast/recordings');
    const found = readdirSync(recordings).find((each) => each.endsWith('.jsonl'));
    if (found === undefined) throw new Error(`nothing was recorded: ${ended.stderr}`);
    const path = join(recordings, found);
    return { ended, path, recording: readRecording(path), asked: server.requests.slice(from) };
  };
  const ran = taken(cwd, await hindcast(['run', '--', process.execPath, file], { cwd, env: more }), 0);
  return {
    cwd,
    ran,
    write: (changed) => writeFileSync(file, changed),
    async run(given, from = ran) {
      const folder = mkdtempSync(join(tmpdir(), 'hindcast-fork-'));
      const plan: ReplayPlan = {
        ...{ v: 1, recordings: [from.path], policy: 'strict', tolerate: false },
        report: join(folder, 'report.json'),
        ...given,
      };
      writeFileSync(join(folder, 'plan.json'), JSON.stringify(plan));
      const before = server.requests.length;
      const ended = await start(['--import', REGISTER, file], cwd, {
        HINDCAST_REPLAY: join(folder, 'plan.json'),
        HINDCAST_DIR: join(folder, '.hindcast'),
        OPENAI_KEY_OF_TEST: more.OPENAI_KEY_OF_TEST,
      });
      if (ended.signal !== null) throw new Error(`it hung: ${ended.stdout}\n${ended.stderr}`);
      const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as ReplayReport;
      return { ...taken(folder, ended, before), report };
    },
    bare: () => start([file], cwd, more),
    stop: () => server.close(),
    async close() {
      rmSync(dirname(file), { recursive: true });
      await server.close();
    },
  };
}

export const nameOf = ({ path }: Ran): string => basename(path, '.jsonl');

function start(args: string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Ended> {
  const child = spawn(process.execPath, args, {
    cwd,
    env: cleanEnv(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const guard = setTimeout(() => child.kill('SIGKILL'), Number(process.env.GUARD_MS ?? 60_000));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(guard);
      resolve({ stdout, stderr, code, signal });
    });
  });
}
