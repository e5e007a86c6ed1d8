/** Where a verb writes: results to stdout, everything else to stderr; colours and width follow what stdout is. */
import { styleText } from 'node:util';

export type Style = Parameters<typeof styleText>[0];

export interface Terminal {
  readonly json: boolean;
  readonly verbose: boolean;
  readonly quiet: boolean;
  /** Cells of a line; Infinity when stdout is no terminal, so that a pipe gets everything. */
  readonly width: number;
  /** A line of the result. */
  print(line?: string): void;
  /** The result as one JSON document, on one line unless a person looks at it. */
  printJson(value: unknown): void;
  /** A remark on stderr, which `--quiet` silences. */
  remark(line: string): void;
  /** Colours for stdout: none when it is no terminal, or by NO_COLOR. */
  paint(style: Style, text: string): string;
}

export interface TerminalOptions {
  json?: boolean | undefined;
  verbose?: boolean | undefined;
  quiet?: boolean | undefined;
}

/** The terminal of this process. */
export function openTerminal({ json = false, verbose = false, quiet = false }: TerminalOptions): Terminal {
  const columns = Number(process.env['COLUMNS']);
  const width = process.stdout.isTTY ? process.stdout.columns : Number.isInteger(columns) && columns > 0 ? columns : Infinity;
  return {
    json,
    verbose,
    quiet,
    width,
    print: (line = '') => void process.stdout.write(`${line}\n`),
    printJson: (value) => void process.stdout.write(`${JSON.stringify(value, jsonSafe, process.stdout.isTTY ? 2 : 0)}\n`),
    remark: (line) => {
      if (!quiet) process.stderr.write(`${line}\n`);
    },
    paint: (style, text) => (text === '' ? '' : styleText(style, text, { stream: process.stdout })),
  };
}

function jsonSafe(_key: string, value: unknown): unknown {
  return value instanceof Map ? [...value.values()] : value;
}

/** Whoever reads our output may stop early (`| head`): that is no failure. */
export function tolerateClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
}
