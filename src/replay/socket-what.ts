/** What a socket connects to, and who connects it. */
import { TLSSocket } from 'node:tls';
import { filesOf } from './call-site.ts';

/** A socket in the recording: where it leads, and whether it speaks TLS. */
export interface SocketWhat {
  host?: string;
  port?: number;
  /** Of a Unix socket or a named pipe. */
  path?: string;
  tls?: true;
}

interface Target {
  host?: unknown;
  port?: unknown;
  path?: unknown;
}

/** The loader of tsx tells the process that watches files, where there is one, what it loads: nothing comes in by it. */
const LOADERS_OWN = /[\\/]tsx-[^\\/]*[\\/]\d+\.pipe$/;
/** Who speaks HTTP is followed there. */
const CLIENTS = /^node:(_http_|https|http2|internal\/(http2?|deps\/undici|inspector))|\/node_modules\/undici\//;

/** Where `socket.connect(...args)` leads; null where Node refuses it. */
export function socketWhat(socket: object, args: readonly unknown[]): SocketWhat | null {
  const { host, port, path } = targetOf(args);
  const isSecure = socket instanceof TLSSocket;
  if (typeof path === 'string') return { path, ...(isSecure && { tls: true }) };
  if (!Number.isInteger(Number(port ?? undefined))) return null;
  return { host: typeof host === 'string' ? host : 'localhost', port: Number(port), ...(isSecure && { tls: true }) };
}

/** Node hands its own arguments on in a list. */
function targetOf([first, second]: readonly unknown[]): Target {
  const given: unknown = Array.isArray(first) ? (first as unknown[])[0] : first;
  if (typeof given === 'object' && given !== null) return given;
  return isPath(given) ? { path: given } : { port: given, host: second };
}

const isPath = (given: unknown): boolean => typeof given === 'string' && !/^\d+$/.test(given);

/** For a person: a path, or host and port. */
export const addressOf = ({ host, port, path }: SocketWhat): string => path ?? `${host}:${port}`;

/** Whether the socket is one of a loader's. */
export const isLoaders = ({ path }: SocketWhat): boolean => path !== undefined && LOADERS_OWN.test(path);

/** Whether a client that speaks HTTP is connecting: a pool does that also for who waits, after somebody else's request. */
export const isForRequest = (): boolean => filesOf().some((file) => CLIENTS.test(file));
