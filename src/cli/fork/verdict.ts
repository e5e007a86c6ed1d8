/** Whether a run went wrong: what `bisect` asks of every run. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import type { EndLine } from '../../events/lines.ts';
import { CliFailure } from '../failure.ts';

/** A shell that cannot run a command says so by 126 or 127. */
const NOT_RUN = 126;

/** A run that has ended. */
export interface Ran {
  exitCode: number;
  end?: Pick<EndLine, 'state'> | undefined;
  /** File with what it printed. */
  output: string;
  /** Its recording, where it has one. */
  recording?: string | undefined;
}

export interface Verdict {
  /** What is bad, in words: `exit code is not 0`. */
  words: string;
  isBad(ran: Ran): Promise<boolean>;
}

/** By a command, by an exit code, or, where neither is said, by exit code and state of the session. */
export function verdictOf({ badIf, goodIfExit }: { badIf?: string; goodIfExit?: number }): Verdict {
  if (badIf !== undefined) return { words: `bad where this exits with 0: ${badIf}`, isBad: (ran) => saysBad(badIf, ran) };
  if (goodIfExit !== undefined)
    return { words: `bad unless it exits with ${goodIfExit}`, isBad: ({ exitCode }) => Promise.resolve(exitCode !== goodIfExit) };
  return {
    words: 'bad where it exits with another code than 0, or its session failed',
    isBad: ({ exitCode, end }) => Promise.resolve(exitCode !== 0 || end?.state === 'failure'),
  };
}

/** The command is given what the program printed on its standard input. */
function saysBad(command: string, { exitCode, output, recording }: Ran): Promise<boolean> {
  const stdin = openSync(output, 'r');
  return new Promise((resolve, reject) => {
    const child = spawn(command, {
      shell: true,
      stdio: [stdin, 'ignore', 'inherit'],
      env: { ...process.env, EXIT_CODE: String(exitCode), ...(recording !== undefined && { RECORDING: recording }) },
    });
    closeSync(stdin);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const status = signal === null ? (code ?? NOT_RUN) : 128 + constants.signals[signal];
      if (status < NOT_RUN) resolve(status === 0);
      else reject(new CliFailure(`--bad-if cannot be run (exit ${status}): ${command}`, { exitCode: 2 }));
    });
  });
}
