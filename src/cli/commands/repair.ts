/** `hindcast repair`: keeps every sound line of a damaged recording, and the damaged file beside it. */
import type { Command } from 'commander';
import { repairRecording } from '../../recording/verify.ts';
import { count } from '../../analysis/figures.ts';
import { explained, recordingAt } from '../project.ts';
import { idOf } from '../session-words.ts';
import { does, newVerb, type Call } from '../verb.ts';

export function verb(): Command {
  const command = newVerb({
    name: 'repair',
    summary: 'keep what is sound of a damaged recording',
    description:
      'Writes every sound line into a new file in the place of the damaged one, which stays beside it with the suffix .damaged. ' +
      'A recording that is sound is left as it is.',
    examples: [['repair ses_4f1a', 'repair one session']],
  }).argument('<session>', 'id, the beginning of one, a path, or "last"');
  return does(command, run);
}

function run({ args, options, terminal }: Call<object>): number {
  const path = recordingAt(options.dir, args[0] ?? '');
  const { kept, dropped, problems, damagedCopy } = explained(() => repairRecording(path));
  const id = idOf(path);
  if (terminal.json) terminal.printJson({ id, path, kept, dropped, problems, damagedCopy });
  else if (damagedCopy === undefined)
    terminal.print(`${terminal.paint('green', '✓')} ${id}  nothing to repair, ${count(kept, 'sound line')}`);
  else {
    terminal.print(`${terminal.paint('green', '✓')} ${id}  kept ${count(kept, 'line')}, dropped ${dropped}`);
    terminal.remark(`  The damaged file is kept: ${damagedCopy}`);
  }
  return 0;
}
