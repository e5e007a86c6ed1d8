/** Keeps a replay from reaching out: what is not in the recording is refused, loudly. */
import dgram from 'node:dgram';
import net from 'node:net';
import type { Method } from '../patch/registry.ts';
import { replaceGlobal } from './globals.ts';

/** The loader of tsx tells the process that watches files, where there is one, what it loads: nothing comes in by it. */
const LOADERS_OWN = /[\\/]tsx-[^\\/]*[\\/]\d+\.pipe$/;

/** Is told what would reach out, and by which name that may be allowed; undefined: it does nothing to anybody. */
export type Refuse = (what: string, name?: string) => void;

/** Tells `refuse` of every connection that is no request and is about to be; it returns where that may be. Undone by `undoAll`. */
export function refuseLeaks(refuse: Refuse): void {
  replaceGlobal(
    [net.Socket.prototype],
    'connect',
    (original) =>
      function (this: unknown, ...args: unknown[]) {
        const target = targetOf(args);
        if (!LOADERS_OWN.test(target))
          refuse(`a connection to ${target} by a socket of its own (net, tls, a database driver)`, hostOf(target));
        return Reflect.apply(original, this, args) as unknown;
      },
  );
  replaceGlobal(
    [dgram.Socket.prototype],
    'send',
    refusing('a UDP message', refuse, () => 'udp'),
  );
}

/** A method that is refused; `nameOf` finds in its first argument by what it may be allowed. */
function refusing(what: string, refuse: Refuse, nameOf: (first: unknown) => string): (original: Method) => Method {
  return (original) =>
    function (this: unknown, ...args: unknown[]) {
      const to = typeof args[0] === 'string' || args[0] instanceof URL ? ` to ${String(args[0])}` : '';
      refuse(`${what}${to}`, nameOf(args[0]));
      return Reflect.apply(original, this, args) as unknown;
    };
}

/** The host of it, without the port. */
const hostOf = (target: string): string => target.replace(/:\d+$/, '');
export const hostIn = (url: unknown): string => (URL.canParse(String(url)) ? new URL(String(url)).hostname : String(url));

/** Where `connect(...)` would have connected to. */
function targetOf([first, second]: unknown[]): string {
  const options: unknown = Array.isArray(first) ? (first as unknown[])[0] : first;
  if (typeof options === 'object' && options !== null) {
    const { path, host, port } = options as { path?: unknown; host?: unknown; port?: unknown };
    return typeof path === 'string' ? path : `${typeof host === 'string' ? host : 'localhost'}:${String(port)}`;
  }
  return typeof second === 'string' ? `${second}:${String(first)}` : String(first);
}
