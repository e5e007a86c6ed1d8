/** Programs that the CLI starts: as if they were started without it, with hindcast in each of their Node processes. */
import { spawn, type StdioOptions } from 'node:child_process';

/** What a shell answers when a command is not there, or cannot be run. */
const NOT_FOUND = 127;
const NOT_RUNNABLE = 126;

/** Signals that are meant for the program, not for us. */
const FORWARDED = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;

export interface ProgramEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** Runs a program to its end; `verb` is the one that was asked for, to say how it is asked rightly. */
export function runProgram(
  verb: string,
  [program = '', ...args]: string[],
  options: { env: NodeJS.ProcessEnv; cwd?: string; stdio?: StdioOptions },
): Promise<ProgramEnd> {
  return new Promise((resolveEnd, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', ...options });
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
          ? `hindcast: there is no command "${program}"\n  A file needs its runtime: hindcast ${verb} -- node ${program}\n`
          : `hindcast: "${program}" cannot be run\n  A file needs its runtime: hindcast ${verb} -- node ${program}\n`,
      );
      resolveEnd({ code: error.code === 'ENOENT' ? NOT_FOUND : NOT_RUNNABLE, signal: null });
    });
    child.once('exit', (code, signal) => {
      settle();
      resolveEnd({ code, signal });
    });
  });
}
