/** Records a process that somebody talks to while it runs, by HTTP, on its standard input or with signals, and replays it with nobody there. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { readRecording } from '../../src/recording/recording.ts';
import type { Recording } from '../../src/recording/recording.ts';
import { newFolder, startHindcast, until } from '../cli/process.ts';
import type { Ended, Running } from '../cli/process.ts';
import { startWhimsicalModel } from './whimsical-model.ts';

export interface RecordedProcess {
  cwd: string;
  ran: Ended;
  /** Requests that reached the model. */
  asked: number;
  recordings(): Recording[];
  replay(...args: string[]): Promise<Ended & { summary: string }>;
}

/** What a test does to the process while it is recorded. */
export type Drive = (
  running: Running & { say(text: string): void; hangUp(): void },
  port: () => Promise<number>,
) => Promise<void>;

/** Records a program that is given as text. Where it has a server, it prints `listening <port>` first. */
export async function recordProcess(text: string, drive: Drive): Promise<RecordedProcess> {
  const cwd = newFolder();
  const file = join(cwd, 'program.mjs');
  writeFileSync(file, text);
  const model = await startWhimsicalModel();
  const env = { MODEL_URL: model.url, API_TOKEN: 'sk-of-the-test-only-0123456789', HINDCAST_HOST_INFO: 'off' };
  const running = startHindcast(['run', '--', process.execPath, file], { cwd, env, stdin: 'pipe' });
  const { stdin } = running.child;
  const portOf = (): string | undefined => /^listening (\d+)/m.exec(running.stdout())?.[1];
  let port: number | undefined;
  const asPort = async (): Promise<number> => {
    await until(() => portOf() !== undefined || running.child.exitCode !== null, 'listening');
    return (port = Number(portOf()));
  };
  await drive({ ...running, say: (line) => stdin?.write(line), hangUp: () => stdin?.end() }, asPort);
  const ran = await running.ended;
  const asked = model.requests.length;
  await model.close();
  const folder = join(cwd, '.hindcast/recordings');
  const names = (): string[] => readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  return {
    cwd,
    ran,
    asked,
    recordings: () => names().map((name) => readRecording(join(folder, name))),
    async replay(...args) {
      // Whoever listened in a replay would find the port taken.
      const taken = createServer();
      if (port !== undefined) await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
      try {
        const again = await startHindcast(['replay', ...args], { cwd, env: { HINDCAST_HOST_INFO: 'off' } }).ended;
        return { ...again, summary: again.stderr.split('\n').find((line) => /^[✓✗]/.test(line)) ?? again.stderr };
      } finally {
        taken.close();
      }
    },
  };
}

/** All that was written of a process, as text. */
export function textOf({ cwd }: RecordedProcess): string {
  const folder = join(cwd, '.hindcast/recordings');
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'latin1'))
    .join('');
}

/** Sends a signal to the program itself, as nobody does who waits for `hindcast run`. */
export const INDEX = JSON.stringify(new URL('../../dist/index.js', import.meta.url).href);
export const moduleAt = (path: string): string => JSON.stringify(new URL(`../../node_modules/${path}`, import.meta.url).href);
