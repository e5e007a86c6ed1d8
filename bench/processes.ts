/** The processes of a run: candidates and the stand-in, each started, asked and ended here. */
import { spawn, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import type { SinkCount } from './stand-in.ts';
import type { Cost, Order, WorkerSetup } from './worker.ts';

/** Writes the bench as JavaScript, so that nobody's start-up holds the time Node takes to strip types. */
export function compile(to: string): void {
  rmSync(to, { recursive: true, force: true });
  for (const folder of ['.', 'candidates']) {
    mkdirSync(join(to, folder), { recursive: true });
    for (const file of readdirSync(join(import.meta.dirname, folder))) {
      if (!file.endsWith('.ts') || file === 'run.ts') continue;
      const source = stripTypeScriptTypes(readFileSync(join(import.meta.dirname, folder, file), 'utf8'));
      writeFileSync(join(to, folder, file.replace(/ts$/, 'mjs')), source.replaceAll(/(from '\.[^']*)\.ts'/g, "$1.mjs'"));
    }
  }
}

async function reply<T>(child: ChildProcess, what: string): Promise<T> {
  const ended = new AbortController();
  const gone = once(child, 'exit', { signal: ended.signal }).then(([code]) => {
    throw new Error(`${what} ended with code ${String(code)}`);
  });
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal: ended.signal }), gone])) as [T & { error?: string }];
    if (message.error !== undefined) throw new Error(`${what}: ${message.error}`);
    return message;
  } finally {
    ended.abort();
    gone.catch(() => {});
  }
}

/** Environment of every process: nothing of the user's own configuration may decide what is measured. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(HINDCAST|OTEL|LANGFUSE|OPENAI|ANTHROPIC|NODE_OPTIONS)/.test(name),
  );
  return { ...Object.fromEntries(kept), NODE_ENV: 'production' };
}

/** The stand-in and its sink. */
export class StandIn {
  readonly #child: ChildProcess;
  url = '';

  constructor(folder: string) {
    this.#child = fork(join(folder, 'stand-in.mjs'), [], { env: environment() });
  }

  async ready(): Promise<void> {
    const { port } = await reply<{ port: number }>(this.#child, 'the stand-in');
    this.url = `http://127.0.0.1:${port}`;
  }

  /** What came to the sink so far, by candidate. */
  async counts(): Promise<Record<string, SinkCount>> {
    this.#child.send('count');
    return (await reply<{ sink: Record<string, SinkCount> }>(this.#child, 'the stand-in')).sink;
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}

/** One candidate in its own process. */
export class Worker {
  readonly name: string;
  readonly #child: ChildProcess;

  constructor(folder: string, setup: WorkerSetup) {
    this.name = setup.candidate;
    this.#child = fork(join(folder, 'worker.mjs'), [JSON.stringify(setup)], { env: environment(), execArgv: ['--expose-gc'] });
  }

  async ready(): Promise<void> {
    await reply(this.#child, this.name);
  }

  async obey(order: Order): Promise<Cost> {
    this.#child.send(order);
    return (await reply<{ cost: Cost }>(this.#child, this.name)).cost;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    if (this.#child.connected) this.#child.disconnect();
    const hung = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await gone;
    clearTimeout(hung);
  }
}

export interface ColdCost {
  /** From the start of the process to the first answer. */
  ms: number;
  rssBytes: number;
  cpuUs: number;
}

/** Runs the cold program once, in a new process. */
export async function runCold(folder: string, setup: WorkerSetup): Promise<ColdCost> {
  const child = spawn(process.execPath, [join(folder, 'cold.mjs'), JSON.stringify(setup)], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (output += piece));
  const [code] = (await once(child, 'close')) as [number | null];
  const line = output.split('\n').find((text) => text.startsWith('{"ms"'));
  if (code !== 0 || line === undefined)
    throw new Error(`the cold program with ${setup.candidate} ended with code ${String(code)}: ${output}`);
  return JSON.parse(line) as ColdCost;
}
