/** `hindcast test`: makes a regression test of a session. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { Option, type Command } from 'commander';
import { duration } from '../../analysis/figures.ts';
import { writePortable } from '../../recording/portable-file.ts';
import { processRecordings } from '../../recording/process-recordings.ts';
import type { Recording } from '../../recording/recording.ts';
import { commandOf, cwdOf, missingProgram, programFile } from '../../replay/moved-paths.ts';
import { withoutRegister } from '../../replay/register-options.ts';
import { obstacleOf } from '../../replay/source.ts';
import { replay } from '../../testing/replay.ts';
import type { ReplayResult } from '../../testing/replay-result.ts';
import { CliFailure } from '../failure.ts';
import { familyOfOne } from '../family.ts';
import { findEvent } from '../find-event.ts';
import { oneLine } from '../printable.ts';
import { explainedLater, openRecording, projectAt, recordingAt } from '../project.ts';
import { scrubCopies } from '../scrub-copies.ts';
import { idOf } from '../session-words.ts';
import type { Terminal } from '../terminal.ts';
import { RUNNERS, testFile, type Runner, type TestFile } from '../test-file.ts';
import { does, newVerb, type Call } from '../verb.ts';
import { version } from '../version.ts';

interface Options {
  runner: Runner;
  fixedAt?: string;
  out?: string;
  scrub?: boolean;
  force?: boolean;
}

/** Where tests go, below the folder that holds `.hindcast`. */
const FOLDER = 'test/replays';
/** More output than this is no file that somebody reads. */
const STDOUT_CHARS_MAX = 100_000;

export function verb(): Command {
  const command = newVerb({
    name: 'test',
    summary: 'make a regression test of a session',
    description:
      'Copies the recording of a session into one file and writes a test beside it, which replays it with hindcast/testing: offline, without a key. By default the program must do what it did when it was ' +
      'recorded. With --fixed-at, the session is a failure whose bug is fixed at or after that event: the test fails on the code that was recorded, and passes once the program gets past it. The test is ' +
      'run once here, to say how it stands.',
    examples: [
      ['test last', 'test/replays/ses_….test.mjs, for node --test'],
      ['test ses_4f1a --runner vitest', 'for vitest'],
      ['test ses_4f1a --fixed-at 4', 'a failure: what differs from event 4 on is the fix'],
      ['test last --scrub --out checks', 'without the secrets, in another folder'],
    ],
  })
    .argument('<session>', 'id, the beginning of one, a path, or "last"')
    .addOption(new Option('--runner <runner>', 'node (node --test) or vitest').choices([...RUNNERS]).default('node'))
    .option('--fixed-at <event>', 'number in the tree (hindcast show) or id of the event that the bug is fixed at')
    .option('-o, --out <folder>', `where the two files go (default: ${FOLDER}, beside .hindcast)`)
    .option('--scrub', 'replace what looks like a secret, as hindcast share does')
    .option('--force', 'replace files that are there');
  return does(command, run);
}

async function run({ args, options, terminal }: Call<Options>): Promise<number> {
  const path = recordingAt(options.dir, args[0] ?? '');
  const recording = openRecording(path);
  const obstacle = obstacleOf(recording);
  if (obstacle !== null) throw new CliFailure(`${idOf(path)} cannot be replayed: ${obstacle}`);
  const event = options.fixedAt === undefined ? undefined : findEvent(familyOfOne(recording), options.fixedAt);
  const folder = resolve(options.out ?? join(dirname(projectAt(options.dir)), FOLDER));
  const session = idOf(path);
  const names = { recording: `${session}.hindcast`, test: `${session}.test.mjs`, stdout: `${session}.stdout.txt` };
  for (const name of [names.recording, names.test]) refuseTaken(join(folder, name), options.force === true);
  mkdirSync(folder, { recursive: true });
  await explainedLater(() => copyRecording(path, join(folder, names.recording), options.scrub === true, terminal));
  const result = await tried(join(folder, names.recording), recording, event?.id);
  const isSame = event === undefined && result !== null && failureOf(result) === null;
  const again = isSame && isTelling(result, recording) ? await tried(join(folder, names.recording), recording, undefined) : null;
  // What is another in each replay, as the time that something took, is nothing to compare.
  const stdout = again !== null && again.stdout === result?.stdout ? names.stdout : undefined;
  if (stdout !== undefined) writeFileSync(join(folder, stdout), result?.stdout ?? '');
  const file: TestFile = {
    ...{ runner: options.runner, session, recording: names.recording, ...placesOf(recording, folder) },
    day: new Date(recording.header.epoch / 1000).toISOString().slice(0, 10),
    exitCode: recording.end?.exitCode,
    ...(event !== undefined && { fixedAt: { id: event.id, number: event.number, name: event.name } }),
    ...(stdout !== undefined && { stdout }),
  };
  writeFileSync(join(folder, names.test), testFile(file));
  const paths = [names.test, names.recording, ...(stdout === undefined ? [] : [stdout])].map((name) => join(folder, name));
  say({ session, paths, options, result, fixed: event !== undefined }, terminal);
  return 0;
}

function refuseTaken(path: string, force: boolean): void {
  if (!force && existsSync(path)) throw new CliFailure(`${path} is there already.`, { hint: '--force replaces it.' });
}

async function copyRecording(path: string, to: string, scrub: boolean, terminal: Terminal): Promise<void> {
  const draft = `${to}.part-${process.pid}`;
  const folder = mkdtempSync(join(tmpdir(), 'hindcast-test-'));
  try {
    const recordings = processRecordings(path).map((one) => ({ id: idOf(one), path: one }));
    const made = scrub ? scrubCopies(recordings, folder, {}, terminal) : { recordings };
    await writePortable(draft, made.recordings, { sdk: `hindcast/${version()}`, ...('scrub' in made && { scrub: made.scrub }) });
    renameSync(draft, to);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(draft, { force: true });
  }
}

/** The replay that the test makes; null where the program is not here. */
async function tried(file: string, { header }: Recording, fixedAt: string | undefined): Promise<ReplayResult | null> {
  const cwd = cwdOf(header, undefined);
  if (missingProgram(header, cwd) !== undefined) return null;
  return replay(file, { cwd, ...(fixedAt !== undefined && { fixedAt }) });
}

/** Null: the test passes. */
function failureOf(result: ReplayResult, fixed = false): string | null {
  try {
    if (fixed) result.assertFixed();
    else result.assertSame();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Whether what the program prints can be compared on other machines. */
function isTelling({ stdout }: ReplayResult, { header }: Recording): boolean {
  const ours = [homedir(), header.cwd ?? process.cwd(), process.cwd()];
  return stdout !== '' && stdout.length <= STDOUT_CHARS_MAX && !ours.some((path) => stdout.includes(path));
}

/** The program's folder and command line, as the test says them: nothing of this machine, where the program lies in its folder. */
function placesOf({ header }: Recording, folder: string): Pick<TestFile, 'cwd' | 'argv' | 'program'> {
  const cwd = cwdOf(header, undefined);
  const file = programFile(header, cwd);
  const argv = commandOf(header, cwd).slice(withoutRegister(header.execArgv ?? []).length);
  return {
    cwd: slashed(relative(folder, cwd) || '.'),
    argv: argv.map((arg) => (isAbsolute(arg) && !isOutside(cwd, arg) ? slashed(relative(cwd, arg)) : arg)),
    program: file === undefined ? 'the program' : basename(file),
  };
}

const slashed = (path: string): string => path.split(sep).join('/');
/** Further up than a package is in its repository: of no use in another checkout either way. */
const isOutside = (folder: string, path: string): boolean => slashed(relative(folder, path)).startsWith('../../../');

interface Made {
  session: string;
  paths: string[];
  options: Options;
  result: ReplayResult | null;
  fixed: boolean;
}

function say({ session, paths, options, result, fixed }: Made, terminal: Terminal): void {
  const failure = result === null ? null : failureOf(result, fixed);
  if (terminal.json) {
    terminal.printJson({
      session,
      files: paths,
      scrubbed: options.scrub === true,
      passes: result === null ? null : failure === null,
      failure,
    });
    return;
  }
  for (const path of paths) terminal.print(`${terminal.paint('green', '✓')} ${oneLine(relative(process.cwd(), path) || path)}`);
  if (result === null) terminal.remark('! Not tried: the program of the recording is not here.');
  else if (failure === null) terminal.print(`  passes here, in ${duration(result.ms * 1000)}`);
  else {
    terminal.print(
      fixed
        ? '  fails here, as it must until the bug is fixed:'
        : '  fails here: the program is not as it was when it was recorded:',
    );
    for (const line of failure.split('\n')) terminal.print(`    ${oneLine(line)}`);
  }
  if (options.scrub !== true)
    terminal.remark('! Not scrubbed: the file holds everything that was recorded. --scrub takes out what looks like a secret.');
}
