/** Questions to name servers that the app itself asks: each is a channel with one answer. What Node looks up to connect a socket is part of the connection, and no question of the app's. */
import { AsyncLocalStorage } from 'node:async_hooks';
import dns from 'node:dns';
import dnsPromises from 'node:dns/promises';
import { isIP } from 'node:net';
import type { ThrownFacts } from '../events/lines.ts';
import type { Method } from '../patch/registry.ts';
import type { Channel, Channels } from './channels.ts';
import { replaceGlobal } from './globals.ts';
import { childBy, currentNode, internally, runAt } from './lineage.ts';
import type { Arrival } from './source.ts';
import { thrownAgain, thrownFacts } from './thrown.ts';

/** Functions that ask a name server. */
const QUESTIONS = /^(lookup|lookupService|resolve\w*|reverse)$/;
/** The way in which these places come about. */
const BY_DNS = 19;
/** Node's own code that connects sockets. */
const OF_SOCKETS = /\((node:(internal\/)?(net|dgram|_tls_wrap|tls)\b[^)]*)\)/;

/** What the app is given: an error, or values. */
interface Answer {
  error?: ThrownFacts;
  values?: unknown[];
}

/** Replaces what asks. Undone by `undoAll`. */
export function patchDns(channels: Channels): void {
  for (const owner of [dns, dns.Resolver.prototype]) each(owner, (name, original) => byCallback(channels, name, original));
  for (const owner of [dnsPromises, dnsPromises.Resolver.prototype])
    each(owner, (name, original) => byPromise(channels, name, original));
}

function each(owner: object, make: (name: string, original: Method) => Method): void {
  for (let at: object | null = owner; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at) as object | null) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at)))
      if (QUESTIONS.test(name) && typeof value === 'function') replaceGlobal([at], name, (original) => make(name, original));
  }
}

/** Whether no name server is asked, or not by the app. */
function isNobodys([host]: unknown[]): boolean {
  return host === 'localhost' || isIP(String(host)) > 0 || currentNode().internal || isForSocket();
}

function isForSocket(): boolean {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 12;
  const { stack = '' } = new Error('who asks');
  Error.stackTraceLimit = stackTraceLimit;
  return OF_SOCKETS.test(stack);
}

/** Opens the channel of one question; null where it is to be asked as if nobody looked. */
function open(channels: Channels, name: string, args: unknown[], answer: (answer: Answer) => void): Channel | null {
  const what = { name, args: args.filter((arg) => typeof arg !== 'function') };
  const place = childBy(currentNode(), BY_DNS);
  const inScope = AsyncLocalStorage.snapshot();
  const opening = { kind: 'dns', what };
  const deliver = ({ data }: Arrival): void => inScope(() => runAt(place, () => answer(data as Answer)));
  const channel = channels.open(opening, deliver);
  if (channel !== null || channels.real) return channel;
  const really = channels.refuse(opening, `a question to the name server about ${String(args[0])}`);
  return really.open(opening, deliver);
}

const arrival = (answer: Answer): Arrival => ({ event: 'answer', data: answer });
const failed = (error: unknown): Arrival => arrival({ error: thrownFacts(error) });

function byCallback(channels: Channels, name: string, original: Method): Method {
  return function (this: unknown, ...args: unknown[]) {
    const callback = args.at(-1);
    if (typeof callback !== 'function' || isNobodys(args)) return Reflect.apply(original, this, args) as unknown;
    const answer = ({ error, values = [] }: Answer): void => {
      const given = error === undefined ? [null, ...values] : [thrownAgain(error)];
      Reflect.apply(callback, undefined, given);
    };
    const channel = open(channels, name, args, answer);
    if (channel === null) return Reflect.apply(original, this, args) as unknown;
    if (!channel.real) return {};
    const came = (error: unknown, ...values: unknown[]): void =>
      channel.came(error === null || error === undefined ? arrival({ values }) : failed(error));
    return internally(() => Reflect.apply(original, this, [...args.slice(0, -1), came]) as unknown);
  };
}

function byPromise(channels: Channels, name: string, original: Method): Method {
  return function (this: unknown, ...args: unknown[]) {
    if (isNobodys(args)) return Reflect.apply(original, this, args) as unknown;
    return new Promise((resolve, reject) => {
      const channel = open(channels, name, args, ({ error, values = [] }) =>
        error === undefined ? resolve(values[0]) : reject(thrownAgain(error) as Error),
      );
      const ask = (): Promise<unknown> => Reflect.apply(original, this, args) as Promise<unknown>;
      if (channel === null) resolve(ask());
      else if (channel.real)
        internally(() => {
          ask().then(
            (value) => channel.came(arrival({ values: [value] })),
            (error: unknown) => channel.came(failed(error)),
          );
        });
    });
  };
}
