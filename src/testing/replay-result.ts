/** What a replay came to, and what a test says of it. */
import { AssertionError } from 'node:assert';
import type { Recording } from '../recording/recording.ts';
import { renderDivergence } from '../replay/divergence.ts';
import type { Divergence } from '../replay/divergence.ts';
import type { Replayed } from '../replay/replay-process.ts';
import type { ReplayReport } from '../replay/replay-runtime.ts';

/** How the program ended, and what it printed. */
export interface ReplayEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  timedOut: boolean;
}

/** Of what the program printed, so many lines are in a message. */
const PRINTED_LINES = 20;

export class ReplayResult {
  /** Id of the session that was replayed. */
  readonly session: string;
  /** Null: a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** How the recorded run ended; null: the recording does not say. */
  readonly recordedExitCode: number | null;
  readonly recordedSignal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Where the program left the recording; null: it did not. */
  readonly divergence: Divergence | null;
  /** Requests of the recording, and how many of them were answered from it. */
  readonly requests: number;
  readonly served: number;
  /** How often the program tried to reach out: to a server, a name server, another process. Nothing is reached, and the first time ends it, as a divergence. */
  readonly networkCalls: number;
  /** Whether the program was ended because it took longer than `timeoutMs`. */
  readonly timedOut: boolean;
  /** Milliseconds from the start of the process to its end. */
  readonly ms: number;
  /** All that the process said of its replay; null: it ended before it could. */
  readonly report: ReplayReport | null;
  readonly #fixedAt: string | undefined;

  constructor({ header, end: recorded }: Recording, { end, report, ms }: Replayed<ReplayEnd>, fixedAt: string | undefined) {
    const { place = 0, content = 0, masked = 0 } = report?.answered ?? {};
    this.session = header.id;
    this.exitCode = end.code;
    this.signal = end.signal;
    this.recordedExitCode = recorded?.exitCode ?? report?.recordedExitCode ?? null;
    this.recordedSignal = recorded?.signal ?? null;
    this.stdout = end.stdout;
    this.stderr = end.stderr;
    this.divergence = report?.divergence ?? null;
    this.networkCalls = this.divergence?.kind === 'connection' ? 1 : 0;
    this.requests = report?.requests ?? 0;
    this.served = place + content + masked;
    this.timedOut = end.timedOut;
    this.ms = ms;
    this.report = report;
    this.#fixedAt = fixedAt;
  }

  /** Throws an `AssertionError` unless the program did what it did: each recorded request was made, no other, and it ended with the same exit code. */
  assertSame(): void {
    const problem = this.#stayed() ?? this.#endedAlike();
    if (problem !== undefined) this.#fail(problem, 'assertSame');
  }

  /** Throws an `AssertionError` unless the program did what it did until the event `fixedAt` began, then something else, and did not fail. */
  assertFixed(): void {
    if (this.#fixedAt === undefined) throw new TypeError('assertFixed() needs the option fixedAt of replay()');
    const problem = this.#stayed() ?? this.#gotPast(this.#fixedAt);
    if (problem !== undefined) this.#fail(problem, 'assertFixed');
  }

  #stayed(): string | undefined {
    if (this.timedOut) return `the program did not end: it was ended after ${this.ms} ms`;
    if (this.report === null) return `the program ended before it could be replayed (${this.#how()})`;
    return this.divergence === null ? undefined : renderDivergence(this.divergence).replace(/^hindcast: /, '');
  }

  #endedAlike(): string | undefined {
    // Of a recording that breaks off, the replay ends where that does.
    const isOver = this.recordedExitCode === null || this.report?.brokenOff !== undefined;
    const isSame = isOver || this.exitCode === this.recordedExitCode;
    return isSame
      ? undefined
      : `the program ended with ${this.#how()}, and with exit code ${this.recordedExitCode} when it was recorded`;
  }

  #gotPast(event: string): string | undefined {
    if (this.exitCode !== 0) return `the program still fails: it ended with ${this.#how()}`;
    const isChanged = (this.report?.fix?.changed ?? null) !== null || (this.recordedExitCode ?? 0) !== 0;
    return isChanged
      ? undefined
      : `nothing is different at or after event ${event}: the program did all that it did when it failed`;
  }

  #how(): string {
    return this.signal ?? `exit code ${this.exitCode}`;
  }

  #fail(problem: string, operator: 'assertSame' | 'assertFixed'): never {
    const message = [`${this.session}: ${problem}`, ...printed('stderr', this.stderr, problem)].join('\n');
    throw new AssertionError({ message, operator, stackStartFn: this[operator] });
  }
}

/** The end of what the program printed, where the message does not say it already. */
function printed(stream: string, text: string, problem: string): string[] {
  const lines = text
    .split('\n')
    .filter((line) => line.trim() !== '' && !problem.includes(line.replace(/^hindcast: /, '').trim()));
  return lines.length === 0 ? [] : [`  ${stream}:`, ...lines.slice(-PRINTED_LINES).map((line) => `    ${line}`)];
}
