/**
 * A child process that a replay stands in for, and that is asked something after a fork that the recording does not have: it is started then, and told again what it was told. That is possible where
 * what it says can be told from what it said: of servers that speak JSON-RPC, a line each (MCP over stdio). What they have answered already is not answered twice.
 */
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { PipeEnd } from './child-pipe.ts';
import { whatOf } from './child-what.ts';
import type { SpawnOptions } from './child-what.ts';
import { wordsOf } from './channel-words.ts';
import type { Reopening, ReopeningEffect, Passed } from './channels.ts';
import { pairsOfStarted } from './environment.ts';
import { internally } from './lineage.ts';
import { completed, RpcPast } from './rpc-past.ts';
import { RpcLines } from './rpc-lines.ts';
import type { Arrival } from './source.ts';

/** A server that answers what it has answered before is not waited for longer. */
const PATIENCE_MS = 30_000;

type Started = ChildProcess & { spawn(options: object): void };

export class ChildOnward implements Reopening, PipeEnd {
  readonly #options: SpawnOptions & { envPairs?: string[] };
  readonly #come: (arrival: Arrival) => void;
  #child: ChildProcess | undefined;
  /** What the app does before the child knows what it knew. */
  #waiting: (() => void)[] | null = [];
  #isHeld = true;

  constructor(options: SpawnOptions, come: (arrival: Arrival) => void) {
    this.#options = options;
    this.#come = come;
  }

  obstacle(past: readonly Passed[], rest: readonly Arrival[]): string | null {
    const { stdio = [] } = whatOf(this.#options);
    if (stdio[0] !== 'pipe' || stdio[1] !== 'pipe' || stdio.includes('ipc') || stdio.slice(3).includes('pipe'))
      return 'it is no server that is asked by its standard input alone';
    return new RpcPast(past).obstacle(rest);
  }

  effects(past: readonly Passed[]): ReopeningEffect[] {
    const words = wordsOf({ kind: 'child', what: whatOf(this.#options) });
    const { methods, repeated } = new RpcPast(past);
    const told = methods.length === 0 ? '' : `, and told again what it was told: ${methods.join(', ')}`;
    return [
      { name: 'child', call: `${words} is started${told}` },
      ...repeated.map(({ name, args }) => ({
        name,
        call: `the tool ${name} of ${words}, which is called once more as that is started again`,
        with: JSON.stringify(args),
      })),
    ];
  }

  begin(past: readonly Passed[], rest: readonly Arrival[], fail: (why: string) => void): void {
    const known = new RpcPast(past);
    const tail = completed(known.partial, rest);
    if (tail.length > 0) {
      const arrival = { event: 'data', data: { fd: 1 }, bytes: new Uint8Array(tail) };
      known.came(arrival);
      this.#come(arrival);
    }
    internally(() => {
      const child = this.#start();
      this.#child = child;
      this.#follow(child, known, fail);
    });
  }

  write(fd: number, bytes: Uint8Array): void {
    const copy = new Uint8Array(bytes);
    this.#then(() => inputOf(this.#child, fd)?.write(copy));
  }

  end(fd: number): void {
    const finished = (): void => this.#come({ event: 'finished', data: { fd } });
    this.#then(() => {
      const input = inputOf(this.#child, fd);
      // What is only read from is over at once.
      if (input === null) finished();
      else input.end(finished);
    });
  }

  close(fd: number): void {
    this.#then(() => this.#come({ event: 'closed', data: { fd } }));
  }

  kill(signal: unknown): void {
    this.#child?.kill(signal as NodeJS.Signals);
  }

  /** Whether it is to hold the process. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    const child = this.#child;
    if (child === undefined) return;
    const all = [child, ...child.stdio] as ({ ref?(): void; unref?(): void } | null)[];
    for (const each of all) {
      if (isHeld) each?.ref?.();
      else each?.unref?.();
    }
  }

  /** Does it now, or once the child knows what it knew. Nothing, as long as it is not to be started. */
  #then(act: () => void): void {
    if (this.#child === undefined) return;
    if (this.#waiting === null) internally(act);
    else this.#waiting.push(act);
  }

  #start(): ChildProcess {
    const { ChildProcess: Child } = process.getBuiltinModule('node:child_process');
    const child = new Child() as Started;
    const { stdio = [], envPairs = [] } = this.#options as { stdio?: { type?: string; fd?: number }[]; envPairs?: string[] };
    const kinds = stdio.map(({ type, fd }) => (type === 'pipe' || type === 'overlapped' ? 'pipe' : (fd ?? 'ignore')));
    child.spawn({ ...this.#options, envPairs: pairsOfStarted(envPairs), stdio: kinds });
    return child;
  }

  #follow(child: ChildProcess, past: RpcPast, fail: (why: string) => void): void {
    const lines = new RpcLines(past, (bytes) => this.#come({ event: 'data', data: { fd: 1 }, bytes }));
    const isKnowing = (): boolean => this.#waiting === null;
    // timer held: the app waits for the child
    const patience = setTimeout(() => fail(`it has not answered ${past.awaits(lines.answered)} again`), PATIENCE_MS);
    const tell = (): void => {
      for (const bytes of lines.next()) child.stdin?.write(bytes);
      if (!lines.isOver || isKnowing()) return;
      clearTimeout(patience);
      lines.open();
      const waiting = this.#waiting ?? [];
      this.#waiting = null;
      for (const act of waiting) act();
    };
    child.stdout?.on('data', (bytes: Buffer) => {
      const wrong = lines.came(bytes);
      if (wrong !== null) fail(wrong);
      else tell();
    });
    child.stderr?.on('data', (bytes: Buffer) => {
      if (isKnowing()) this.#come({ event: 'data', data: { fd: 2 }, bytes: new Uint8Array(bytes) });
    });
    for (const [fd, output] of [child.stdout, child.stderr].entries())
      output?.on('end', () => isKnowing() && this.#come({ event: 'end', data: { fd: fd + 1 } }));
    // It says so when it exits.
    child.stdin?.on('error', () => {});
    child.on('error', (error) => fail(`it could not be started: ${error.message}`));
    child.on('exit', (code, signal) => {
      if (isKnowing()) this.#come({ event: 'exit', data: { code: code ?? 0, ...(signal !== null && { signal }) } });
      else fail(`it ended (${signal ?? `exit ${code}`}) before it had answered ${past.awaits(lines.answered)} again`);
    });
    if (!this.#isHeld) this.hold(false);
    tell();
  }
}

const inputOf = (child: ChildProcess | undefined, fd: number): Socket | null =>
  fd === 0 ? ((child?.stdin ?? null) as Socket | null) : null;
