/** `hindcast replay`: runs the program of a recording again, offline, and gives it everything that it was given then. */
import { constants } from 'node:os';
import type { Command } from 'commander';
import { count, duration } from '../../analysis/figures.ts';
import { RecordingError } from '../../recording/errors.ts';
import type { Recording } from '../../recording/recording.ts';
import { DIVERGED } from '../../replay/divergence.ts';
import { majorOf } from '../../replay/obstacles.ts';
import { planFor } from '../../replay/plan.ts';
import type { LeftOut } from '../../replay/plan.ts';
import { runReplay, type Replayed } from '../../replay/replay-process.ts';
import type { ReplayReport } from '../../replay/replay-runtime.ts';
import { obstacleOf } from '../../replay/source.ts';
import { CliFailure } from '../failure.ts';
import { runProgram, type ProgramEnd } from '../program.ts';
import { openRecording, recordingAt } from '../project.ts';
import { idOf } from '../session-words.ts';
import type { Terminal } from '../terminal.ts';
import { does, newVerb, type Call } from '../verb.ts';

export function verb(): Command {
  const command = newVerb({
    name: 'replay',
    summary: 'run the program of a session again, offline, with what it was given then',
    description:
      'Starts the program of a session as it was started, and answers its requests, clocks, random numbers, timers and the variables that it reads from the ' +
      "recording. Nothing is sent: no connection is opened, and no key is needed. The program's output is its own. Exits with the program's exit code; with 86 " +
      'when it leaves the recording, and then says where and how. Needs a session that `hindcast run` recorded.',
    examples: [
      ['replay', 'the newest session'],
      ['replay ses_4f1a', 'one session'],
      ['replay ses_4f1a -- node src/agent.js', 'a session of elsewhere: its program is another file here'],
      ['replay last --json', 'what the replay came to, for programs; the output of the program is not shown'],
    ],
  })
    .argument('[session]', 'id, the beginning of one, a path, or "last"', 'last')
    .argument('[command...]', 'after --: the program and its arguments, where the recorded command line is none of here');
  return does(command, run);
}

/** What a replay came to. */
type Outcome = Replayed<ProgramEnd>;

async function run({ args, options, terminal }: Call<object>): Promise<number> {
  const path = recordingAt(options.dir, args[0] ?? 'last');
  const recording = openRecording(path);
  const obstacle = obstacleOf(recording);
  if (obstacle !== null) throw new CliFailure(`${idOf(path)} cannot be replayed: ${obstacle}`);
  if (majorOf(recording.header.node) !== majorOf(process.version))
    terminal.remark(`! recorded on Node ${recording.header.node}, and this is ${process.version}: it may come out otherwise`);
  const outcome = await replay(path, recording, args.slice(1), terminal);
  const code = exitCodeOf(outcome, recording);
  if (terminal.json)
    terminal.printJson({
      ...outcome.report,
      session: idOf(path),
      exitCode: code,
      recordedExitCode: recordedCode(recording, outcome.report) ?? null,
      ms: outcome.ms,
    });
  else terminal.remark(summary(idOf(path), recording, outcome));
  return code;
}

/** Runs the program in a process of its own, whose own recording is thrown away. */
async function replay(path: string, { header }: Recording, command: string[], { json }: Terminal): Promise<Outcome> {
  const leaveOut = (process.env['HINDCAST_REPLAY_WITHOUT'] ?? '').split(',').filter(Boolean) as LeftOut[];
  try {
    return await runReplay({
      plan: { ...planFor(path), leaveOut },
      header,
      ...(command.length > 0 && { command }),
      start: ({ command: line, ...where }) =>
        runProgram('replay', line, { ...where, stdio: ['inherit', json ? 'ignore' : 'inherit', 'inherit'] }),
    });
  } catch (error) {
    if (!(error instanceof RecordingError)) throw error;
    throw new CliFailure(error.message, { hint: `Say what to run: hindcast replay ${idOf(path)} -- node <file>`, cause: error });
  }
}

/** A session may end before its program does: then another recording of the process says how that ended. */
const recordedCode = ({ end }: Recording, report: ReplayReport | null): number | undefined =>
  end?.exitCode ?? report?.recordedExitCode;

/** What a shell says of a program that a signal ended. */
const codeOfSignal = (signal: string): number => 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);

/** The program's own, unless it left the recording, or ended otherwise than it did. Where nobody knows how it ended, 0 says that it came to where the recording does. */
function exitCodeOf({ end, report }: Outcome, recording: Recording): number {
  const recorded = recordedCode(recording, report);
  if (report === null) return end.code === 0 || end.code === null ? 1 : end.code;
  if (report.divergence === undefined && report.brokenOff !== undefined)
    return report.brokenOff.signal === undefined ? 0 : codeOfSignal(report.brokenOff.signal);
  if (report.divergence !== undefined || (recorded !== undefined && end.code !== recorded)) return DIVERGED;
  return end.code ?? 1;
}

/** What was answered besides requests, and what cannot be shown again. */
function othersOf({ channels, printedThemselves }: ReplayReport): string {
  const { child = 0, worker = 0 } = channels;
  const started = [
    child > 0 ? `${child} child process${child === 1 ? '' : 'es'}` : '',
    worker > 0 ? count(worker, 'worker thread') : '',
  ]
    .filter(Boolean)
    .join(' and ');
  if (started === '') return '';
  const silent =
    printedThemselves > 0 ? ` (${printedThemselves} of them printed to the terminal directly, which is not shown again)` : '';
  return `${started} answered from the recording${silent}`;
}

function summary(id: string, recording: Recording, { end, report, ms }: Outcome): string {
  if (report === null) return `✗ ${id}: the program ended before it could be replayed (${end.signal ?? `exit ${end.code}`})`;
  const { requests, divergence, answered, draws, movedTimers } = report;
  const served = answered.place + answered.content + answered.masked;
  const of = `${served} of ${count(requests, 'request')} answered from the recording`;
  if (divergence !== undefined) {
    const where = divergence.step === undefined ? '' : ` at request ${divergence.step}`;
    return `✗ ${id}: left the recording${where}; ${of}`;
  }
  if (report.brokenOff !== undefined) {
    const { signal } = report.brokenOff;
    const how =
      signal === undefined ? 'the recording breaks off there: the process died, or still ran' : `ended by ${signal} as recorded`;
    return `✓ ${id}: ${of}, ${how}`;
  }
  const recorded = recordedCode(recording, report);
  if (recorded !== undefined && recorded !== end.code)
    return `✗ ${id}: exit ${end.code}, and ${recorded} when it was recorded; ${of}`;
  const moved = [
    othersOf(report),
    answered.content > 0 ? `${answered.content} found by what they say alone` : '',
    answered.masked > 0 ? `${answered.masked} found by what they say but for times and ids` : '',
    draws.other + draws.made + movedTimers > 0 ? 'the code is not the one that was recorded' : '',
  ].filter(Boolean);
  const took =
    recording.end === undefined
      ? duration(ms * 1000)
      : `${duration(ms * 1000)} instead of ${duration(recording.end.stats.durationMs * 1000)}`;
  const { input, output } = recording.end?.stats.tokens ?? { input: 0, output: 0 };
  const saved = input + output > 0 ? `, ${(input + output).toLocaleString('en')} tokens not spent` : '';
  return `✓ ${id}: ${of}, exit ${end.code} as recorded, ${took}${saved}${moved.map((text) => `; ${text}`).join('')}`;
}
