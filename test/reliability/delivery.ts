/** T4 T5: a program is killed at random points while its backend is in some state; then the backend is well again, and the program is started once more. What has arrived is counted. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { partialSuccess, startReceiver } from '../support/otlp-receiver.ts';
import type { Behaviour, ReceivedRequest, Receiver } from '../support/otlp-receiver.ts';

/** What a backend does while the program is killed. Null: nobody listens. */
export interface Backend {
  name: string;
  behave: ((index: number, request: ReceivedRequest, rejected: Set<string>) => Behaviour) | null;
}

const always = (behaviour: Behaviour) => () => behaviour;
const FAULTS: Behaviour[] = [{ status: 503 }, { status: 500 }, 'reset', 'hang', 'reset-mid-body', { status: 429 }];

export const BACKENDS: readonly Backend[] = [
  { name: 'up', behave: always('ok') },
  { name: 'down: nobody listens', behave: null },
  { name: 'takes requests, never answers', behave: always('hang') },
  { name: '429 with Retry-After', behave: always({ status: 429, headers: { 'retry-after': '1' } }) },
  { name: '503', behave: always({ status: 503 }) },
  { name: '500', behave: always({ status: 500 }) },
  { name: '413 over 20 spans', behave: (_index, { spans }) => (spans.length > 20 ? { status: 413 } : 'ok') },
  {
    name: 'partial success: rejects one span of each request',
    behave: (_index, { spans: [first] }, rejected) => {
      if (first !== undefined) rejected.add(first.spanId);
      return {
        status: 200,
        headers: { 'content-type': 'application/x-protobuf' },
        body: partialSuccess(first === undefined ? 0 : 1, 'no'),
      };
    },
  },
  { name: 'resets the connection', behave: always('reset') },
  { name: 'takes the spans, resets in mid-answer', behave: always('reset-mid-body') },
  { name: 'answers byte by byte', behave: always('drip') },
  {
    name: 'one of these in every second answer',
    behave: (index) => (index % 2 === 0 ? 'ok' : FAULTS[Math.floor(Math.random() * FAULTS.length)]!),
  },
];

export interface DeliveryRow {
  backend: string;
  mode: 'full' | 'metadata';
  kills: number;
  /** Events whose result the program had. */
  finished: number;
  /** Of those, in the backend in the end. */
  delivered: number;
  /** Refused by the backend's own word. */
  refused: number;
  lost: number;
  /** Events that the backend holds under more than one span id. */
  doubled: number;
  /** Spans that were sent again, with the id that the backend has already: the answer was not heard. */
  sentAgain: number;
  /** Whether a flush said in the end that nothing waits. */
  flushed: boolean;
}

const AGENT = join(import.meta.dirname, 'delivery-agent.mjs');

/** Kills a program `kills` times and counts. */
export async function deliveryOf({ name, behave }: Backend, mode: 'full' | 'metadata', kills: number): Promise<DeliveryRow> {
  const cwd = mkdtempSync(join(tmpdir(), 'hindcast-delivery-'));
  mkdirSync(join(cwd, '.hindcast'));
  const acknowledged = join(cwd, 'acknowledged');
  const rejected = new Set<string>();
  let receiver = await startReceiver((index, request) => behave?.(index, request, rejected) ?? 'ok');
  const seen: Receiver[] = [receiver];
  const { url } = receiver;
  const start = (...more: string[]): ChildProcess =>
    fork(AGENT, [acknowledged, ...more], {
      cwd,
      env: { PATH: process.env['PATH'], HOME: cwd, ENDPOINT: url, HINDCAST_RECORD: mode, HINDCAST_HOST_INFO: 'off' },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
  try {
    if (behave === null) await receiver.close();
    for (let kill = 0; kill < kills; kill++) {
      const child = start();
      await once(child, 'message');
      await pause(Math.random() * 300);
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    if (behave === null) seen.push((receiver = await startReceiver(() => 'ok', Number(new URL(url).port))));
    receiver.behave = () => 'ok';
    const last = start('deliver');
    const [[{ done }]] = (await Promise.all([once(last, 'message'), once(last, 'exit')])) as [[{ done: boolean }], unknown];
    return { backend: name, mode, kills, flushed: done, ...count(acknowledged, seen, rejected) };
  } finally {
    await receiver.close();
    rmSync(cwd, { recursive: true, force: true });
  }
}

function count(
  acknowledged: string,
  receivers: readonly Receiver[],
  rejected: ReadonlySet<string>,
): Pick<DeliveryRow, 'finished' | 'delivered' | 'refused' | 'lost' | 'doubled' | 'sentAgain'> {
  const finished = existsSync(acknowledged) ? readFileSync(acknowledged, 'utf8').trim().split('\n') : [];
  const ids = new Map<string, Set<string>>();
  let accepted = 0;
  const refused = new Set<string>();
  for (const { spans, accepted: taken } of receivers.flatMap(({ requests }) => requests)) {
    for (const { name, spanId } of spans) {
      const event = name.split(' ').at(-1)!;
      if (!taken) continue;
      if (rejected.has(spanId)) {
        refused.add(event);
        continue;
      }
      accepted++;
      ids.set(event, (ids.get(event) ?? new Set()).add(spanId));
    }
  }
  const distinct = [...ids.values()].reduce((sum, { size }) => sum + size, 0);
  return {
    finished: finished.length,
    delivered: finished.filter((event) => ids.has(event)).length,
    refused: finished.filter((event) => refused.has(event)).length,
    lost: finished.filter((event) => !ids.has(event) && !refused.has(event)).length,
    doubled: [...ids.values()].filter(({ size }) => size > 1).length,
    sentAgain: accepted - distinct,
  };
}
