/** What a child process is, so that it is known again: its command and arguments, its folder and what its descriptors are; nothing of its environment. */
import { createHash } from 'node:crypto';
import { isAbsolute, relative } from 'node:path';
import { isSecretName, REDACTED } from '../core/credentials.ts';
import { findSecrets } from '../core/secrets.ts';

/** As it stands in the recording. */
export interface ChildWhat {
  command: string;
  args: string[];
  /** Of the process that started it, unless said; relative to that where it is below it. */
  cwd?: string;
  /** Of each descriptor: `pipe`, `ipc`, `inherit`, or `none` for anything else. */
  stdio?: string[];
  /** What a child that is waited for is given to read: text, or a digest. */
  input?: string;
}

/** What Node's own `spawn` is given, as far as it is looked at here. */
export interface SpawnOptions {
  file?: unknown;
  args?: unknown;
  cwd?: unknown;
  stdio?: unknown;
}

/** A descriptor as Node has put it into a form of its own. */
export interface StdioEntry {
  type?: string;
  ipc?: boolean;
  fd?: number;
  handle?: unknown;
  socket?: unknown;
}

/** Longer input is recorded as a digest. */
const INPUT_UNITS_MAX = 2_000;

/** What is started. `args` begin with the name that the child has of itself. */
export function whatOf({ file, args, cwd, stdio }: SpawnOptions): ChildWhat {
  const given = Array.isArray(args) ? args.slice(1).map(String) : [];
  return {
    ...commandOf(String(file), given, cwd),
    ...(Array.isArray(stdio) && { stdio: (stdio as StdioEntry[]).map(kindOf) }),
  };
}

/** A command with its arguments, without secrets and without what another machine has elsewhere. */
export function commandOf(command: string, args: readonly string[], cwd: unknown): ChildWhat {
  const folder = folderOf(cwd);
  return {
    command: local(command),
    args: args.map((arg, index) => (isNamedSecret(args[index - 1]) ? REDACTED : withoutSecrets(local(arg)))),
    ...(folder !== '' && { cwd: folder }),
  };
}

/** Text that a child is given, or its digest. */
export function inputOf(input: unknown): { input?: string } {
  if (input === undefined || input === null) return {};
  if (typeof input === 'string' && input.length <= INPUT_UNITS_MAX) return { input: withoutSecrets(input) };
  const bytes =
    typeof input === 'string'
      ? input
      : ArrayBuffer.isView(input)
        ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
        : '';
  return { input: `sha256:${createHash('sha256').update(bytes).digest('hex')}` };
}

function kindOf({ type, ipc, fd }: StdioEntry): string {
  if (ipc === true) return 'ipc';
  if (type === 'pipe' || type === 'overlapped') return 'pipe';
  return type === 'inherit' || (type === 'fd' && fd !== undefined && fd <= 2) ? 'inherit' : 'none';
}

const local = (text: string): string => {
  const here = process.cwd();
  const named = text.replaceAll(process.execPath, 'node');
  return here.length > 1 ? named.replaceAll(`${here}/`, './') : named;
};

function folderOf(cwd: unknown): string {
  const path = cwd instanceof URL ? decodeURI(cwd.pathname) : typeof cwd === 'string' ? cwd : '';
  if (path === '' || !isAbsolute(path)) return path;
  const below = relative(process.cwd(), path);
  return below.startsWith('..') ? path : below;
}

const isNamedSecret = (before: string | undefined): boolean => {
  const option = /^--?([\w-]+)$/.exec(before ?? '')?.[1];
  return option !== undefined && isSecretName(option);
};

function withoutSecrets(text: string): string {
  let at = 0;
  let rest = '';
  for (const { start, end } of findSecrets(text)) {
    rest += text.slice(at, start) + REDACTED;
    at = end;
  }
  return rest + text.slice(at);
}
