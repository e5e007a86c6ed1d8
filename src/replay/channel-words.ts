/** What a channel is, for a person. */
import type { ChannelLine } from '../events/lines.ts';
import { addressOf } from './socket-what.ts';
import type { SocketWhat } from './socket-what.ts';

/** `the child process git status`: what stands in a sentence. */
export function wordsOf({ kind, what }: Pick<ChannelLine, 'kind' | 'what'>): string {
  const { command, args, file, url, authority } = (what ?? {}) as Record<string, unknown>;
  if (kind === 'child') return `the child process ${[command, ...(Array.isArray(args) ? (args as unknown[]) : [])].join(' ')}`;
  if (kind === 'worker') return `the worker thread ${String(file)}`;
  if (kind === 'http2') return `the HTTP/2 connection to ${String(authority)}`;
  if (kind === 'socket') return `the connection to ${addressOf(what as SocketWhat)} (net, tls, a database driver)`;
  if (kind === 'websocket') return `the WebSocket ${String(url)}`;
  if (kind === 'ipc') return 'the process that started this one';
  return `the ${kind} ${JSON.stringify(what)}`;
}
