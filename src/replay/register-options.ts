/** How hindcast gets into a process that somebody starts: `--import hindcast/register`, by the path of this installation. Bun and Deno are told by their command lines. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the file lies, seen from this one: in the sources and in the package one folder up, in `testing.js` beside it. */
const PLACES = ['../', './'];

/** `NODE_OPTIONS` with `--import hindcast/register` after what is there. */
export function registerOptions(before: string | undefined = process.env['NODE_OPTIONS']): string {
  return [before, `--import ${registerUrl().href}`].filter(Boolean).join(' ');
}

/** Subcommands of Deno that run a program, and take `--preload`. */
const DENO_RUNS = new Set(['run', 'serve', 'test', 'bench']);

/** Which runtime a program is, by its name; null: none that needs to be told by its command line. */
function runtimeNamed(program: string): 'bun' | 'deno' | null {
  const [, name] = /^(bun|deno)(?:\.exe)?$/.exec(basename(program)) ?? [];
  return (name ?? null) as 'bun' | 'deno' | null;
}

/** What a recording was made on; null: Node. */
export const runtimeOf = ({ argv: [program = ''] = [] }: { argv?: readonly string[] }): 'bun' | 'deno' | null =>
  runtimeNamed(program);

/** The command line with what brings hindcast into Bun or Deno, where it starts one of these. A variable would reach each executable that was made with Bun, too, which nobody asked to have recorded. */
export function withRegister([program = '', ...args]: readonly string[]): string[] {
  const runtime = runtimeNamed(program);
  if (runtime === 'bun') return [program, `--preload=${fileURLToPath(registerUrl())}`, ...args];
  const [verb = '', ...rest] = args;
  if (runtime === 'deno' && DENO_RUNS.has(verb)) return [program, verb, `--preload=${registerUrl().href}`, ...rest];
  return [program, ...args];
}

/** Options of a runtime, without the one that `withRegister` adds. */
export function withoutRegister(options: readonly string[]): string[] {
  return options.filter((option) => !/^--preload=.*[\\/]register\.[jt]s$/.test(option));
}

function registerUrl(): URL {
  // From the sources it is register.ts, in the package register.js.
  const name = import.meta.url.endsWith('.ts') ? 'register.ts' : 'register.js';
  const urls = PLACES.map((place) => new URL(`${place}${name}`, import.meta.url));
  return urls.find((url) => existsSync(url)) ?? urls[0]!;
}
