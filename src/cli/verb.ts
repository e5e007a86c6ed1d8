/** What all verbs share: the common options, help with examples, and how an answer becomes an exit code. */
import { Command } from 'commander';
import { openTerminal, type Terminal, type TerminalOptions } from './terminal.ts';

export interface VerbText {
  name: string;
  summary: string;
  /** What `--help` says beyond the summary. */
  description?: string;
  /** Command lines after `hindcast `, and what each does. */
  examples: [line: string, meaning: string][];
}

export interface CommonOptions extends TerminalOptions {
  dir?: string;
}

/** What a verb is called with. */
export interface Call<Options> {
  args: string[];
  options: Options & CommonOptions;
  terminal: Terminal;
}

/** Adds the options that every verb has; they may stand before the verb too. */
export function addCommonOptions(command: Command): Command {
  return command
    .option('--json', 'print JSON instead of text')
    .option('-v, --verbose', 'say more')
    .option('-q, --quiet', 'print the result and nothing else')
    .option('--dir <folder>', 'the .hindcast folder (default: found upwards from here)');
}

/** A verb without its arguments and options. */
export function newVerb({ name, summary, description, examples }: VerbText): Command {
  const command = new Command(name)
    .summary(summary)
    .description(description ?? `${summary[0]?.toUpperCase()}${summary.slice(1)}.`);
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, meaning]) => `  hindcast ${line.padEnd(width)}  ${meaning}`);
  return addCommonOptions(command)
    .addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
    .showHelpAfterError(`  hindcast ${name} --help says more`);
}

/** Says what a verb does. What `run` returns is the exit code; nothing is 0. */
export function does<Options extends object>(
  command: Command,
  run: (call: Call<Options>) => Promise<number | undefined> | number | undefined,
): Command {
  return command.action(async () => {
    const options = command.optsWithGlobals<Options & CommonOptions>();
    process.exitCode = (await run({ args: command.args, options, terminal: openTerminal(options) })) ?? 0;
  });
}
