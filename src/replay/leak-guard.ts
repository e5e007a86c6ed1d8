/** Keeps a replay from reaching out: what is not in the recording is refused, loudly. */
import dgram from 'node:dgram';
import http2 from 'node:http2';
import net from 'node:net';
import { replaceGlobal, replaceMember } from './globals.ts';

/** The loader of tsx tells the process that watches files, where there is one, what it loads: nothing comes in by it. */
const LOADERS_OWN = /[\\/]tsx-[^\\/]*[\\/]\d+\.pipe$/;

/** Tells `refuse` of every connection that is no request and is about to be; it does not return. Undone by `undoAll`. */
export function refuseLeaks(refuse: (what: string) => never): void {
  replaceGlobal(
    [net.Socket.prototype],
    'connect',
    (original) =>
      function (this: unknown, ...args: unknown[]) {
        const target = targetOf(args);
        return LOADERS_OWN.test(target)
          ? (Reflect.apply(original, this, args) as unknown)
          : refuse(`a connection to ${target} by a socket of its own (net, tls, a database driver)`);
      },
  );
  replaceGlobal([dgram.Socket.prototype], 'send', () => () => refuse('a UDP message'));
  replaceGlobal([http2], 'connect', () => (authority: unknown) => refuse(`an HTTP/2 connection to ${String(authority)}`));
  const NoSocket = function WebSocket(url: unknown): void {
    refuse(`a WebSocket to ${String(url)}`);
  };
  replaceMember(globalThis, 'WebSocket', NoSocket);
}

/** Where `connect(...)` would have connected to. */
function targetOf([first, second]: unknown[]): string {
  const options: unknown = Array.isArray(first) ? (first as unknown[])[0] : first;
  if (typeof options === 'object' && options !== null) {
    const { path, host, port } = options as { path?: unknown; host?: unknown; port?: unknown };
    return typeof path === 'string' ? path : `${typeof host === 'string' ? host : 'localhost'}:${String(port)}`;
  }
  return typeof second === 'string' ? `${second}:${String(first)}` : String(first);
}
