/** `hindcast.config.json` as something to change: its other members and its indentation stay, and a file that cannot be understood stays as it is. */
import { readFileSync, realpathSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { CONFIG_FILE } from '../client/resolve.ts';
import { findProjectFolder, FOLDER_NAME } from '../recording/folder.ts';
import { isDeeper } from '../recording/line-shape.ts';
import { CliFailure } from './failure.ts';
import { jsonFault } from './json-fault.ts';

export interface ConfigFile {
  path: string;
  /** Null: there is none yet. */
  data: Record<string, unknown> | null;
  /** The file as it is. */
  text: string;
}

const INDENT = '  ';
/** No option is nested any deeper. */
const NESTING_MAX = 100;

/** The working directory of a program whose options are asked for: this one, or the project of a `.hindcast` folder. */
export function projectRoot(dir: string | undefined): string {
  if (dir === undefined) return process.cwd();
  const folder = resolve(dir);
  return basename(folder) === FOLDER_NAME ? dirname(folder) : folder;
}

/** Where `init()` looks for the file in that directory. */
export function configPath(root: string): string {
  return join(dirname(findProjectFolder(root)), CONFIG_FILE);
}

/** The file of that path. One that is no JSON object is a failure that says where it is wrong. */
export function readConfigFile(path: string): ConfigFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { path, data: null, text: '' };
    throw new CliFailure(`${path} cannot be read (${code ?? 'unknown error'})`, { cause: error });
  }
  const json = text.replace(/^\uFEFF/, '');
  let data: unknown;
  try {
    data = JSON.parse(json);
  } catch (error) {
    const { line, column } = jsonFault(json) ?? { line: 1, column: 1 };
    throw new CliFailure(`${path}:${line}:${column} is no JSON`, {
      hint: 'Correct it there; nothing was changed.',
      cause: error,
    });
  }
  if (typeof data === 'object' && data !== null && isDeeper(data, NESTING_MAX))
    throw new CliFailure(`${path} is nested too deep`, { hint: 'Correct it there; nothing was changed.' });
  if (typeof data === 'object' && data !== null && !Array.isArray(data)) return { path, data: data as ConfigFile['data'], text };
  throw new CliFailure(`${path} must hold a JSON object`, { hint: 'Correct it there; nothing was changed.' });
}

/** Puts the file in its place in one step, so that a reader sees the old one or the new one. */
export function writeConfigFile(file: ConfigFile, data: Record<string, unknown>, mode = 0o644): void {
  const indent = /^([ \t]+)"/m.exec(file.text)?.[1] ?? INDENT;
  const end = file.data === null || file.text.endsWith('\n') ? '\n' : '';
  const text = `${JSON.stringify(data, null, indent)}${end}`;
  const path = file.data === null ? file.path : realpathSync(file.path);
  const next = `${path}.${process.pid}`;
  try {
    const old = statSync(path, { throwIfNoEntry: false });
    writeFileSync(next, file.text.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text, { mode: old?.mode ?? mode });
    renameSync(next, path);
  } catch (error) {
    try {
      unlinkSync(next);
    } catch {
      // It was never made.
    }
    const { code } = error as NodeJS.ErrnoException;
    throw new CliFailure(`${path} cannot be written (${code ?? 'unknown error'})`, { cause: error });
  }
}
