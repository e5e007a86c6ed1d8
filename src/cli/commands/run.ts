/** `hindcast run -- <command>`: runs a program under hindcast without a change to its code. The program's output and exit code are left as they are. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { NODE_MIN_TEXT, nodeRecords } from '../node-version.ts';
import { does, newVerb, type Call } from '../verb.ts';

/** What a shell answers when a command is not there, or cannot be run. */
const NOT_FOUND = 127;
const NOT_RUNNABLE = 126;

/** Signals that are meant for the program, not for us. */
const FORWARDED = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;

export function verb(): Command {
  const command = newVerb({
    name: 'run',
    summary: 'run a program and record it, with no change to its code',
    description:
      'Runs a command with hindcast in every Node process that it starts (through NODE_OPTIONS). Standard input and output are ' +
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
  const [program = '', ...rest] = args;
  const { code, signal } = await finish(program, rest, environment(options.dir));
  if (signal === null) return code ?? 1;
  // Die of the same signal, so that whoever waits for us sees what happened to the program.
  process.kill(process.pid, signal);
  return 128 + (constants.signals[signal] ?? 0);
}

/** The environment of the program: ours, with `--import hindcast/register` after the NODE_OPTIONS that are there. */
function environment(dir: string | undefined): NodeJS.ProcessEnv {
  // From the sources it is register.ts, in the package register.js: the file beside us tells which.
  const register = new URL(import.meta.url.endsWith('.ts') ? '../../register.ts' : '../../register.js', import.meta.url).href;
  const given = process.env['NODE_OPTIONS'];
  const NODE_OPTIONS = [given, `--import ${register}`].filter(Boolean).join(' ');
  const replayable = process.env['HINDCAST_REPLAYABLE'] ?? 'on';
  return { ...process.env, NODE_OPTIONS, HINDCAST_REPLAYABLE: replayable, ...(dir !== undefined && { HINDCAST_DIR: resolve(dir) }) };
}

function finish(
  program: string,
  args: string[],
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolveEnd, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', env });
    const forward = (signal: NodeJS.Signals): void => {
      // A Ctrl-C in a terminal goes to the program directly, as to everything in the foreground: sent again, it would count as a second one.
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      child.kill(signal);
    };
    for (const signal of FORWARDED) process.on(signal, forward);
    const settle = (): void => {
      for (const signal of FORWARDED) process.off(signal, forward);
    };
    child.once('error', (error: NodeJS.ErrnoException) => {
      settle();
      if (error.code !== 'ENOENT' && error.code !== 'EACCES') return reject(error);
      process.stderr.write(
        error.code === 'ENOENT'
          ? `hindcast: there is no command "${program}"\n  A file needs its runtime: hindcast run -- node ${program}\n`
          : `hindcast: "${program}" cannot be run\n  A file needs its runtime: hindcast run -- node ${program}\n`,
      );
      resolveEnd({ code: error.code === 'ENOENT' ? NOT_FOUND : NOT_RUNNABLE, signal: null });
    });
    child.once('exit', (code, signal) => {
      settle();
      resolveEnd({ code, signal });
    });
  });
}
