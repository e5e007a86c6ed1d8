/** A recording as a replay needs it: the requests that were made, and everything that came in, in its order. */
import { RecordingError } from '../recording/errors.ts';
import { bytesOf } from '../recording/exchange-reader.ts';
import { readRecording } from '../recording/recording.ts';
import type { Exchange, Recording } from '../recording/recording.ts';
import { brokenOff, knownUpTo } from './known-part.ts';
import type { BrokenOff } from './known-part.ts';
import type { Body, CameLine, ChannelLine, DrawsLine, EnvLine, WentLine } from '../events/lines.ts';
import { blobsPathOf } from '../recording/summary.ts';
import { blockersOf } from './obstacles.ts';

/** Something that came in; `atMs` is milliseconds since 1970, `of` the key of the request or channel. */
export type Step = { ord: number; atMs: number } & (
  | ReceivedStep
  | { kind: 'timer'; key: string; lin: string; ms?: number; /** Work that ended, and no timer. */ isWork?: true }
);

/** A step that somebody waits for who asked for it. `also`: what is handed over in the same turn, after it. */
export type ReceivedStep = { ord: number; atMs: number; of: string; also?: ReceivedStep[] } & (
  | { kind: 'head' | 'end' }
  | { kind: 'piece'; from: number; to: number }
  | { kind: 'came'; arrival: Arrival; /** So many bytes had gone into the channel before. */ sent?: number }
);

/** Something that came through a channel. */
export interface Arrival {
  readonly event: string;
  readonly data?: unknown;
  readonly bytes?: Uint8Array;
}

/** A request of the recording. */
export interface SourceRequest {
  /** Tells it from every other request and channel of the process. */
  readonly key: string;
  readonly exchange: Exchange;
  readonly lin: string;
  readonly lo: number;
  /** When it was sent, in milliseconds since 1970. */
  readonly sentMs: number;
  /** The recording that it is in. */
  readonly recording: Recording;
}

/** A channel of the recording. */
export interface SourceChannel {
  readonly key: string;
  readonly line: ChannelLine;
  /** When it was opened, in milliseconds since 1970. */
  readonly openedMs: number;
  /** What was given at once to the call that opened it. */
  readonly given: readonly Arrival[];
  /** What the program put into it, by the way that it took. */
  readonly went: ReadonlyMap<string, readonly Uint8Array[]>;
}

/** What was drawn, with when it was written down, in milliseconds since 1970. */
export interface TimedDraws {
  readonly line: DrawsLine;
  readonly atMs: number;
}

export interface Source {
  /** Of the process: that which was asked for first. */
  readonly recordings: readonly Recording[];
  /** Of all of them. */
  readonly flags: readonly number[];
  readonly epochMs: number;
  /** In the order in which they were sent. */
  readonly requests: readonly SourceRequest[];
  readonly channels: readonly SourceChannel[];
  /** As far as all of them are known. */
  readonly steps: readonly Step[];
  /** How it broke off; null: the program ended. */
  readonly brokenOff: BrokenOff | null;
  /** The exit code of the process, where one of its recordings was open to the end. */
  readonly exitCode: number | undefined;
  readonly draws: readonly TimedDraws[];
  readonly env: readonly EnvLine[];
}

/** Why a recording cannot be replayed at all; null: it can, as far as obstacles.ts knows. */
export function obstacleOf(recording: Recording): string | null {
  const [blocker] = blockersOf(recording);
  return blocker === undefined ? null : [blocker.text, blocker.todo].filter(Boolean).join(': ');
}

/** Reads the recordings of one process for a replay. Throws where they cannot be replayed. */
export function readSource(paths: readonly string[]): Source {
  const gathered = new Gathered();
  for (const path of paths) {
    const recording = readRecording(path);
    const obstacle = obstacleOf(recording);
    if (obstacle !== null) throw new RecordingError('recording_not_replayable', `${path}: ${obstacle}`);
    gathered.add(recording, blobsPathOf(path));
  }
  return gathered.result();
}

class Gathered {
  readonly #recordings: Recording[] = [];
  readonly #requests: SourceRequest[] = [];
  readonly #channels = new Map<
    number,
    Omit<SourceChannel, 'given' | 'went'> & { given: Arrival[]; went: Map<string, Uint8Array[]> }
  >();
  readonly #through: { line: CameLine | WentLine; blobs: string; atMs: number }[] = [];
  readonly #steps: Step[] = [];
  readonly #draws: TimedDraws[] = [];
  readonly #env: { line: EnvLine; atMs: number }[] = [];

  add(recording: Recording, blobs: string): void {
    const index = this.#recordings.push(recording) - 1;
    const epochMs = recording.header.epoch / 1000;
    const atMs = (us: number): number => epochMs + us / 1000;
    for (const exchange of recording.exchanges.values()) {
      if (exchange.asked === undefined) continue;
      const key = `${index === 0 ? '' : `${index + 1}.`}${exchange.x}`;
      this.#requests.push({ key, exchange, ...exchange.asked, recording, sentMs: atMs(exchange.sentAt ?? 0) });
      this.#steps.push(...stepsOf(exchange, key, atMs));
    }
    for (const line of recording.inputs) {
      const at = atMs(line.t);
      if (line.k === 'draws') this.#draws.push({ line, atMs: at });
      else if (line.k === 'env') this.#env.push({ line, atMs: at });
      else if (line.k === 'channel')
        this.#channels.set(line.n, { key: `c${line.n}`, line, openedMs: at, given: [], went: new Map() });
      else if (line.k === 'came' || line.k === 'went') this.#through.push({ line, blobs, atMs: at });
      else if (line.k === 'work') {
        const { lin, ord } = line;
        this.#steps.push({ kind: 'timer', ord, atMs: at, key: `${lin}:0`, lin, isWork: true });
      } else {
        const { lin, lo, ms, ord } = line;
        this.#steps.push({ kind: 'timer', ord, atMs: at, key: `${lin}:${lo}`, lin, ...(ms !== undefined && { ms }) });
      }
    }
  }

  result(): Source {
    for (const { line, blobs, atMs } of this.#through) {
      if (line.k === 'came') this.#arrive(line, blobs, atMs);
      else this.#leave(line, blobs);
    }
    const upTo = knownUpTo(this.#recordings);
    const steps = this.#steps.filter(({ ord }) => ord <= upTo).sort((a, b) => a.ord - b.ord);
    return {
      recordings: this.#recordings,
      flags: this.#recordings[0]?.header.flags ?? [],
      epochMs: Math.min(...this.#recordings.map(({ header }) => header.epoch / 1000)),
      requests: this.#requests.toSorted((a, b) => a.sentMs - b.sentMs),
      channels: [...this.#channels.values()].toSorted((a, b) => a.line.n - b.line.n),
      steps,
      brokenOff: brokenOff(this.#recordings),
      exitCode: this.#recordings.find(({ end }) => end?.exitCode !== undefined)?.end?.exitCode,
      draws: this.#draws.toSorted((a, b) => a.atMs - b.atMs),
      env: this.#env.toSorted((a, b) => a.atMs - b.atMs).map(({ line }) => line),
    };
  }

  #leave({ n, event, body }: WentLine, blobs: string): void {
    const went = this.#channels.get(n)?.went;
    const bytes = bytesIn(body, blobs, event);
    if (bytes === undefined) return;
    const before = went?.get(event);
    if (before === undefined) went?.set(event, [bytes]);
    else before.push(bytes);
  }

  #arrive({ n, event, ord, sent, data, body }: CameLine, blobs: string, atMs: number): void {
    const bytes = bytesIn(body, blobs, event);
    const arrival = { event, ...(data !== undefined && { data }), ...(bytes !== undefined && { bytes }) };
    const channel = this.#channels.get(n);
    if (ord === undefined) channel?.given.push(arrival);
    else if (channel !== undefined)
      this.#steps.push({ kind: 'came', ord, atMs, of: channel.key, arrival, ...(sent !== undefined && { sent }) });
  }
}

/** Throws where they were not kept, or are damaged: nothing could be given, or compared, in their place. */
function bytesIn(body: Body | undefined, blobs: string, event: string): Uint8Array | undefined {
  const bytes = body === undefined ? undefined : bytesOf(body, blobs);
  if (body === undefined || bytes !== undefined) return bytes;
  throw new RecordingError(
    'recording_not_replayable',
    `${blobs}: bytes that came in or went out (${event}) were not kept, or are damaged`,
  );
}

/** What of an exchange came in. That its reader left is none of it: the app does that again. */
function stepsOf({ headOrd, headAt, cuts, end }: Exchange, of: string, atMs: (us: number) => number): ReceivedStep[] {
  const steps: ReceivedStep[] = [];
  if (headOrd !== undefined) steps.push({ kind: 'head', ord: headOrd, atMs: atMs(headAt ?? 0), of });
  let from = 0;
  cuts.len.forEach((length, index) => {
    const to = from + length;
    steps.push({ kind: 'piece', ord: cuts.ord[index] ?? 0, atMs: atMs(cuts.at[index] ?? 0), of, from, to });
    from = to;
  });
  if (end?.how === 'complete' || end?.how === 'error') steps.push({ kind: 'end', ord: end.ord, atMs: atMs(end.at), of });
  return inTurns(steps);
}

/** Those of one place in the order are one step: they were handed over in one turn. */
function inTurns(steps: ReceivedStep[]): ReceivedStep[] {
  const turns: ReceivedStep[] = [];
  for (const step of steps) {
    const last = turns.at(-1);
    if (last?.ord === step.ord) (last.also ??= []).push(step);
    else turns.push(step);
  }
  return turns;
}
