/** `hindcast doctor`: whether recording works here, and what it would see. */
import type { Command } from 'commander';
import { checkBudget, checkFolder, checkNode, checkOptions, checkRecordings, type Check, type Verdict } from '../checks.ts';
import { checkSdks } from '../sdk-check.ts';
import { oneLine } from '../printable.ts';
import { projectAt } from '../project.ts';
import { table, type Row } from '../table.ts';
import type { Style } from '../terminal.ts';
import { does, newVerb, type Call } from '../verb.ts';

const MARKS: Record<Verdict, { text: string; style: Style }> = {
  ok: { text: '✓', style: 'green' },
  note: { text: '·', style: 'dim' },
  warn: { text: '!', style: 'yellow' },
  broken: { text: '✗', style: 'red' },
};

export function verb(): Command {
  const command = newVerb({
    name: 'doctor',
    summary: 'check whether recording works here, and what it would see',
    description:
      'Checks Node, the project folder, the recordings and the options, and names each copy of a supported SDK that is found ' +
      'from here, with what of it is recorded: each is loaded and looked at. Writes and sends nothing. Exits with 1 when ' +
      'something is broken.',
    examples: [
      ['doctor', 'check the project in this folder'],
      ['doctor --json', 'for programs'],
    ],
  });
  return does(command, run);
}

async function run({ options, terminal }: Call<object>): Promise<number> {
  const dir = projectAt(options.dir);
  const checks: Check[] = [
    checkNode(),
    ...checkFolder(dir),
    ...checkRecordings(dir),
    ...(await checkBudget(dir)),
    ...checkOptions(),
    ...(await checkSdks(process.cwd())),
  ];
  const broken = checks.some(({ verdict }) => verdict === 'broken');
  if (terminal.json) terminal.printJson({ ok: !broken, checks });
  else {
    const rows = checks.flatMap(({ what, verdict, found, todo }): Row[] => [
      [MARKS[verdict], oneLine(what), oneLine(found)],
      ...(todo === undefined ? [] : [{ under: 2, text: `→ ${oneLine(todo)}`, style: 'dim' as const }]),
    ]);
    const [, ...lines] = table([{ title: '' }, { title: '' }, { title: '', gives: true }], rows, terminal);
    for (const line of lines) terminal.print(line);
  }
  return broken ? 1 : 0;
}
