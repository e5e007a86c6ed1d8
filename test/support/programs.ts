/** Programs that use the built package, each run as a process in a project of its own, with a stand-in for OpenAI's server. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Recordings } from '../session/rig.ts';

/** A hang guard, no measure. */
const HANG_MS = 60_000;

const PRELUDE = `
import * as hindcast from 'hindcast';
import OpenAI from 'openai';
const { configure, createClient, currentSession, flush, init, recordTool, shutdown, startSession } = hindcast;
const openai = new OpenAI({ apiKey: 'none', baseURL: process.env.BASE_URL, maxRetries: 0 });
const ask = async (content = 'x', more = {}) => {
  const answer = await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content }], ...more });
  if (more.stream) for await (const _ of answer);
};
const same = (a, b, what) => { if (JSON.stringify(a) !== JSON.stringify(b)) throw new Error(what + ': ' + JSON.stringify(a) + ' is not ' + JSON.stringify(b)); };
`;

export interface Ran {
  stdout: string;
  stderr: string;
  code: number | null;
  /** Lines of stderr that are ours. */
  said: string[];
  cwd: string;
  recordings: Recordings;
}

export interface ProgramOptions {
  env?: Record<string, string>;
  /** The project that it runs in; a new one if absent. */
  cwd?: string;
  /** Called when it has printed a line. */
  onLine?(line: string, child: ChildProcess): void;
}

export interface Programs {
  newProject(): string;
  run(code: string, options?: ProgramOptions): Promise<Ran>;
  close(): void;
}

/** A new folder in which programs find the packages of this repository; in the cache, whose files no rule of the house is about. */
export function newProgramsFolder(): string {
  const cache = join(import.meta.dirname, '../../.cache');
  mkdirSync(cache, { recursive: true });
  return mkdtempSync(join(cache, 'programs-'));
}

/** Programs in a folder of their own. */
export async function startPrograms(): Promise<Programs> {
  const folder = newProgramsFolder();
  const provider = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const head = { id: 'c', created: 1, model: 'gpt-4o-mini' };
      const { stream } = JSON.parse(body) as { stream?: boolean };
      if (stream !== true) {
        const choices = [{ index: 0, message: { role: 'assistant', content: 'ANSWER' }, finish_reason: 'stop' }];
        response.setHeader('content-type', 'application/json');
        const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
        response.end(JSON.stringify({ ...head, object: 'chat.completion', choices, usage }));
        return;
      }
      response.setHeader('content-type', 'text/event-stream');
      for (const content of ['ANS', 'WER']) {
        const choices = [{ index: 0, delta: { content }, finish_reason: null }];
        response.write(`data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices })}\n\n`);
      }
      response.end('data: [DONE]\n\n');
    });
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
  let count = 0;

  const newProject = (): string => {
    const cwd = mkdtempSync(join(folder, 'project-'));
    mkdirSync(join(cwd, '.hindcast'));
    return cwd;
  };
  return {
    newProject,
    async run(code, { env, cwd = newProject(), onLine } = {}) {
      const file = join(folder, `p${++count}.mjs`);
      writeFileSync(file, PRELUDE + code);
      const child = spawn(process.execPath, [file], {
        cwd,
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'], BASE_URL: baseUrl, ...env },
      });
      const hang = setTimeout(() => child.kill('SIGKILL'), HANG_MS);
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        stdout += text;
        for (const line of text.split('\n')) if (line !== '') onLine?.(line, child);
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      const ended = await new Promise<number | null>((resolve) => child.on('close', resolve));
      clearTimeout(hang);
      const said = stderr.split('\n').filter((line) => line.startsWith('hindcast:'));
      return { stdout, stderr, code: ended, said, cwd, recordings: new Recordings(join(cwd, '.hindcast/recordings')) };
    },
    close() {
      provider.close();
      provider.closeAllConnections();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
