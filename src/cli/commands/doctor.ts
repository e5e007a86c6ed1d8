/** `hindcast doctor`: whether recording works here, and what it would see; of a session, whether it can be replayed. */
import type { Command } from 'commander';
import { count } from '../../analysis/figures.ts';
import { checkBudget, checkFolder, checkNode, checkOptions, checkRecordings, type Check, type Verdict } from '../checks.ts';
import { checkSdks } from '../sdk-check.ts';
import { oneLine } from '../printable.ts';
import { projectAt, recordingAt } from '../project.ts';
import { examine, VERDICTS, worst } from '../session-check.ts';
import { table, type Row } from '../table.ts';
import type { Style, Terminal } from '../terminal.ts';
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
      'something is broken. With a session: what keeps it from being replayed exactly, and where; exits with 1 when something does.',
    examples: [
      ['doctor', 'check the project in this folder'],
      ['doctor last', 'whether the newest session can be replayed'],
      ['doctor --json', 'for programs'],
    ],
  }).argument('[session]', 'id, the beginning of one, a path, or "last"');
  return does(command, run);
}

async function run({ args, options, terminal }: Call<object>): Promise<number> {
  if (args[0] !== undefined) return examineSession(recordingAt(options.dir, args[0]), terminal);
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
  else sayChecks(checks, terminal);
  return broken ? 1 : 0;
}

/** What keeps a session from being replayed: exactly, or at all. */
function examineSession(path: string, terminal: Terminal): number {
  const { session, obstacles, processSessions } = examine(path);
  const exact = obstacles.every(({ effect }) => effect === 'maybe');
  if (terminal.json) {
    terminal.printJson({ session, exact, obstacles, processSessions });
    return exact ? 0 : 1;
  }
  const others = processSessions.length - 1;
  const together = others > 0 ? `, together with ${count(others, 'other session')} of its process` : '';
  terminal.print(`${oneLine(session)}  ${VERDICTS[worst(obstacles)]}${together}`);
  const checks = obstacles.map(({ code, effect, text, todo }): Check => {
    const verdict = effect === 'maybe' ? 'warn' : 'broken';
    return {
      what: code.replaceAll('_', ' '),
      verdict,
      found: text,
      ...(todo !== undefined && { todo: todo[0]?.toUpperCase() + todo.slice(1) }),
    };
  });
  if (checks.length > 0) sayChecks(checks, terminal);
  return exact ? 0 : 1;
}

function sayChecks(checks: readonly Check[], terminal: Terminal): void {
  const rows = checks.flatMap(({ what, verdict, found, todo }): Row[] => [
    [MARKS[verdict], oneLine(what), oneLine(found)],
    ...(todo === undefined ? [] : [{ under: 2, text: `→ ${oneLine(todo)}`, style: 'dim' as const }]),
  ]);
  const [, ...lines] = table([{ title: '' }, { title: '' }, { title: '', gives: true }], rows, terminal);
  for (const line of lines) terminal.print(line);
}
