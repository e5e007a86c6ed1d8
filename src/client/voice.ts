/** What one client says: on stderr, and in its log file where there is one. */
import type { Values } from './options.ts';
import { LogFile } from './log-file.ts';
import { say, sayLine } from './stderr.ts';

const WARNINGS_MAX = 100;

export class Voice {
  readonly #values: () => Pick<Values, 'logLevel' | 'logFile'>;
  readonly #warned = new Set<string>();
  #file: LogFile | null = null;

  /** `values` are asked each time: they may change. */
  constructor(values: () => Pick<Values, 'logLevel' | 'logFile'>) {
    this.#values = values;
  }

  /** One line, with our name in front on stderr. */
  say(text: string): void {
    say(text);
    this.#keep(text);
  }

  /** One line, as it is. */
  line(text: string): void {
    sayLine(text);
    this.#keep(text);
  }

  /** Says what is wrong, each thing once. */
  warn(text: string): void {
    if (this.#values().logLevel === 'off' || this.#warned.has(text) || this.#warned.size >= WARNINGS_MAX) return;
    this.#warned.add(text);
    this.say(text);
  }

  #keep(text: string): void {
    const { logFile, logLevel } = this.#values();
    if (logFile === undefined) return;
    if (this.#file?.path !== logFile) this.#file = new LogFile(logFile, (problem) => logLevel !== 'off' && say(problem));
    this.#file.append(text);
  }
}
