/** Paths of a recording that was made in another folder, or on another machine: where they are here, and what paths of here were there. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { SessionLine } from '../events/lines.ts';
import { withoutRegister } from './register-options.ts';

/** What stands in a scrubbed recording for the home folder of whoever made it. */
export const HOME = '~';

/** A folder that was at `from` and is at `to`. */
export interface Move {
  from: string;
  to: string;
}

/** The text with the paths below `from` as paths below `to`: plain, behind `file://`, and as JSON writes them. */
export function movePaths(text: string, { from, to }: Move): string {
  if (from === '' || from === to || !text.includes(from.split('\\')[0]!)) return text;
  const moved = text.replace(pathPattern(from), () => to);
  const [inJson, toJson] = [from, to].map((path) => JSON.stringify(path).slice(1, -1)) as [string, string];
  return inJson === from ? moved : moved.replace(pathPattern(inJson), () => toJson);
}

/** The path itself and what lies below it; not another one that begins alike, nor the end of a longer one. */
function pathPattern(path: string): RegExp {
  return new RegExp(`(?<![\\w.~@-])${path.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')}(?![\\w.@+-])`, 'g');
}

/** The folder that a replay runs in: the one that is given, else that of the recording where it is here, else this one. */
export function cwdOf({ cwd }: Pick<SessionLine, 'cwd'>, given: string | undefined): string {
  if (given !== undefined) return resolve(given);
  const recorded = atHome(cwd);
  return recorded !== undefined && existsSync(recorded) ? recorded : process.cwd();
}

/** A path as it was recorded, and the home folder of whoever replays in the place of the one that was taken out. */
function atHome(path: string | undefined): string | undefined {
  return path === HOME || path?.startsWith(`${HOME}/`) === true ? homedir() + path.slice(HOME.length) : path;
}

/** How the outermost folder of the program moved: folders that are called alike in both places moved with it. Null: it did not. */
export function moveOf(recorded: string | undefined, cwd: string): Move | null {
  const from = recorded === undefined ? [] : partsOf(recorded);
  const to = partsOf(cwd);
  if (from.length === 0 || recorded === cwd) return null;
  // What is left must be a folder: the root has moved nowhere.
  while (from.length > 2 && to.length > 2 && from.at(-1) === to.at(-1)) {
    from.pop();
    to.pop();
  }
  return { from: from.join('/'), to: to.join('/') };
}

const partsOf = (path: string): string[] => path.replaceAll('\\', '/').replace(/\/+$/, '').split('/');

/** The command line of a recording as it is here, without the runtime: Node's own options, and the program with its arguments. */
export function commandOf(header: Pick<SessionLine, 'argv' | 'cwd' | 'execArgv'>, cwd: string): string[] {
  const [, ...argv] = header.argv ?? [];
  const move = moveOf(header.cwd, cwd);
  return [...withoutRegister(header.execArgv ?? []), ...argv].map((text) => {
    const moved = move === null ? text : movePaths(text, move);
    return atHome(moved) ?? moved;
  });
}

const ENDINGS = ['', '.js', '.mjs', '.cjs', '/index.js'];

/** The program's file, where the command line of the recording names one that is not here. */
export function missingProgram(header: Pick<SessionLine, 'argv' | 'cwd' | 'execArgv'>, cwd: string): string | undefined {
  const file = programFile(header, cwd);
  return file === undefined || ENDINGS.some((ending) => existsSync(file + ending)) ? undefined : file;
}

/** The program's file as it would be here; undefined where the command line has none, as of `node -e`. */
export function programFile(header: Pick<SessionLine, 'argv' | 'cwd' | 'execArgv'>, cwd: string): string | undefined {
  const { argv = [], execArgv = [] } = header;
  if (argv[1] === undefined || execArgv.some((option) => /^(-e|-p|-pe|--eval|--print)(=|$)/.test(option))) return undefined;
  return commandOf(header, cwd)[withoutRegister(execArgv).length];
}
