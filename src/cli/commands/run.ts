/** `hindcast run -- <command>`: runs a program under hindcast without a change to its code. The program's output and exit code are left as they are. */
import { constants } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { registerOptions, withRegister } from '../../replay/register-options.ts';
import { NODE_MIN_TEXT, nodeRecords } from '../node-version.ts';
import { runProgram } from '../program.ts';
import { does, newVerb, type Call } from '../verb.ts';

export function verb(): Command {
  const command = newVerb({
    name: 'run',
    summary: 'run a program and record it, with no change to its code',
    description:
      'Runs a command with hindcast in every Node process that it starts (through NODE_OPTIONS), or in the Bun or Deno that it is. Standard input and output are ' +
      "the program's own; its exit code, or the signal that ended it, is passed on as it is. " +
      'A command that cannot be found exits with 127, one that cannot be run with 126.',
    examples: [
      ['run -- node agent.js', 'record one program'],
      ['run -- npm test', 'record every Node process of a test run'],
      ['run -- npx tsx agent.ts --verbose', 'everything after -- belongs to the program'],
    ],
  })
    .alias('record')
    .argument('<command...>', 'the program and its arguments')
    .passThroughOptions();
  return does(command, run);
}

async function run({ args, options, terminal }: Call<object>): Promise<number> {
  if (!nodeRecords())
    terminal.remark(
      `hindcast: programs on this Node (${process.version}) are not recorded: that needs ${NODE_MIN_TEXT} or newer`,
    );
  const { code, signal } = await runProgram('run', withRegister(args), { env: environment(options.dir) });
  if (signal === null) return code ?? 1;
  // Die of the same signal, so that whoever waits for us sees what happened to the program.
  process.kill(process.pid, signal);
  return 128 + (constants.signals[signal] ?? 0);
}

/** The environment of the program: ours, with hindcast in each of its Node processes, which record so that they can be replayed. */
function environment(dir: string | undefined): NodeJS.ProcessEnv {
  const replayable = process.env['HINDCAST_REPLAYABLE'] ?? 'on';
  return {
    ...process.env,
    NODE_OPTIONS: registerOptions(),
    HINDCAST_REPLAYABLE: replayable,
    ...(dir !== undefined && { HINDCAST_DIR: resolve(dir) }),
  };
}
