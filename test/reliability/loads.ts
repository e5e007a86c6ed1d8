/** Bounds: loads of which no program may fall, bare and recorded, each in a process of its own. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { Reply, StandInRequest } from '../../src/testing/stand-in.ts';
import { listRecordings, readRecording } from '../../src/recording/recording.ts';

export type LoadName = 'flood' | 'payload' | 'chunks' | 'values' | 'sessions';

/** What the program measured of itself. */
export interface Measured {
  result: unknown;
  tookMs: number;
  cpuMs: number;
  /** By how much the resident memory had grown in the end, and at most. */
  grewMb: number;
  peakMb: number;
  /** File descriptors more than before. */
  files: number;
}

export interface LoadRow {
  load: LoadName;
  count: number;
  /** Whether the result and the exit code are the bare program's. */
  same: boolean;
  bare: Measured;
  recorded: Measured;
  /** Events in the recordings, and what these say is missing. */
  events: number;
  dropped: number;
  problems: number;
  recordedMb: number;
}

const AGENT = join(import.meta.dirname, 'load-agent.mjs');

/** Runs a load; the backend, where there is to be one, is not there. */
export async function loadOf(load: LoadName, count: number, env: Record<string, string> = {}): Promise<LoadRow> {
  const model = await startStandIn(answer);
  const cwd = mkdtempSync(join(tmpdir(), 'hindcast-load-'));
  mkdirSync(join(cwd, '.hindcast'));
  try {
    const given = { PATH: process.env['PATH'] ?? '', HOME: cwd, BASE_URL: `${model.url}/v1`, COUNT: String(count) };
    const bare = await run(load, cwd, { ...given, BARE: '1' });
    const recorded = await run(load, cwd, { ...given, ENDPOINT: 'http://127.0.0.1:9', ...env });
    const dir = join(cwd, '.hindcast/recordings');
    const kept = listRecordings(dir).map(({ path }) => readRecording(path));
    return {
      load,
      count,
      same: JSON.stringify(bare.result) === JSON.stringify(recorded.result),
      bare,
      recorded,
      events: kept.reduce((sum, { events }) => sum + events.length, 0),
      dropped: kept.reduce((sum, { end }) => sum + (end?.dropped?.events ?? 0), 0),
      problems: kept.reduce((sum, { problems }) => sum + problems.length, 0),
      recordedMb: readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0) / 2 ** 20,
    };
  } finally {
    await model.close();
    rmSync(cwd, { recursive: true, force: true });
  }
}

function run(load: LoadName, cwd: string, env: Record<string, string>): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--expose-gc', AGENT, load], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(stdout) as Measured);
      else reject(new Error(`${load}: exit ${code}\n${stderr}`));
    });
  });
}

const HEAD = { id: 'chatcmpl-1', created: 1, model: 'gpt-4o-mini' };

function answer({ json }: StandInRequest): Reply {
  const content: string = json.messages[0].content;
  if (json.stream !== true) {
    const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }];
    return { body: { ...HEAD, object: 'chat.completion', choices } };
  }
  const chunk = (text: string): string => {
    const choices = [{ index: 0, delta: { content: text }, finish_reason: null }];
    return `data: ${JSON.stringify({ ...HEAD, object: 'chat.completion.chunk', choices })}\n\n`;
  };
  const events = Array.from({ length: Number(content) }, (_, index) => chunk(`word ${index} `));
  const pieces = Array.from({ length: Math.ceil(events.length / 50) }, (_, index) =>
    events.slice(index * 50, index * 50 + 50).join(''),
  );
  return { headers: { 'content-type': 'text/event-stream' }, pieces: [...pieces, 'data: [DONE]\n\n'] };
}
