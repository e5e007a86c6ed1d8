/** `hindcast share`: one file with a session and its family, without its secrets unless they are asked for. */
import { copyFileSync, existsSync, linkSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { count } from '../../analysis/figures.ts';
import { type Manifest, PORTABLE_SUFFIX, type Shared, writePortable } from '../../recording/portable-file.ts';
import { readHeader } from '../../recording/recording-ends.ts';
import { blobsPathOf } from '../../recording/summary.ts';
import { processRecordings } from '../../recording/process-recordings.ts';
import { verifyRecording } from '../../recording/verify.ts';
import { CliFailure } from '../failure.ts';
import { familyHeaders } from '../family.ts';
import { oneLine } from '../printable.ts';
import { explained, explainedLater, recordingAt } from '../project.ts';
import { scrubCopies } from '../scrub-copies.ts';
import { idOf } from '../session-words.ts';
import { checkReplay, sayCheck, type ReplayCheck } from '../replay-check.ts';
import type { Terminal } from '../terminal.ts';
import { does, newVerb, type Call } from '../verb.ts';
import { version } from '../version.ts';

interface Options {
  output?: string;
  alone?: boolean;
  scrub: boolean;
  also?: string[];
  emails?: boolean;
  stripContent?: boolean;
  force?: boolean;
  check: boolean;
}

export function verb(): Command {
  const command = newVerb({
    name: 'share',
    summary: 'put a session into one file to give away',
    description:
      'Writes <session>.hindcast: the recordings of the session and of its family, as a tar compressed with Zstandard, which hindcast import takes in elsewhere. Unless --no-scrub says otherwise, ' +
      'what looks like a secret is replaced first, in every line and body, by <redacted:kind#number>, home folders by ~; the recordings stay sound. Where the session can be replayed and its program is here, the scrubbed file is replayed to see whether it still can be. Patterns find what has a form ' +
      'or a telling name, and nothing else: what was said is still in the file, unless --strip-content leaves it out.',
    examples: [
      ['share last', 'ses_….hindcast, in this folder'],
      ['share ses_4f1a -o bug-42.hindcast --also "ACME-\\d+"', 'a pattern of your own, too'],
      ['share last --strip-content', 'codes, numbers and names only'],
      ['share last --no-scrub', 'as it was recorded'],
    ],
  })
    .argument('<session>', 'id, the beginning of one, a path, or "last"')
    .option('-o, --output <file>', 'the file to write (default: <session>.hindcast)')
    .option('--alone', 'without the sessions that belong to it')
    .option('--no-scrub', 'as it was recorded, byte for byte')
    .option('--also <regex>', 'replace what this pattern matches, too; may be repeated', gather)
    .option('--emails', 'replace e-mail addresses, too')
    .option('--strip-content', 'leave out everything that was said, as mode metadata does')
    .option('--no-check', 'do not replay the scrubbed file')
    .option('--force', 'replace the file; take a session that is still being recorded');
  return does(command, run);
}

function gather(pattern: string, patterns: string[] | undefined): string[] {
  return [...(patterns ?? []), pattern];
}

async function run({ args, options, terminal }: Call<Options>): Promise<number> {
  const { alone = false, force = false, scrub } = options;
  if (!scrub && (options.also || options.emails || options.stripContent))
    throw new CliFailure('--no-scrub leaves everything as it is: it does not go with --also, --emails or --strip-content.', {
      exitCode: 2,
    });
  const also = (options.also ?? []).map(patternOf);
  const path = recordingAt(options.dir, args[0] ?? '');
  const target = resolve(options.output ?? `${idOf(path)}${PORTABLE_SUFFIX}`);
  refuseTaken(target, force);
  const recordings = alone ? [{ id: headerId(path), path }] : sharedPaths(path);
  const live = recordings.filter((one) => isLive(one.path, force));
  const draft = `${target}.part-${process.pid}`;
  const folder = mkdtempSync(join(tmpdir(), 'hindcast-share-'));
  try {
    const still = recordings.map((one) => (live.includes(one) ? copyAsItIs(one, folder) : one));
    const made = scrub ? scrubCopies(still, folder, { ...options, also }, terminal) : { recordings: still, scrub: undefined };
    const about = { sdk: `hindcast/${version()}`, ...(made.scrub && { scrub: made.scrub }) };
    const manifest = await explainedLater(() => writePortable(draft, made.recordings, about));
    const check = scrub && options.check && !options.stripContent ? await checkReplay(draft, path) : null;
    place(draft, target, force);
    say(target, manifest, check, terminal);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(draft, { force: true });
  }
  return 0;
}

function patternOf(source: string): RegExp {
  try {
    return new RegExp(source, 'g');
  } catch (error) {
    throw new CliFailure(`--also ${source}: ${(error as Error).message}`, { exitCode: 2 });
  }
}

/** The recordings of the family that the one at `path` is in, as far as they are in its folder, and those of its process, without which it cannot be replayed. */
function sharedPaths(path: string): Shared[] {
  const paths = [...familyHeaders(path).map((one) => one.path), ...processRecordings(path)];
  return [...new Set(paths)].map((one) => ({ id: headerId(one), path: one }));
}

const headerId = (path: string): string => readHeader(path)?.id ?? idOf(path);

/** Whether it is still being written. Refuses what is damaged. */
function isLive(path: string, force: boolean): boolean {
  const { state, problems } = explained(() => verifyRecording(path));
  if (state === 'damaged')
    throw new CliFailure(
      `${idOf(path)} is damaged: ${count(problems.length, 'problem')}, the first in line ${problems[0]?.lineNumber ?? 1}.`,
      {
        hint: `Keep what is sound, then share it: hindcast repair ${idOf(path)}`,
      },
    );
  if (state === 'recording' && !force)
    throw new CliFailure(`${idOf(path)} is still being recorded.`, {
      hint: 'Wait for its end, or take what there is so far with --force.',
    });
  return state === 'recording';
}

/** The log first: the bodies that its lines refer to were there before them. */
function copyAsItIs({ id, path }: Shared, folder: string): Shared {
  const to = join(mkdtempSync(join(folder, 'live-')), basename(path));
  copyFileSync(path, to);
  if (existsSync(blobsPathOf(path))) copyFileSync(blobsPathOf(path), blobsPathOf(to));
  return { id, path: to };
}

function refuseTaken(path: string, force: boolean): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) throw new CliFailure(`${path} is a folder.`, { exitCode: 2 });
  if (found && !force)
    throw new CliFailure(`${path} is there already.`, { hint: 'Take another name with -o, or --force to replace it.' });
}

/** Unlike a rename, a link fails when somebody else was faster. */
function place(draft: string, target: string, force: boolean): void {
  if (force) return renameSync(draft, target);
  refuseTaken(target, force);
  linkSync(draft, target);
}

function say(target: string, { sessions, scrub }: Manifest, check: ReplayCheck | null, terminal: Terminal): void {
  const { size: bytes } = statSync(target);
  if (terminal.json)
    return terminal.printJson({
      path: target,
      bytes,
      sessions: sessions.map(({ id }) => id),
      scrubbed: scrub !== undefined,
      counts: scrub?.counts,
      ...(check !== null && { replay: check }),
    });
  terminal.print(
    `${terminal.paint('green', '✓')} ${oneLine(target)}  ${count(sessions.length, 'recording')}, ${count(bytes, 'byte')}`,
  );
  if (scrub === undefined) {
    terminal.remark('! Not scrubbed: it holds everything that was recorded.');
    return;
  }
  const counts = Object.entries(scrub.counts).sort(([a], [b]) => (a < b ? -1 : 1));
  terminal.print(
    counts.length === 0
      ? '  nothing to scrub was found'
      : `  scrubbed: ${counts.map(([kind, places]) => `${places} ${kind}`).join(', ')}`,
  );
  if (check !== null) sayCheck(check, terminal);
  if (!scrub.rules.includes('strip-content'))
    terminal.remark('  What has no form of a secret is still in it: look before you give it away.');
}
