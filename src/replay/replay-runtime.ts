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
import { Elsewhere } from './elsewhere.ts';
import { restoreEnvironment } from './environment.ts';
import { openIn } from './exchange-owner.ts';
import { replayFetches } from './fetch-replay.ts';
import { FixedAt } from './fixed-at.ts';
import type { FixReport } from './fixed-at.ts';
import { Gate } from './gate.ts';
import { refuseLeaks } from './leak-guard.ts';
import { internally } from './lineage.ts';
import { Matcher } from './matcher.ts';
import type { MatchedBy } from './matcher.ts';
import type { ReplayPlan } from './plan.ts';
import { follow } from './runtime.ts';
import type { Runtime } from './runtime.ts';
import { wearId } from './readings.ts';
import { readSource } from './source.ts';
import type { Source, Step } from './source.ts';
import { replayTimers } from './timers-replayed.ts';

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
  /** Of a replay of a failure that was fixed. */
  fix?: FixReport;
}

export interface ReplayOptions {
  plan: ReplayPlan;
  implicit: () => LiveSession | null;
}

/** Begins to replay. Throws where there is no recording that can be. */
export function startReplaying({ plan, implicit }: ReplayOptions): Runtime {
  const { report: reportPath, leaveOut = [] } = plan;
  const source = readSource(plan.recordings);
  const elsewhere = new Elsewhere(source);
  restoreEnvironment(elsewhere.environment(source.env), plan.ownEnv);
  wearId(source.recordings[0]?.header.pid ?? process.pid);
  const ordered = !leaveOut.includes('gate');
  const matcher = new Matcher(source.requests, { byLineage: !leaveOut.includes('lineage') });
  const fixed = plan.fixedAt === undefined ? null : new FixedAt(source, plan.fixedAt);
  const report = newReport(source, fixed);
  const writeReport = (): void => {
    report.movedTimers = gate.moved;
    if (reportPath !== undefined) guard('replay.report', () => writeFileSync(reportPath, JSON.stringify(report)), undefined);
  };
  const stop = (divergence: Divergence): never => {
    if (fixed?.takes(divergence, matcher.left) === true) process.exit();
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
    steps: steps.filter((step) => step.kind !== 'timer' || (ordered && !(step.isWork === true && leaveOut.includes('work')))),
    epochMs: source.epochMs,
    ordered,
    onStall: (step) => {
      // It has not come to rest, and is about to be ended.
      if (breakOff?.isReached === true) return;
      const divergence = stallDivergence(step, requestOf(step));
      if (fixed?.leavesOut(step, divergence) === true) process.exit();
      stop(divergence);
    },
  });
  if (breakOff !== null) gate.addReceiver(breakOff.key, breakOff);
  const draws = new DrawSource(source.draws, madeUp(gate));
  report.draws = draws.given;
  process.on('exit', () => {
    const left = fixed?.required(matcher.left) ?? matcher.left;
    if (report.divergence === undefined && left.length > 0) {
      report.divergence = endDivergence(left);
      sayDivergence(report.divergence);
      process.exitCode = DIVERGED;
    }
    if (left.length < matcher.left.length) fixed?.takes(endDivergence(matcher.left), matcher.left);
    writeReport();
  });
  const leak = (what: string): never =>
    stop({ kind: 'connection', text: `${what} is not in the recording, and a replay reaches out to nothing` });
  refuseLeaks(leak);
  follow({
    draw: leaveOut.includes('draws') ? null : draws.draw,
    timers: ordered ? replayTimers(gate) : null,
    work: (lin) => gate.beginWork(lin),
    channels: replayChannels(gate, source.channels, (_opening, words) => leak(words)),
    fetcher: replayFetches({
      gate,
      matcher,
      asRecorded: (asking) => elsewhere.asRecorded(asking),
      open: openIn(implicit, () => null),
      onMatch: (by) => report.answered[by]++,
      onDivergence: (divergence) => {
        // The line of the last request may have been lost with the process.
        if (gate.left <= 1 && breakOff !== null && source.brokenOff?.signal === undefined) return;
        if (fixed === null) stop(divergence);
        // Others ask in the same turn, for what was asked before the event.
        else internally(() => setImmediate(stop, divergence));
      },
    }),
  });
  return { process: newSpanId(), begin: () => {}, ending: () => {}, dying: () => {} };
}

/** A report of which nothing is known yet. */
function newReport(source: Source, fixed: FixedAt | null): ReplayReport {
  return {
    requests: source.requests.length,
    answered: { place: 0, content: 0, masked: 0 },
    draws: { own: 0, other: 0, made: 0 },
    movedTimers: 0,
    ...(source.exitCode !== undefined && { recordedExitCode: source.exitCode }),
    ...(fixed !== null && { fix: fixed.report }),
  };
}

/** What the recording has no value for: clocks say when the last thing came in, dice are thrown. */
function madeUp(gate: Gate): <T extends Drawn>(kind: DrawKind, real: () => T) => T {
  return (kind, real) => (kind === 'D' ? (Math.floor(gate.nowMs) as ReturnType<typeof real>) : real());
}
