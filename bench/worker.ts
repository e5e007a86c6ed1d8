/** The process of one candidate. It is told what to do, one order at a time, and answers with what that cost. */
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Candidate, Started } from './candidate.ts';
import { converse, TASKS, type Clients } from './tasks.ts';

/** What a worker is started with. */
export interface WorkerSetup {
  candidate: string;
  /** Base URL of the stand-in. */
  url: string;
  /** Folder for what the candidate keeps. */
  folder: string;
  /** Where `--peers` installed, or null. */
  peers: string | null;
}

export type Order = { do: 'task'; task: number; calls: number } | { do: 'converse'; turns: number };

export interface Cost {
  cpuUs: number;
  /** Median time of a call. */
  p50Us: number;
  /** Median time to the first chunk. */
  firstUs: number | null;
  /** Longest time for which the event loop was not served; only of tasks that ask for it. */
  stallUs: number | null;
  /** Bytes in the candidate's folder after the order, minus those before. */
  keptBytes: number;
  /** Bytes on the wire, for a conversation. */
  wireBytes?: number;
}

const setup = JSON.parse(process.argv[2] ?? '{}') as WorkerSetup;

function bytesIn(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
  }
  return bytes;
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

/** Loads the candidate, then the SDKs. */
export async function startCandidate({ candidate: name, url, folder, peers }: WorkerSetup): Promise<Started> {
  mkdirSync(folder, { recursive: true });
  const { candidate } = (await import(`./candidates/${name}.mjs`)) as { candidate: Candidate };
  return candidate.start({
    sink: `${url}/sink/${name}`,
    folder,
    peer: (set, packageName) => {
      if (peers === null) throw new Error('a peer without --peers');
      const require = createRequire(join(peers, set, 'package.json'));
      return require(packageName) as unknown;
    },
  });
}

/** Clients that ask the stand-in for the answers of `model`. */
async function makeClients(started: Started, model: string): Promise<Clients> {
  const OpenAI = started.OpenAI ?? (await import('openai')).OpenAI;
  const { Anthropic } = await import('@anthropic-ai/sdk');
  const baseURL = `${setup.url}/provider/${model}`;
  const openai = new OpenAI({ apiKey: 'sk-bench', baseURL: `${baseURL}/v1`, maxRetries: 0 });
  const anthropic = new Anthropic({ apiKey: 'sk-bench', baseURL, maxRetries: 0 });
  return { openai: started.wrapOpenAI?.(openai) ?? openai, anthropic: started.wrapAnthropic?.(anthropic) ?? anthropic };
}

type Work = (tell: (callUs: number, firstUs: number | null) => void) => Promise<number | void>;

/** Runs `work` and says what it cost, the sending of what it left behind included. */
async function measure(started: Started, work: Work, stall = false): Promise<Cost> {
  const times: number[] = [];
  const firsts: number[] = [];
  const before = bytesIn(setup.folder);
  (globalThis as { gc?: () => void }).gc?.();
  const delay = stall ? monitorEventLoopDelay({ resolution: 1 }) : null;
  delay?.enable();
  const cpu = process.cpuUsage();
  const wireBytes = await work((callUs, firstUs) => {
    times.push(callUs);
    if (firstUs !== null) firsts.push(firstUs);
  });
  delay?.disable();
  await started.flush();
  const used = process.cpuUsage(cpu);
  return {
    cpuUs: used.user + used.system,
    p50Us: median(times),
    firstUs: firsts.length > 0 ? median(firsts) : null,
    stallUs: delay ? delay.max / 1000 : null,
    keptBytes: bytesIn(setup.folder) - before,
    ...(typeof wireBytes === 'number' ? { wireBytes } : {}),
  };
}

async function obey(started: Started, order: Order): Promise<Cost> {
  if (order.do === 'converse') {
    const clients = await makeClients(started, 'conversation');
    return measure(started, () => converse(clients, order.turns));
  }
  const task = TASKS[order.task];
  if (!task) throw new Error(`no task ${order.task}`);
  const clients = await makeClients(started, task.model);
  let left = order.calls;
  const lane = async (tell: Parameters<Work>[0]): Promise<void> => {
    while (left-- > 0) {
      const began = performance.now();
      const first = await task.call(clients);
      tell((performance.now() - began) * 1000, first === null ? null : (first - began) * 1000);
    }
  };
  return measure(
    started,
    async (tell) => {
      await Promise.all(Array.from({ length: task.atOnce }, () => lane(tell)));
    },
    task.stall,
  );
}

if (process.send) {
  const started = await startCandidate(setup);
  process.on('message', (order: Order) => {
    obey(started, order).then(
      (cost) => process.send?.({ cost }),
      (error: unknown) => process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.on('disconnect', () => process.exit(0));
  process.send({ ready: true });
}
