/** P12: faults of the app's own code that hindcast calls: the app's result stays, the fault is said once, and what was recorded is there. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listRecordings, readRecording } from '../../src/recording/recording.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import { startReceiver } from '../support/otlp-receiver.ts';

export const HOOKS = ['exporter', 'exporterShutdown', 'processor', 'redactor', 'classifier'] as const;
export const FAULTS = ['throws', 'rejects', 'neverSettles', 'nonsense', 'throwsNothing', 'leaks', 'changes'] as const;

export interface FaultRow {
  hook: (typeof HOOKS)[number];
  fault: (typeof FAULTS)[number];
  /** Whether stdout and exit code are those of the program without hindcast. */
  same: boolean;
  /** Lines on stderr that say the fault, the same one counted once for each time that it is said. */
  said: string[];
  /** Events in the recording: four model calls and four tool calls. */
  events: number;
  longerMs: number;
}

interface Ended {
  stdout: string;
  stderr: string;
  code: number | null;
  tookMs: number;
}

/** Runs the agent with one fault in one hook. */
export async function faultOf(hook: FaultRow['hook'], fault: FaultRow['fault']): Promise<FaultRow> {
  const model = await startStandIn(({ json }) => {
    const choices = [
      { index: 0, message: { role: 'assistant', content: json.messages[0].content.toUpperCase() }, finish_reason: 'stop' },
    ];
    return { body: { id: 'chatcmpl-1', created: 1, model: 'gpt-4o-mini', object: 'chat.completion', choices } };
  });
  const receiver = await startReceiver();
  const cwd = mkdtempSync(join(tmpdir(), 'hindcast-fault-'));
  mkdirSync(join(cwd, '.hindcast'));
  try {
    const env = { PATH: process.env['PATH'] ?? '', HOME: cwd, BASE_URL: `${model.url}/v1`, ENDPOINT: receiver.url };
    const bare = await run([hook, fault], cwd, { ...env, BARE: '1' });
    const recorded = await run([hook, fault], cwd, env);
    const kept = listRecordings(join(cwd, '.hindcast/recordings')).map(({ path }) => readRecording(path));
    return {
      hook,
      fault,
      same: bare.stdout === recorded.stdout && bare.code === recorded.code,
      said: recorded.stderr.split('\n').filter((line) => line !== '' && !/^(hindcast: recording |● )/.test(line)),
      events: kept.reduce((sum, { events }) => sum + events.length, 0),
      longerMs: Math.round(recorded.tookMs - bare.tookMs),
    };
  } finally {
    await Promise.all([model.close(), receiver.close()]);
    rmSync(cwd, { recursive: true, force: true });
  }
}

function run(args: string[], cwd: string, env: Record<string, string>): Promise<Ended> {
  return new Promise((resolve) => {
    const began = performance.now();
    const child = spawn(process.execPath, [join(import.meta.dirname, 'fault-agent.mjs'), ...args], { cwd, env });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('close', (code) => resolve({ stdout, stderr, code, tookMs: performance.now() - began }));
  });
}
