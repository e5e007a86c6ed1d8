/** A recording as a replay needs it: the requests that were made, and everything that came in, in its order. */
import { RecordingError } from '../recording/errors.ts';
import { readRecording } from '../recording/recording.ts';
import type { Exchange, Recording } from '../recording/recording.ts';
import { REPLAY_FLAG } from '../events/lines.ts';
import type { DrawsLine, EnvLine } from '../events/lines.ts';

/** Something that came in; `atMs` is milliseconds since 1970. */
export type Step =
  | { kind: 'head'; ord: number; atMs: number; x: number }
  | { kind: 'piece'; ord: number; atMs: number; x: number; from: number; to: number }
  | { kind: 'end'; ord: number; atMs: number; x: number }
  | { kind: 'timer'; ord: number; atMs: number; key: string; lin: string; ms?: number };

/** A request of the recording. */
export interface SourceRequest {
  readonly exchange: Exchange;
  readonly lin: string;
  readonly lo: number;
}

export interface Source {
  readonly recording: Recording;
  readonly epochMs: number;
  /** In the order in which they were sent. */
  readonly requests: readonly SourceRequest[];
  readonly steps: readonly Step[];
  readonly draws: readonly DrawsLine[];
  readonly env: readonly EnvLine[];
}

/** Why a recording cannot be replayed; null: it can. */
export function obstacleOf(recording: Recording): string | null {
  if (recording.header.mode !== 'full') return 'it holds no content: it was recorded in mode metadata';
  if (!recording.header.flags.includes(REPLAY_FLAG))
    return 'it was not recorded for a replay: record with `hindcast run`, or with HINDCAST_REPLAYABLE=on and node --import hindcast/register';
  const newer = recording.header.flags.filter((flag) => flag > REPLAY_FLAG);
  if (newer.length > 0) return `it needs what this release does not do (flag ${newer.join(', ')}): use a newer hindcast`;
  const damage = recording.problems.find(({ kind }) => kind !== 'torn');
  if (damage) return `it is damaged (line ${damage.lineNumber}: ${damage.message}); hindcast repair keeps what is sound`;
  return null;
}

/** Reads a recording for a replay. Throws where it cannot be one. */
export function readSource(path: string): Source {
  const recording = readRecording(path);
  const obstacle = obstacleOf(recording);
  if (obstacle !== null) throw new RecordingError('recording_not_replayable', `${path}: ${obstacle}`);
  const epochMs = recording.header.epoch / 1000;
  const requests = [...recording.exchanges.values()].flatMap((exchange): SourceRequest[] =>
    exchange.asked === undefined ? [] : [{ exchange, ...exchange.asked }],
  );
  const atMs = (us: number): number => epochMs + us / 1000;
  const steps = requests.flatMap(({ exchange }) => stepsOf(exchange, atMs));
  const draws: DrawsLine[] = [];
  const env: EnvLine[] = [];
  for (const line of recording.inputs) {
    if (line.k === 'draws') draws.push(line);
    else if (line.k === 'env') env.push(line);
    else
      steps.push({
        kind: 'timer',
        ord: line.ord,
        atMs: atMs(line.t),
        key: `${line.lin}:${line.lo}`,
        lin: line.lin,
        ...(line.ms !== undefined && { ms: line.ms }),
      });
  }
  steps.sort((a, b) => a.ord - b.ord);
  return { recording, epochMs, requests, steps, draws, env };
}

/** What of an exchange came in. That its reader left is none of it: the app does that again. */
function stepsOf(exchange: Exchange, atMs: (us: number) => number): Step[] {
  const { x, headOrd, headAt, cuts, end } = exchange;
  const steps: Step[] = [];
  if (headOrd !== undefined) steps.push({ kind: 'head', ord: headOrd, atMs: atMs(headAt ?? 0), x });
  let from = 0;
  cuts.len.forEach((length, index) => {
    const to = from + length;
    steps.push({ kind: 'piece', ord: cuts.ord[index] ?? 0, atMs: atMs(cuts.at[index] ?? 0), x, from, to });
    from = to;
  });
  if (end?.how === 'complete' || end?.how === 'error') steps.push({ kind: 'end', ord: end.ord, atMs: atMs(end.at), x });
  return steps;
}
