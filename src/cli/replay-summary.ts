/** What a replay came to, in one line. */
import { count, duration, money } from '../analysis/figures.ts';
import type { Recording } from '../recording/recording.ts';
import type { ReplayReport } from '../replay/replay-runtime.ts';
import type { ProgramEnd } from './program.ts';

/** What a replay came to. */
export interface ReplayOutcome {
  end: ProgramEnd;
  /** Null: the process ended before it could write one. */
  report: ReplayReport | null;
  ms: number;
  /** Ids of the recordings of it that are kept, because it went its own way. */
  kept: readonly string[];
  /** A divergence is an end. */
  isStrict: boolean;
}

/** For a person. */
export function replaySummary(id: string, recording: Recording, outcome: ReplayOutcome): string {
  const { end, report } = outcome;
  if (report === null) return `✗ ${id}: the program ended before it could be replayed (${end.signal ?? `exit ${end.code}`})`;
  const of = `${report.served} of ${count(report.requests, 'request')} answered from the recording`;
  if (report.refused.length > 0) return `✗ ${id}: stopped before a side effect; ${of}`;
  if (report.divergence !== undefined && outcome.isStrict) {
    const { kind, step, words, text } = report.divergence;
    if (kind === 'exit') return `✗ ${id}: ${text}; ${of}`;
    const where = words === undefined ? '' : ` at ${words}`;
    return `✗ ${id}: left the recording${step === undefined ? where : `${where} at request ${step}`}; ${of}`;
  }
  if (report.brokenOff !== undefined) {
    const { signal } = report.brokenOff;
    const how =
      signal === undefined ? 'the recording breaks off there: the process died, or still ran' : `ended by ${signal} as recorded`;
    return `✓ ${id}: ${of}, ${how}`;
  }
  const recorded = recording.end?.exitCode ?? report.recordedExitCode;
  const isOther = recorded !== undefined && recorded !== end.code;
  const exit = isOther ? `exit ${end.code} instead of ${recorded}` : `exit ${end.code} as recorded`;
  const mark = report.divergence === undefined && !isOther ? '✓' : '●';
  return [
    `${mark} ${id}: ${[of, exit, took(recording, outcome), saved(report)].filter(Boolean).join(', ')}`,
    ...remarks(outcome, report),
  ].join('; ');
}

function took({ end }: Recording, { ms }: ReplayOutcome): string {
  const now = duration(ms * 1000);
  return end === undefined ? now : `${now} instead of ${duration(end.stats.durationMs * 1000)}`;
}

/** What was answered besides requests, and what cannot be shown again. */
function othersOf({ channels, printedThemselves }: ReplayReport): string {
  const started = counted(channels);
  if (started === '') return '';
  const silent =
    printedThemselves > 0 ? ` (${printedThemselves} of them printed to the terminal directly, which is not shown again)` : '';
  return `${started} answered from the recording${silent}`;
}

function counted({ child = 0, worker = 0, websocket = 0, socket = 0 }: Record<string, number>): string {
  return [
    child > 0 ? `${child} child process${child === 1 ? '' : 'es'}` : '',
    worker > 0 ? count(worker, 'worker thread') : '',
    websocket > 0 ? count(websocket, 'WebSocket') : '',
    socket > 0 ? count(socket, 'connection') : '',
  ]
    .filter(Boolean)
    .join(' and ');
}

/** Tokens and money that the calls had taken. */
function saved({ saved: { calls, tokens, usd, unknown } }: ReplayReport): string {
  const parts = [tokens > 0 ? `${tokens.toLocaleString('en')} tokens` : '', usd > 0 ? money(usd) : ''].filter(Boolean);
  if (parts.length === 0) return '';
  return `${parts.join(' and ')} not spent${unknown > 0 && unknown < calls ? ` (${count(unknown, 'call')} of unknown price)` : ''}`;
}

function remarks({ kept }: ReplayOutcome, report: ReplayReport): string[] {
  const { answered, tolerated, near, live, draws, movedTimers, files, messages } = report;
  const opened = counted(report.opened);
  const goesOn = live > 0 || opened !== '';
  const as = kept.length > 0 ? `kept as ${kept.join(' and ')}` : '';
  return [
    othersOf(report),
    answered.content > 0 ? `${answered.content} found by what they say alone` : '',
    answered.masked > 0 ? `${answered.masked} found by what they say but for times and ids` : '',
    tolerated > 0 ? `${count(tolerated, 'changed request')} tolerated` : '',
    near > 0 ? `${count(near, 'changed request')} given the nearest answer` : '',
    messages.tolerated > 0 ? `${count(messages.tolerated, 'changed message')} tolerated` : '',
    messages.near > 0 ? `${count(messages.near, 'changed message')} given the recorded answer` : '',
    goesOn
      ? [live > 0 ? `${count(live, 'request')} sent over the network` : '', opened === '' ? '' : `${opened} really opened`, as]
          .filter(Boolean)
          .join(', ')
      : '',
    report.byEventsAlone === true
      ? 'this runtime tells no places apart but by events and by what was said'
      : draws.other + draws.made + movedTimers > 0 && !goesOn
        ? 'the code is not the one that was recorded'
        : '',
    files.written.length > 0 ? `${count(files.written.length, 'file')} written again` : '',
    files.kept.length > 0 ? `${count(files.kept.length, 'file')} not appended to twice` : '',
  ].filter(Boolean);
}
