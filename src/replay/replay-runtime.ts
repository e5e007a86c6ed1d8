/** Replays a recording in this process: the program runs again, and is given what it was given then. */
import { writeFileSync } from 'node:fs';
import { guard } from '../core/diagnostics.ts';
import { newSpanId } from '../core/ids.ts';
import type { DrawKind } from '../events/lines.ts';
import type { LiveSession } from '../session/live-session.ts';
import { BreakOff, breakingOff } from './break-off.ts';
import type { BrokenOff } from './known-part.ts';
import { replayChannels } from './channels-replayed.ts';
import { DIVERGED, endDivergence, sayDivergence, stallDivergence } from './divergence.ts';
import type { Divergence } from './divergence.ts';
import { DrawSource } from './draw-source.ts';
import type { Drawn } from './draws.ts';
import { restoreEnvironment } from './environment.ts';
import { openIn } from './exchange-owner.ts';
import { replayFetches } from './fetch-replay.ts';
import { Gate } from './gate.ts';
import { replayHttp } from './http-replay.ts';
import { refuseLeaks } from './leak-guard.ts';
import { Matcher } from './matcher.ts';
import type { MatchedBy } from './matcher.ts';
import type { ReplayPlan } from './plan.ts';
import { RecordedAnswers } from './recorded-answers.ts';
import { follow } from './runtime.ts';
import type { Runtime } from './runtime.ts';
import { readSource } from './source.ts';
import type { Step } from './source.ts';
import { StandInSocket } from './stand-in-socket.ts';
import { replayTimers } from './timers-replayed.ts';
import { replayUndici } from './undici-replay.ts';

/** What a replay came to. Written as JSON when the process ends. */
export interface ReplayReport {
  /** Requests of the recording. */
  requests: number;
  /** Requests that were answered, by how they were found. */
  answered: Record<MatchedBy, number>;
  /** Clocks and dice: given to the place that they were recorded of, to another one, and made up. */
  draws: { own: number; other: number; made: number };
  /** Timers that stood at another place. */
  movedTimers: number;
  divergence?: Divergence;
  /** The recording breaks off, and the replay came to that place: the signal that the program was killed by, where that is known. */
  brokenOff?: BrokenOff;
  /** How the program ended when it was recorded, where one of the recordings of its process says so. */
  recordedExitCode?: number;
}

export interface ReplayOptions {
  plan: ReplayPlan;
  implicit: () => LiveSession | null;
}

/** Begins to replay. Throws where there is no recording that can be. */
export function startReplaying({ plan, implicit }: ReplayOptions): Runtime {
  const { report: reportPath, leaveOut = [] } = plan;
  const source = readSource(plan.recordings);
  restoreEnvironment(source.env);
  const ordered = !leaveOut.includes('gate');
  const matcher = new Matcher(source.requests, { byLineage: !leaveOut.includes('lineage') });
  const report: ReplayReport = {
    requests: source.requests.length,
    answered: { place: 0, content: 0, masked: 0 },
    draws: { own: 0, other: 0, made: 0 },
    movedTimers: 0,
    ...(source.exitCode !== undefined && { recordedExitCode: source.exitCode }),
  };
  const writeReport = (): void => {
    report.movedTimers = gate.moved;
    if (reportPath !== undefined) guard('replay.report', () => writeFileSync(reportPath, JSON.stringify(report)), undefined);
  };
  const stop = (divergence: Divergence): never => {
    report.divergence ??= divergence;
    sayDivergence(divergence);
    process.exit(DIVERGED);
  };
  const requestOf = (step: Step) => source.requests.find(({ key }) => step.kind !== 'timer' && key === step.of);
  const breakOff =
    source.brokenOff === null
      ? null
      : new BreakOff(source.brokenOff, () => {
          report.brokenOff = source.brokenOff!;
          writeReport();
        });
  const steps = breakOff === null ? source.steps : [...source.steps, breakingOff(source.steps)];
  const gate = new Gate({
    steps: ordered ? steps : steps.filter(({ kind }) => kind !== 'timer'),
    epochMs: source.epochMs,
    ordered,
    onStall: (step) => {
      // It has not come to rest, and is about to be ended.
      if (breakOff?.isReached !== true) stop(stallDivergence(step, requestOf(step)));
    },
  });
  if (breakOff !== null) gate.addReceiver(breakOff.key, breakOff);
  const draws = new DrawSource(source.draws, madeUp(gate));
  report.draws = draws.given;
  process.on('exit', () => {
    if (report.divergence === undefined && matcher.left.length > 0) {
      report.divergence = endDivergence(matcher.left);
      sayDivergence(report.divergence);
      process.exitCode = DIVERGED;
    }
    writeReport();
  });
  const leak = (what: string): never =>
    stop({ kind: 'connection', text: `${what} is not in the recording, and a replay reaches out to nothing` });
  refuseLeaks(leak);
  const answers = new RecordedAnswers({
    matcher,
    onMatch: (by) => report.answered[by]++,
    onDivergence: (divergence) => {
      // The line of the last request may have been lost with the process.
      if (gate.left > 1 || breakOff === null || source.brokenOff?.signal !== undefined) stop(divergence);
    },
  });
  const open = openIn(implicit, () => null);
  follow({
    draw: leaveOut.includes('draws') ? null : draws.draw,
    timers: ordered ? replayTimers(gate) : null,
    channels: replayChannels(gate, source.channels, (_opening, words) => leak(words)),
    fetcher: replayFetches({ gate, answers, open }),
    undici: replayUndici({ gate, answers, open, refuse: leak }),
    http: {
      form: replayHttp({ gate, answers, open }),
      connect: (target) => new StandInSocket(target),
      refuse: leak,
    },
  });
  return { process: newSpanId(), begin: () => {}, ending: () => {}, dying: () => {} };
}

/** What the recording has no value for: clocks say when the last thing came in, dice are thrown. */
function madeUp(gate: Gate): <T extends Drawn>(kind: DrawKind, real: () => T) => T {
  return (kind, real) => (kind === 'D' ? (Math.floor(gate.nowMs) as ReturnType<typeof real>) : real());
}
