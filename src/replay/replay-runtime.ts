/** Replays a recording in this process: the program runs again, and is given what it was given then. Where the plan has it go its own way, it does from there on. */
import { writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { guard } from '../core/diagnostics.ts';
import { newSpanId } from '../core/ids.ts';
import type { ForkFacts } from '../events/edits.ts';
import type { LiveSession } from '../session/live-session.ts';
import { BreakOff, breakingOff } from './break-off.ts';
import { wordsOf } from './channel-words.ts';
import { channelsOfReplay } from './channels-of-replay.ts';
import type { ReplayedChannels } from './channels-replayed.ts';
import { Course } from './course.ts';
import { stallDivergence } from './divergence.ts';
import type { Divergence } from './divergence.ts';
import { DrawSource } from './draw-source.ts';
import { Elsewhere } from './elsewhere.ts';
import { Endings } from './endings.ts';
import { restoreEnvironment } from './environment.ts';
import { EventCourse } from './event-course.ts';
import { beginSession, openIn } from './exchange-owner.ts';
import type { OpenBytes } from './exchange-owner.ts';
import { replayFetches } from './fetch-replay.ts';
import { watchFiles } from './file-changes.ts';
import { FixedAt } from './fixed-at.ts';
import { ForkPoint } from './fork-point.ts';
import type { ForkReport } from './fork-report.ts';
import { Gate } from './gate.ts';
import { replayHttp } from './http-replay.ts';
import { replayHttp2 } from './http2-replay.ts';
import type { BrokenOff } from './known-part.ts';
import { refuseLeaks } from './leak-guard.ts';
import type { Refuse } from './leak-guard.ts';
import { canFollowPromises, internally, isInternal } from './lineage.ts';
import { Matcher } from './matcher.ts';
import { Onward } from './onward.ts';
import { Owed } from './owed.ts';
import { OwnRecording } from './own-recording.ts';
import { ownServers } from './own-servers.ts';
import { Parents } from './parents.ts';
import { restorePid } from './pids.ts';
import type { ReplayPlan } from './plan.ts';
import { Answers } from './answers.ts';
import { Tally } from './report.ts';
import type { ReplayReport } from './report.ts';
import { follow } from './runtime.ts';
import type { Runtime } from './runtime.ts';
import { readSource } from './source.ts';
import type { Source, SourceRequest, Step } from './source.ts';
import { StandInSocket } from './stand-in-socket.ts';
import { replayTimers } from './timers-replayed.ts';
import { replayUndici } from './undici-replay.ts';
import { VirtualClock } from './virtual-clock.ts';

export type { ReplayReport } from './report.ts';

export interface ReplayOptions {
  plan: ReplayPlan;
  implicit: () => LiveSession | null;
}

/** Nobody comes for the next thing of the recording in so long: the program has taken another way. */
const STALL_MS = 5_000;
/** After the fork it may have. */
const FORK_STALL_MS = 500;

/** Begins to replay. Throws where there is no recording that can be. */
export function startReplaying({ plan, implicit }: ReplayOptions): Runtime {
  const { leaveOut = [] } = plan;
  const source = readSource(plan.recordings);
  const fork = plan.fork === undefined ? null : new ForkPoint(plan.fork, source);
  const fixed = plan.fixedAt === undefined ? null : new FixedAt(source, plan.fixedAt);
  const elsewhere = new Elsewhere(source);
  restoreEnvironment(elsewhere.environment(source.env), plan.ownEnv);
  const own = fork !== null || plan.policy === 'live' ? new OwnRecording(() => beginSession(implicit)) : null;
  const ordered = !leaveOut.includes('gate');
  const matcher = new Matcher(source.requests, { byLineage: !leaveOut.includes('lineage') });
  const tally = new Tally(plan.fork?.edits ?? []);
  const parents = new Parents(source, plan.recordings, fork?.index);
  const owed = new Owed(source);
  const onward = new Onward(source, fork);
  const endings = new Endings({ plan, tally, matcher, fixed });
  const { stop, miss, warn, ask } = endings;
  const breakOff = source.brokenOff === null ? null : new BreakOff(source.brokenOff, owed, () => report(source.brokenOff!));
  const gate = new Gate({
    steps: stepsOf(source).filter(
      (step) => step.kind !== 'timer' || (ordered && !(step.isWork === true && leaveOut.includes('work'))),
    ),
    epochMs: source.epochMs,
    ordered,
    // Where it has not come to rest, it is about to be ended.
    onStall: (step) => breakOff?.isReached !== true && stalled(step),
    stallMs: (step) => (fork !== null && step.atMs > fork.startMs ? FORK_STALL_MS : STALL_MS),
  });
  if (breakOff !== null) gate.addReceiver(breakOff.key, breakOff);
  const { draws, goOn } = drawsOf(source, gate);
  const course = new Course({
    ...{ plan, gate, matcher, fork, onward, tally, stop, miss, warn, ask },
    asRecorded: (asking) => elsewhere.asRecorded(asking),
    // The line of the last request may have been lost with the process.
    isCut: () => breakOff !== null && source.brokenOff?.signal === undefined && gate.left <= 1,
    isOwnServer: ownServers(source),
    over: () => [...(breakOff === null || isServedToTheEnd(source) ? [] : [breakOff.key]), ...openedAgain(channels, fork)],
    onLive: () => goOn(fork, parents, owed),
  });
  const leak = leaksOf(course, endings);
  const differs = plan.policy === 'strict' || fork !== null ? stop : warn;
  const channels = channelsOfReplay({ plan, source, gate, course, fork, tally, endings, own, elsewhere, owed, leak });
  const describe = describing(source, channels);
  const stalled = onStall({ plan, gate, course, fork, fixed, describe, endings });
  const report = reporter({ plan, gate, draws, tally, source, own, fixed, channels });
  process.on('exit', () => {
    const isOpen = breakOff !== null || fixed !== null || fork !== null || course.isLive;
    const isOwed = (request: SourceRequest): boolean => (fork === null ? !course.isLive : fork.when(request) === 'before');
    const { missed } = gate;
    endings.ended(isOwed, isOpen ? null : channels, isOpen || missed === undefined ? null : describe(missed));
    report();
  });
  refuseLeaks(leak);
  restorePid(source.recordings[0]?.header.pid ?? 0);
  const events = new EventCourse({ plan, source, course, tally, differs, ask });
  const open = opening({ implicit, own, owed, gate });
  const answers = new Answers(course);
  const marked = own === null ? open : answers.marking(open);
  follow({
    flags: source.flags,
    draw: leaveOut.includes('draws') ? null : own === null ? draws.draw : own.drawing(draws.draw),
    timers: ordered ? replayTimers(gate, own?.fired) : null,
    work: (lin) => gate.beginWork(lin, own?.ended),
    channels: own === null ? channels : own.keeping(channels),
    events,
    hasMessages: source.channels.some(({ line }) => line.kind === 'ipc'),
    fetcher: replayFetches({ gate, course, open, marks: own !== null }),
    http2: replayHttp2({ gate, answers, open: marked, fired: own?.fired, refuse: leak }),
    undici: replayUndici({ gate, answers, open: marked, refuse: leak }),
    http: {
      form: replayHttp({ gate, answers, open: marked, fired: own?.fired }),
      connect: (target) => new StandInSocket(target),
      refuse: leak,
    },
  });
  followFiles(course, events, tally, endings);
  return own?.runtime((session) => parents.forkOf(session, forkFacts(plan, onward)), source.flags) ?? unkept(source);
}

/** All that is to be let in, and the end of a recording that breaks off. */
const stepsOf = ({ brokenOff, steps }: Source): readonly Step[] => (brokenOff === null ? steps : [...steps, breakingOff(steps)]);

interface OpeningOptions extends Pick<ReplayOptions, 'implicit'> {
  own: OwnRecording | null;
  owed: Owed;
  gate: Gate;
}

/** Where requests are recorded; what is sent of them is only waited for where something can be. */
function opening({ implicit, own, owed, gate }: OpeningOptions): OpenBytes {
  const open = openIn(implicit, () => own?.outside() ?? null);
  return own === null ? open : owed.counting(open, () => gate.look());
}

/** What the program draws. `goOn`: it goes its own way; what is not asked anew is still given what was recorded for its place, and what is owed is waited for. */
function drawsOf(source: Source, gate: Gate): { draws: DrawSource; goOn: (...known: [ForkPoint | null, Parents, Owed]) => void } {
  const clock = new VirtualClock(source.draws, () => gate.nowMs);
  const lines = source.draws.map(({ line }) => line);
  const draws = new DrawSource(lines, clock.read);
  const goOn = (fork: ForkPoint | null, parents: Parents, owed: Owed): void => {
    clock.goOn();
    draws.goOn(() => fork?.plan.after !== 'live' || !parents.isForked());
    owed.watch(() => gate.letGo());
  };
  return { draws, goOn };
}

/** Of a run whose recording is thrown away. */
const unkept = ({ flags }: Source): Runtime => ({
  process: newSpanId(),
  flags,
  begin: () => {},
  ending: () => {},
  dying: () => {},
});

/** Whether somebody outside ended a program that had a server. */
function isServedToTheEnd({ brokenOff, channels }: Source): boolean {
  return brokenOff?.signal !== undefined && channels.some(({ line: { kind, what } }) => kind === 'server' && what !== 'net');
}

/** Keys of channels that are opened again once the program goes its own way. */
function openedAgain({ left }: ReplayedChannels, fork: ForkPoint | null): string[] {
  return left.flatMap((channel) => (fork?.opensAgain(channel) === true ? [channel.key] : []));
}

/** What is done where something reaches out of the replay: it ends, or is asked about where the program goes its own way. */
function leaksOf(course: Course, { stop, ask }: Endings): Refuse {
  return (what, name) => {
    // What we send for the program, it has been asked about.
    if (course.isLive && (name === undefined || isInternal())) return;
    if (course.mayLeave && !isInternal()) {
      if (name !== undefined) ask({ name, call: what });
      course.goLive();
      return;
    }
    stop({ kind: 'connection', text: `${what} is not in the recording, and a replay reaches out to nothing` });
  };
}

/** Above everything else that replaces functions of `node:fs`: it is to see the app's calls alone. */
function followFiles(course: Course, events: EventCourse, tally: Tally, { ask }: Endings): void {
  watchFiles({
    changes: (call, path) => {
      if (!course.isLive) tally.wrote(path);
      else if (!events.isRecorded()) ask({ name: 'fs', call: `${call} ${path}` });
    },
    keeps: (path) => tally.kept(path),
    get isReplayed() {
      return !course.isLive || events.isRecorded();
    },
  });
  syncBuiltinESMExports();
}

interface Stalling {
  plan: ReplayPlan;
  gate: Gate;
  course: Course;
  fork: ForkPoint | null;
  fixed: FixedAt | null;
  describe: (step: Step) => Divergence;
  endings: Endings;
}

/** Puts into words that the recording goes on with a step that this run has not come to. */
function describing(source: Source, channels: ReplayedChannels): (step: Step) => Divergence {
  return (step) => {
    const request = source.requests.find(({ key }) => step.kind !== 'timer' && key === step.of);
    const channel = source.channels.find(({ key }) => step.kind === 'came' && key === step.of);
    const opened = channel && { words: wordsOf(channel.line), opened: !channels.left.includes(channel) };
    return stallDivergence(step, request, opened);
  };
}

/** What is done when the recording goes on with something that this run never asked for. */
function onStall({ plan, gate, course, fork, fixed, describe, endings }: Stalling): (step: Step) => void {
  return (step) => {
    if (fork !== null && gate.isPast(fork.startMs)) {
      course.goLive();
      return;
    }
    const divergence = describe(step);
    if (fixed?.leavesOut(step, divergence) === true) process.exit();
    if (fork !== null || plan.policy === 'strict') endings.stop(divergence);
    endings.warn(divergence);
    if (plan.policy === 'live') course.goLive();
    else gate.skip(step);
  };
}

interface Reporting {
  plan: ReplayPlan;
  gate: Gate;
  draws: DrawSource;
  tally: Tally;
  source: Source;
  own: OwnRecording | null;
  fixed: FixedAt | null;
  channels: ReplayedChannels;
}

/** Writes the report, where the plan wants one. */
function reporter({ plan, gate, draws, tally, source, own, fixed, channels }: Reporting): (brokenOff?: BrokenOff) => void {
  return (brokenOff) => {
    const { report: path } = plan;
    if (path === undefined) return;
    const report = tally.report({
      requests: source.requests.length,
      draws: draws.given,
      movedTimers: gate.moved,
      channels: channels.answered,
      printedThemselves: source.channels.filter(({ line }) => printsItself(line.what)).length,
      ...(source.exitCode !== undefined && { recordedExitCode: source.exitCode }),
      ...(fixed !== null && { fix: fixed.report }),
      ...(brokenOff !== undefined && { brokenOff }),
      ...(!canFollowPromises() && { byEventsAlone: true }),
    });
    if (own !== null) report.fork = forkReport(report, own.paths);
    guard('replay.report', () => internally(() => writeFileSync(path, JSON.stringify(report))), undefined);
  };
}

/** stdout and stderr of a child. */
const OUTPUTS = [1, 2];

function printsItself(what: unknown): boolean {
  const { stdio } = (what ?? {}) as { stdio?: unknown };
  return Array.isArray(stdio) && OUTPUTS.some((fd) => stdio[fd] === 'inherit');
}

function forkReport({ served, live, edits, refused }: ReplayReport, recordings: string[]): ForkReport {
  return {
    recordings,
    served,
    live,
    edited: edits.filter(({ times }) => times > 0).length,
    refused: refused.map(({ name, where }) => ({ what: name, ...(where !== undefined && { where }) })),
  };
}

/** What the headers of its recordings say of it. A replay that may leave its recording anywhere says no event. */
function forkFacts({ fork }: ReplayPlan, { changes }: Onward): Omit<ForkFacts, 'of'> {
  const onward = changes.length > 0 && { onward: [...changes] };
  if (fork === undefined) return { after: 'branch', edits: [], ...onward };
  const { event, after, edits } = fork;
  return { at: event, after, edits, ...onward };
}
