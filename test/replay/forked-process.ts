/** Records a process that somebody talks to, against a counting stand-in that stays, and forks it by the command line with nobody there to talk. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRecording } from '../../src/recording/recording.ts';
import type { Recording } from '../../src/recording/recording.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { StandInRequest } from '../../src/testing/stand-in.ts';
import { chatCompletion, chatCompletionStream } from '../../src/testing/wire.ts';
import { newFolder, startHindcast, until } from '../cli/process.ts';
import type { Ended } from '../cli/process.ts';
import type { Drive } from './processes.ts';

/** A run of the program or of the command line, and what reached the model meanwhile. */
export interface RanProcess extends Ended {
  asked: readonly StandInRequest[];
}

export interface ForkedProcess {
  cwd: string;
  ran: RanProcess;
  /** The answers of the model come so much later. */
  slower: { ms: number };
  /** All recordings of the folder, newest last. */
  recordings(): Recording[];
  /** Runs `hindcast` with these arguments. */
  run(...args: string[]): Promise<RanProcess>;
  /** The program, and another one in its place. */
  program(): string;
  write(text: string): void;
  close(): Promise<void>;
}

/** Records a program that is given as text; where it has a server, it prints `listening <port>` first. Each answer of the model is another. */
export async function recordForked(text: string, drive: Drive): Promise<ForkedProcess> {
  const cwd = newFolder();
  const file = join(cwd, 'program.mjs');
  writeFileSync(file, text);
  const slower = { ms: 0 };
  let n = 0;
  const model = await startStandIn(async ({ json }) => {
    const answer = { text: `answer ${++n}`, tokens: { input: 10, output: 5 }, model: json.model };
    await new Promise((resolve) => setTimeout(resolve, slower.ms + Math.random() * 20));
    return json.stream === true ? { pieces: chatCompletionStream(answer) } : { body: chatCompletion(answer) };
  });
  const env = { MODEL_URL: model.url, API_TOKEN: 'sk-of-the-test-only-0123456789', HINDCAST_HOST_INFO: 'off' };
  const running = startHindcast(['run', '--', process.execPath, file], { cwd, env, stdin: 'pipe' });
  const { stdin } = running.child;
  const portOf = (): string | undefined => /^listening (\d+)/m.exec(running.stdout())?.[1];
  const port = async (): Promise<number> => {
    await until(() => portOf() !== undefined || running.child.exitCode !== null, 'listening');
    return Number(portOf());
  };
  await drive({ ...running, say: (line) => stdin?.write(line), hangUp: () => stdin?.end() }, port);
  const ran = { ...(await running.ended), asked: [...model.requests] };
  const folder = join(cwd, '.hindcast/recordings');
  return {
    cwd,
    ran,
    slower,
    recordings: () =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.jsonl'))
        .map((name) => readRecording(join(folder, name)))
        .sort((a, b) => a.header.epoch - b.header.epoch),
    async run(...args) {
      const before = model.requests.length;
      const ended = await startHindcast(args, { cwd, env }).ended;
      return { ...ended, asked: model.requests.slice(before) };
    },
    program: () => text,
    write: (changed) => writeFileSync(file, changed),
    close: () => model.close(),
  };
}
