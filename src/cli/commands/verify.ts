/** `hindcast verify`: checks every line and every blob of a recording against its checksum. */
import type { Command } from 'commander';
import { listRecordings } from '../../recording/recording.ts';
import { verifyRecording, type Verification } from '../../recording/verify.ts';
import { count, size } from '../../analysis/figures.ts';
import { oneLine } from '../printable.ts';
import { explained, recordingAt, recordingsAt } from '../project.ts';
import { idOf } from '../session-words.ts';
import type { Terminal } from '../terminal.ts';
import { does, newVerb, type Call } from '../verb.ts';

const PROBLEMS_SHOWN_MAX = 20;

export function verb(): Command {
  const command = newVerb({
    name: 'verify',
    summary: 'check recordings for damage, line by line',
    description:
      'Checks every line and every stored body against its checksum, and the lines for gaps. Exits with 1 when one is damaged. ' +
      'A last line that was cut off is no damage: it is how a recording looks when its process was killed.',
    examples: [
      ['verify', 'the newest session'],
      ['verify ses_4f1a', 'one session'],
      ['verify --all', 'every session of the project'],
    ],
  })
    .argument('[session]', 'id, the beginning of one, a path, or "last"', 'last')
    .option('-a, --all', 'every recording of the project');
  return does(command, run);
}

type Verified = Verification & { id: string; path: string };

function run({ args, options, terminal }: Call<{ all?: boolean }>): number {
  const paths = options.all
    ? listRecordings(recordingsAt(options.dir)).map(({ path }) => path)
    : [recordingAt(options.dir, args[0] ?? 'last')];
  let damaged = 0;
  const results: Verified[] = [];
  for (const path of paths) {
    const result = { id: idOf(path), path, ...explained(() => verifyRecording(path)) };
    if (result.state === 'damaged') damaged++;
    if (terminal.json) results.push(result);
    else sayResult(result, terminal);
  }
  if (terminal.json) terminal.printJson(results);
  else if (options.all) terminal.remark(`${count(paths.length, 'recording')}, ${damaged} damaged`);
  return damaged === 0 ? 0 : 1;
}

function sayResult({ id, state, lines, problems, bytes }: Verified, { print, paint, verbose, remark }: Terminal): void {
  const what = `${count(lines, 'sound line')}, ${size(bytes)}`;
  if (state !== 'damaged') {
    const torn = problems.length === 0 ? '' : ', the last line was cut off';
    return print(`${paint('green', '✓')} ${id}  ${what}${state === 'ended' ? '' : `, ${state}`}${torn}`);
  }
  print(`${paint('red', '✗')} ${id}  ${what}, ${count(problems.length, 'problem')}`);
  const shown = verbose ? problems : problems.slice(0, PROBLEMS_SHOWN_MAX);
  for (const { lineNumber, offset, kind, message } of shown)
    print(`    line ${lineNumber} (byte ${offset})  ${kind}: ${oneLine(message)}`);
  if (shown.length < problems.length) print(`    and ${problems.length - shown.length} more: --verbose lists them`);
  remark(`  Keep what is sound: hindcast repair ${id}`);
}
