/** Replays a recording in this process: the program runs again, and is given what it was given then. */
import { writeFileSync } from 'node:fs';
import { guard } from '../core/diagnostics.ts';
import { newSpanId } from '../core/ids.ts';
import type { DrawKind } from '../events/lines.ts';
import type { LiveSession } from '../session/live-session.ts';
import { BreakOff, breakingOff } from './break-off.ts';
import type { BrokenOff } from './known-part.ts';
import type { Opening } from './channels.ts';
import { replayChannels } from './channels-replayed.ts';
import type { ReplayedChannels } from './channels-replayed.ts';
import { wordsOf } from './channel-words.ts';
import { DIVERGED, endDivergence, sayDivergence, stallDivergence, unopenedDivergence } from './divergence.ts';
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
import { replayHttp } from './http-replay.ts';
import { refuseLeaks } from './leak-guard.ts';
import { internally } from './lineage.ts';
import { Matcher } from './matcher.ts';
import type { MatchedBy } from './matcher.ts';
import { restorePid } from './pids.ts';
import type { ReplayPlan } from './plan.ts';
import { RecordedAnswers } from './recorded-answers.ts';
import { follow } from './runtime.ts';
import type { Runtime } from './runtime.ts';
import { readSource } from './source.ts';
import type { Source, SourceChannel, SourceRequest, Step } from './source.ts';
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
  /** What else was answered, by the kind of channel, and those of it that printed to the terminal themselves: that is not printed again. */
  channels: Record<string, number>;
  printedThemselves: number;
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

/** Kinds of channels that a program opens when it starts something. */
const STARTED = new Set(['child', 'worker']);
/** stdout and stderr of a child. */
const OUTPUTS = [1, 2];

function printsItself(what: unknown): boolean {
  const { stdio } = (what ?? {}) as { stdio?: unknown };
  return Array.isArray(stdio) && OUTPUTS.some((fd) => stdio[fd] === 'inherit');
}

/** Begins to replay. Throws where there is no recording that can be. */
export function startReplaying({ plan, implicit }: ReplayOptions): Runtime {
  const { report: reportPath, leaveOut = [] } = plan;
  const source = readSource(plan.recordings);
  const elsewhere = new Elsewhere(source);
  restoreEnvironment(elsewhere.environment(source.env), plan.ownEnv);
  const ordered = !leaveOut.includes('gate');
  const matcher = new Matcher(source.requests, { byLineage: !leaveOut.includes('lineage') });
  const fixed = plan.fixedAt === undefined ? null : new FixedAt(source, plan.fixedAt);
  const report = newReport(source, fixed);
  const writeReport = (): void => {
    report.movedTimers = gate.moved;
    report.channels = channels.answered;
    if (reportPath !== undefined) guard('replay.report', () => writeFileSync(reportPath, JSON.stringify(report)), undefined);
  };
  const stop = (divergence: Divergence): never => {
    if (fixed?.takes(divergence, matcher.left) === true) process.exit();
    report.divergence ??= divergence;
    sayDivergence(divergence);
    process.exit(DIVERGED);
  };
  const breakOff = breakOffOf(source, report, writeReport);
  const steps = breakOff === null ? source.steps : [...source.steps, breakingOff(source.steps)];
  const gate = new Gate({
    steps: steps.filter((step) => step.kind !== 'timer' || (ordered && !(step.isWork === true && leaveOut.includes('work')))),
    epochMs: source.epochMs,
    ordered,
    onStall: (step) => {
      // It has not come to rest, and is about to be ended.
      if (breakOff?.isReached === true) return;
      const divergence = stalledAt(step, source, channels);
      if (fixed?.leavesOut(step, divergence) === true) process.exit();
      stop(divergence);
    },
  });
  if (breakOff !== null) gate.addReceiver(breakOff.key, breakOff);
  const draws = new DrawSource(source.draws, madeUp(gate));
  report.draws = draws.given;
  process.on('exit', () => {
    const left = fixed?.required(matcher.left) ?? matcher.left;
    // Where it may end before it was over, it may not have come to start everything.
    const missing = neverAskedFor(left, breakOff === null && fixed === null ? channels.left : []);
    if (report.divergence === undefined && missing !== null) endWith(missing, report);
    if (left.length < matcher.left.length) fixed?.takes(endDivergence(matcher.left), matcher.left);
    writeReport();
  });
  const leak = (what: string): never =>
    stop({ kind: 'connection', text: `${what} is not in the recording, and a replay reaches out to nothing` });
  const refuse = (_opening: Opening, words: string): never => leak(words);
  const channels = replayChannels({ gate, recorded: source.channels, refuse, onDivergence: stop });
  refuseLeaks(leak);
  restorePid(source.recordings[0]?.header.pid ?? 0);
  const answers = new RecordedAnswers({
    matcher,
    asRecorded: (asking) => elsewhere.asRecorded(asking),
    onMatch: (by) => report.answered[by]++,
    onDivergence: (divergence) => {
      // The line of the last request may have been lost with the process.
      if (gate.left <= 1 && breakOff !== null && source.brokenOff?.signal === undefined) return;
      if (fixed === null) stop(divergence);
      // Others ask in the same turn, for what was asked before the event.
      else internally(() => setImmediate(stop, divergence));
    },
  });
  const open = openIn(implicit, () => null);
  follow({
    draw: leaveOut.includes('draws') ? null : draws.draw,
    timers: ordered ? replayTimers(gate) : null,
    work: (lin) => gate.beginWork(lin),
    channels,
    hasMessages: source.channels.some(({ line }) => line.kind === 'ipc'),
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

/** What ends the process where its recording breaks off; null: it does not. */
function breakOffOf({ brokenOff }: Source, report: ReplayReport, writeReport: () => void): BreakOff | null {
  if (brokenOff === null) return null;
  return new BreakOff(brokenOff, () => {
    report.brokenOff = brokenOff;
    writeReport();
  });
}

/** The process ends having left its recording. */
function endWith(divergence: Divergence, report: ReplayReport): void {
  report.divergence = divergence;
  sayDivergence(divergence);
  process.exitCode = DIVERGED;
}

/** Nobody waits for that step. */
function stalledAt(step: Step, { requests, channels }: Source, { left }: ReplayedChannels): Divergence {
  const of = step.kind === 'timer' ? undefined : step.of;
  const request = requests.find(({ key }) => key === of);
  const channel = channels.find(({ key }) => key === of);
  return stallDivergence(step, request, channel && { words: wordsOf(channel.line), opened: !left.includes(channel) });
}

/** A report of which nothing is known yet. */
function newReport(source: Source, fixed: FixedAt | null): ReplayReport {
  return {
    requests: source.requests.length,
    answered: { place: 0, content: 0, masked: 0 },
    draws: { own: 0, other: 0, made: 0 },
    movedTimers: 0,
    channels: {},
    printedThemselves: source.channels.filter(({ line }) => printsItself(line.what)).length,
    ...(source.exitCode !== undefined && { recordedExitCode: source.exitCode }),
    ...(fixed !== null && { fix: fixed.report }),
  };
}

/** What the program ended without: requests, and processes and threads that it started. */
function neverAskedFor(requests: readonly SourceRequest[], channels: readonly SourceChannel[]): Divergence | null {
  if (requests.length > 0) return endDivergence(requests);
  const unopened = channels.filter(({ line: { kind } }) => STARTED.has(kind));
  return unopened.length > 0 ? unopenedDivergence(unopened) : null;
}

/** What the recording has no value for: clocks say when the last thing came in, dice are thrown. */
function madeUp(gate: Gate): <T extends Drawn>(kind: DrawKind, real: () => T) => T {
  return (kind, real) => (kind === 'D' ? (Math.floor(gate.nowMs) as ReturnType<typeof real>) : real());
}
