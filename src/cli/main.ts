#!/usr/bin/env node
/** `hindcast`: finds the verb, loads its file, runs it, and turns what it says into an exit code: 0 done, 1 failed, 2 asked for wrongly. */
import { Command, CommanderError } from 'commander';
import { printable } from './printable.ts';
import { CliFailure } from './failure.ts';
import { tolerateClosedPipe } from './terminal.ts';
import { addCommonOptions } from './verb.ts';
import { version } from './version.ts';

/** In the order of the help. Only the file of the verb that is asked for is loaded. */
const VERBS: Record<string, () => Promise<{ verb: () => Command }>> = {
  run: () => import('./commands/run.ts'),
  replay: () => import('./commands/replay.ts'),
  fork: () => import('./commands/fork.ts'),
  branches: () => import('./commands/branches.ts'),
  bisect: () => import('./commands/bisect.ts'),
  test: () => import('./commands/test.ts'),
  ls: () => import('./commands/ls.ts'),
  show: () => import('./commands/show.ts'),
  explain: () => import('./commands/explain.ts'),
  diff: () => import('./commands/diff.ts'),
  step: () => import('./commands/step.ts'),
  tail: () => import('./commands/tail.ts'),
  stats: () => import('./commands/stats.ts'),
  search: () => import('./commands/search.ts'),
  export: () => import('./commands/export.ts'),
  share: () => import('./commands/share.ts'),
  import: () => import('./commands/import.ts'),
  tag: () => import('./commands/tag.ts'),
  rm: () => import('./commands/rm.ts'),
  gc: () => import('./commands/gc.ts'),
  verify: () => import('./commands/verify.ts'),
  repair: () => import('./commands/repair.ts'),
  config: () => import('./commands/config.ts'),
  doctor: () => import('./commands/doctor.ts'),
  demo: () => import('./commands/demo.ts'),
};
const ALIASES: Readonly<Record<string, string>> = Object.assign(Object.create(null), { record: 'run' });

/** The program with the verbs that `argv` may mean; with all of them when it names none, for the help and for "did you mean". */
async function program(argv: string[]): Promise<Command> {
  const root = addCommonOptions(new Command('hindcast'))
    .description('Flight recorder and time machine for AI agents: look at what init() or `hindcast run` recorded.')
    .version(version(), '-V, --version', 'print the version')
    .helpCommand('help [verb]', 'what a verb does')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'hindcast: ')) })
    .showHelpAfterError('  hindcast --help lists the verbs')
    .addHelpText('after', '\nStart with `hindcast demo`, or record a program of yours: `hindcast run -- node agent.js`.');
  const named = new Set(argv.map((arg) => ALIASES[arg] ?? arg).filter((arg) => Object.hasOwn(VERBS, arg)));
  for (const name of named.size > 0 ? named : Object.keys(VERBS)) {
    const module = await VERBS[name]?.();
    if (module) root.addCommand(inherit(module.verb(), root));
  }
  return root;
}

/** Verbs make their own commands, so the settings of the program are handed down here. */
function inherit(command: Command, from: Command): Command {
  command.helpCommand(false).exitOverride().configureOutput(from.configureOutput());
  for (const inner of command.commands) inherit(inner, command);
  return command;
}

function failed(error: unknown, argv: string[]): number {
  // Commander has printed its own message, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const say = (line: string): void => void process.stderr.write(`${printable(line)}\n`);
  if (error instanceof CliFailure) {
    say(`hindcast: ${error.message}`);
    if (error.hint !== undefined) say(`  ${error.hint}`);
    return error.exitCode;
  }
  const verbose = argv.includes('-v') || argv.includes('--verbose');
  say(`hindcast: ${error instanceof Error ? (verbose && error.stack) || error.message : String(error)}`);
  if (!verbose) say('  Run it again with --verbose for where this came from.');
  return 1;
}

tolerateClosedPipe();
const argv = process.argv.slice(2);
try {
  const root = await program(argv);
  if (argv.length === 0) {
    root.outputHelp();
    process.exitCode = 2;
  } else {
    await root.parseAsync(argv, { from: 'user' });
  }
} catch (error) {
  process.exitCode = failed(error, argv);
}
