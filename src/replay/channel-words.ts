/** What a channel is, for a person. */
import type { ChannelLine } from '../events/lines.ts';
import { addressOf } from './socket-what.ts';
import type { SocketWhat } from './socket-what.ts';

/** What is opened, or was. */
export type Opened = Pick<ChannelLine, 'kind' | 'what'>;

/** Kinds of channels that a program opens when it starts something, or connects to it. */
export const STARTED: ReadonlySet<string> = new Set(['child', 'worker', 'websocket']);

/** Kinds of channels that lead out of the process. */
export const OUTWARD: ReadonlySet<string> = new Set([...STARTED, 'socket']);

/** `the child process git status`: what stands in a sentence. */
export function wordsOf({ kind, what }: Opened): string {
  const { command, args, file, url, authority } = (what ?? {}) as Record<string, unknown>;
  if (kind === 'child') return `the child process ${[command, ...(Array.isArray(args) ? (args as unknown[]) : [])].join(' ')}`;
  if (kind === 'worker') return `the worker thread ${String(file)}`;
  if (kind === 'http2') return `the HTTP/2 connection to ${String(authority)}`;
  if (kind === 'socket') return `the connection to ${addressOf(what as SocketWhat)} (net, tls, a database driver)`;
  if (kind === 'websocket') return `the WebSocket ${String(url)}`;
  if (kind === 'ipc') return 'the process that started this one';
  return `the ${kind} ${JSON.stringify(what)}`;
}

/** What of a channel stays the same where it is opened with something else: the command of a child, the file of a thread, the address of a WebSocket. */
export function routeOfChannel({ kind, what }: Opened): string {
  const { command, sync, file, url } = (what ?? {}) as Record<string, unknown>;
  const name =
    kind === 'child'
      ? `${String(sync)} ${nameOf(String(command))}`
      : kind === 'worker'
        ? fileOf(String(file))
        : pathOf(String(url));
  return `${kind} ${name}`;
}

/** A command line that a shell reads is known by its first word. */
const nameOf = (command: string): string => command.split(' ', 1)[0]!;

/** Code that is given as text is known by nothing but its place. */
const fileOf = (file: string): string => (file.startsWith('eval:') ? 'eval' : file);

const pathOf = (url: string): string => (URL.canParse(url) ? new URL(url).pathname : url);
