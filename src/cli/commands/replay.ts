/** `hindcast replay`: runs the program of a recording again, offline, and gives it everything that it was given then. */
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { Option, type Command } from 'commander';
import { RecordingError } from '../../recording/errors.ts';
import type { Recording } from '../../recording/recording.ts';
import { DIVERGED, exitDivergence } from '../../replay/divergence.ts';
import { REFUSED } from '../../replay/effects.ts';
import { majorOf } from '../../replay/obstacles.ts';
import { planFor } from '../../replay/plan.ts';
import type { LeftOut, Policy, ReplayPlan } from '../../replay/plan.ts';
import { runReplay } from '../../replay/replay-process.ts';
import type { ReplayReport } from '../../replay/replay-runtime.ts';
import { obstacleOf } from '../../replay/source.ts';
import { CliFailure } from '../failure.ts';
import { runProgram, type ProgramEnd } from '../program.ts';
import { openRecording, recordingAt } from '../project.ts';
import { replaySummary } from '../replay-summary.ts';
import type { ReplayOutcome } from '../replay-summary.ts';
import { idOf } from '../session-words.ts';
import type { Terminal } from '../terminal.ts';
import { programOf } from '../thread.ts';
import { does, newVerb, type Call, type CommonOptions } from '../verb.ts';
import { runtimeOf } from '../../replay/register-options.ts';

interface ReplayOptions extends CommonOptions {
  policy?: Policy;
  tolerate?: boolean;
  allow?: string[];
  check?: boolean;
}

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
      ['replay last --policy live', 'from where it leaves the recording on, ask really, and keep that as a branch'],
      ['replay last --tolerate', 'after prompts were changed: give each request the answer of its place'],
      ['replay last --check', 'for git bisect run: 0 where it does as it was recorded, 86 where not'],
      ['replay last --json', 'what the replay came to, for programs; the output of the program is not shown'],
    ],
  })
    .argument('[session]', 'id, the beginning of one, a path, or "last"', 'last')
    .argument('[command...]', 'after --: the program and its arguments, where the recorded command line is none of here')
    .addOption(
      new Option(
        '--policy <what>',
        'where the program leaves the recording: "strict" ends it with 86; "warn" says so, and gives it the nearest answer; "live" lets it ask the network from there on',
      )
        .choices(['strict', 'warn', 'live'])
        .default(undefined, 'strict'),
    )
    .option('--tolerate', 'gives a request the answer of its place, or the next one of its route, whatever it says')
    .option(
      '--allow <name>',
      'with --policy live: a tool, a host, "child" or "fs" that may have effects, "*" for all; may be repeated',
      gather,
    )
    .option('--check', 'exits with 0 where the program did as it was recorded, whatever its own exit code is');
  return does(command, run);
}

function gather(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

async function run({ args, options, terminal }: Call<ReplayOptions>): Promise<number> {
  const meant = recordingAt(options.dir, args[0] ?? 'last');
  const path = programOf(meant);
  if (path !== meant) terminal.remark(`${idOf(meant)} is of a thread of ${idOf(path)}, which is replayed`);
  const recording = openRecording(path);
  const obstacle = obstacleOf(recording);
  if (obstacle !== null) throw new CliFailure(`${idOf(path)} cannot be replayed: ${obstacle}`);
  if (runtimeOf(recording.header) === null && majorOf(recording.header.node) !== majorOf(process.version))
    terminal.remark(`! recorded on Node ${recording.header.node}, and this is ${process.version}: it may come out otherwise`);
  const outcome = await replay(path, recording, { options, command: args.slice(1), terminal });
  const code = exitCodeOf(outcome, options.check === true);
  if (terminal.json)
    terminal.printJson({
      ...outcome.report,
      session: idOf(path),
      exitCode: code,
      recordedExitCode: recordedCode(recording, outcome.report) ?? null,
      ms: outcome.ms,
      kept: outcome.kept,
    });
  else terminal.remark(replaySummary(idOf(path), recording, outcome));
  return code;
}

/** Runs the program in a process of its own, whose own recording is thrown away, unless it went its own way. */
async function replay(
  path: string,
  recording: Recording,
  { options, command, terminal }: { options: ReplayOptions; command: string[]; terminal: Terminal },
): Promise<ReplayOutcome> {
  try {
    const replayed = await runReplay({
      plan: orderOf(path, options),
      header: recording.header,
      ...(command.length > 0 && { command }),
      keepIn: dirname(path),
      start: ({ command: line, ...where }) =>
        runProgram('replay', line, { ...where, stdio: ['inherit', terminal.json ? 'ignore' : 'inherit', 'inherit'] }),
    });
    const { end, report } = replayed;
    return { ...replayed, report: withExit(report, end, recording), isStrict: (options.policy ?? 'strict') === 'strict' };
  } catch (error) {
    if (!(error instanceof RecordingError)) throw error;
    throw new CliFailure(error.message, { hint: `Say what to run: hindcast replay ${idOf(path)} -- node <file>`, cause: error });
  }
}

function orderOf(path: string, { policy = 'strict', tolerate = false, allow = [] }: ReplayOptions): ReplayPlan {
  const leaveOut = (process.env['HINDCAST_REPLAY_WITHOUT'] ?? '').split(',').filter(Boolean) as LeftOut[];
  return { ...planFor(path), policy, tolerate, allow, leaveOut };
}

/** A program that ends otherwise than it did has left the recording at the last moment. */
function withExit(report: ReplayReport | null, { code, signal }: ProgramEnd, recording: Recording): ReplayReport | null {
  const recorded = recordedCode(recording, report);
  const isOther = recorded !== undefined && code !== recorded;
  if (
    report === null ||
    !isOther ||
    report.brokenOff !== undefined ||
    report.divergence !== undefined ||
    report.refused.length > 0
  )
    return report;
  return { ...report, divergence: exitDivergence(signal ?? `exit code ${code}`, `exit code ${recorded}`) };
}

/** A session may end before its program does: then another recording of the process says how that ended. */
const recordedCode = ({ end }: Recording, report: ReplayReport | null): number | undefined =>
  end?.exitCode ?? report?.recordedExitCode;

/** What a shell says of a program that a signal ended. */
const codeOfSignal = (signal: string): number => 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);

/**
 * The program's own, unless it left the recording, ended otherwise than it did, or stopped before a side effect. Where nobody knows how it ended, 0 says that it came to where the recording does.
 * `check`: 0 in the place of the program's own.
 */
function exitCodeOf({ end, report, isStrict }: ReplayOutcome, check: boolean): number {
  if (report === null) return end.code === 0 || end.code === null ? 1 : end.code;
  if (report.refused.length > 0) return REFUSED;
  if (report.divergence === undefined && report.brokenOff !== undefined)
    return check || report.brokenOff.signal === undefined ? 0 : codeOfSignal(report.brokenOff.signal);
  const isOther = report.divergence !== undefined;
  if (isOther && (isStrict || check)) return DIVERGED;
  return check ? 0 : (end.code ?? 1);
}
