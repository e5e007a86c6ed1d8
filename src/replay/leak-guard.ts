/** Keeps a replay from reaching out: what is not in the recording is refused, loudly. */
import dgram from 'node:dgram';
import dns from 'node:dns';
import dnsPromises from 'node:dns/promises';
import net from 'node:net';
import { replaceGlobal } from './globals.ts';

/** Functions that ask a name server. */
const QUESTIONS = /^(lookup|lookupService|resolve\w*|reverse)$/;

/** The loader of tsx tells the process that watches files, where there is one, what it loads: nothing comes in by it. */
const LOADERS_OWN = /[\\/]tsx-[^\\/]*[\\/]\d+\.pipe$/;

/** Tells `refuse` of every connection and question to a name server that is about to be; it does not return. Undone by `undoAll`. */
export function refuseLeaks(refuse: (what: string) => never): void {
  replaceGlobal(
    [net.Socket.prototype],
    'connect',
    (original) =>
      function (this: unknown, ...args: unknown[]) {
        const target = targetOf(args);
        return LOADERS_OWN.test(target) ? (Reflect.apply(original, this, args) as unknown) : refuse(`a connection to ${target}`);
      },
  );
  replaceGlobal([dgram.Socket.prototype], 'send', () => () => refuse('a UDP message'));
  for (const owner of [dns, dnsPromises, dns.Resolver.prototype, dnsPromises.Resolver.prototype]) {
    for (const name of Object.keys(Object.getOwnPropertyDescriptors(owner))) {
      if (!QUESTIONS.test(name) || typeof Reflect.get(owner, name) !== 'function') continue;
      replaceGlobal(
        [owner],
        name,
        (original) =>
          function (this: unknown, ...args: unknown[]) {
            const [host] = args;
            // No server is asked for these.
            if (host === 'localhost' || net.isIP(String(host)) > 0) return Reflect.apply(original, this, args) as unknown;
            return refuse(`a question to the name server about ${String(host)}`);
          },
      );
    }
  }
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
