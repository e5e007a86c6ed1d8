/** What the tests of recordings share: a folder, a header, an event, and the members of a line without its frame. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { epochUs, monotonicUs } from '../../src/core/clock.ts';
import type { Line } from '../../src/events/lines.ts';
import { emptyStats } from '../../src/analysis/stats.ts';
import type { SessionStats, SpanEvent } from '../../src/events/model.ts';
import { openLog } from '../../src/recording/log-writer.ts';
import type { LogHeader, LogOptions, SessionLog } from '../../src/recording/session-log.ts';

export const TRACE = '0af7651916cd43dd8448eb211c80319c';

/** A folder that is gone after the test; in memory where that can be had, since a repair waits for the disk. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'hindcast-recording-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function headerOf(id: string, facts: Partial<LogHeader> = {}): LogHeader {
  return {
    id,
    epoch: epochUs() + monotonicUs(),
    trace: TRACE,
    mode: 'full',
    sdk: 'hindcast/0.0.0',
    flags: [],
    pid: process.pid,
    node: process.version,
    platform: process.platform,
    arch: process.arch,
    ...facts,
  };
}

/** A log in `dir` that is closed after the test. */
export function logIn(dir: string, facts: Partial<LogHeader> = {}, onEvent?: LogOptions['onEvent']): SessionLog {
  const log = openLog({ dir, header: headerOf(facts.id ?? 'ses_test', facts), ...(onEvent ? { onEvent } : {}) });
  onTestFinished(() => log.close());
  return log;
}

export function eventOf(number: number, facts: Partial<SpanEvent> = {}): SpanEvent {
  const id = number.toString(16).padStart(16, '0');
  return {
    id,
    trace: TRACE,
    type: 'tool',
    name: `execute_tool t${number}`,
    start: number,
    end: number + 5,
    status: 'ok',
    ...facts,
  };
}

export const STATS: SessionStats = { ...emptyStats(), durationMs: 12, events: 1, tools: 1 };

/** The lines of a log, parsed with nothing of ours. */
export function rawLinesOf(path: string): (Line & { c: string })[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text));
}

/** One exchange from request to end. */
export function exchangeIn(
  log: SessionLog,
  body: string | Uint8Array | undefined,
  pieces: (string | Uint8Array)[],
  on?: string,
): void {
  const request = { method: 'POST', url: 'https://api.example/v1', headers: [['content-type', 'application/json']] as const };
  const exchange = log.exchange(body === undefined ? request : { ...request, body }, on);
  exchange.head(200, [['content-type', 'text/event-stream']]);
  for (const piece of pieces) exchange.chunk(Buffer.from(piece as string));
  exchange.end('complete');
}

export const nextTurn = (): Promise<void> => new Promise((done) => setImmediate(done));
