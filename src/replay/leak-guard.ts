/** Keeps a replay from reaching out: what is not in the recording is refused, loudly. */
import dgram from 'node:dgram';
import net from 'node:net';
import type { Method } from '../patch/registry.ts';
import { wordsOf } from './channel-words.ts';
import { replaceGlobal } from './globals.ts';
import { isLoaders, socketWhat } from './socket-what.ts';

/** Is told what would reach out, and by which name that may be allowed; undefined: it does nothing to anybody. */
export type Refuse = (what: string, name?: string) => void;

/** Tells `refuse` of every connection that is no request and is about to be; it returns where that may be. Undone by `undoAll`. */
export function refuseLeaks(refuse: Refuse): void {
  replaceGlobal(
    [net.Socket.prototype],
    'connect',
    (original) =>
      function (this: unknown, ...args: unknown[]) {
        const what = socketWhat(this as object, args);
        if (what !== null && !isLoaders(what)) refuse(wordsOf({ kind: 'socket', what }), what.host ?? what.path);
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

/** The host of a URL. */
export const hostIn = (url: unknown): string => (URL.canParse(String(url)) ? new URL(String(url)).hostname : String(url));
