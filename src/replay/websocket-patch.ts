/** The global class `WebSocket`: what is made of it is real, and what it tells the app goes through a channel. In a replay it is real as well, and connects to nobody. */
import type { Method } from '../patch/registry.ts';
import { wordsOf } from './channel-words.ts';
import type { Channel, Channels } from './channels.ts';
import { AppPlace } from './app-place.ts';
import { FollowedWebSocket } from './followed-websocket.ts';
import type { RealSocket } from './followed-websocket.ts';
import { replaceMember } from './globals.ts';
import { internally, isInternal } from './lineage.ts';
import type { Reading } from './readings.ts';
import { webSocketOpening } from './websocket-what.ts';

type Constructor = new (...args: unknown[]) => object;

/** Takes every request to it, and answers none. */
const NOBODY = { dispatch: () => true };
const STATES = ['readyState', 'protocol', 'extensions', 'bufferedAmount', 'binaryType'] as const;

/** Replaces the class. Undone by `undoAll`. */
export function patchWebSocket(channels: Channels, read: Reading): void {
  const Original = globalThis.WebSocket as unknown as Constructor | undefined;
  if (Original === undefined) return;
  const prototype = Original.prototype as object;
  const followed = new WeakMap<object, FollowedWebSocket>();
  const real = realOf(prototype, () => Reflect.construct(Original, ['ws://127.0.0.1/', { dispatcher: NOBODY }]) as object);
  const open = (args: unknown[], make: (args: unknown[]) => object, by = channels): object => {
    // What it refuses it throws, and then nothing is opened.
    const socket = internally(() => make(by.real ? args : withoutConnection(args)));
    const opening = webSocketOpening(String(real.get(socket, 'url')), protocolsOf(args[1]));
    let one: FollowedWebSocket | undefined;
    const channel: Channel | null = by.open(opening, (arrival) => one?.receive(arrival));
    if (channel === null) return by.real ? socket : open(args, make, by.refuse(opening, wordsOf(opening)));
    one = new FollowedWebSocket(socket, { channel, place: new AppPlace(), real, isReal: by.real, read });
    followed.set(socket, one);
    return socket;
  };
  // Node's own is called so by itself, and says it to who calls it without `new`.
  // oxlint-disable-next-line typescript/no-extraneous-class -- its members are given to it below
  class _WebSocket {
    constructor(...args: unknown[]) {
      const made = new.target;
      const make = (given: unknown[]): object => Reflect.construct(Original!, given, made) as object;
      return isInternal() || args.length === 0 ? make(args) : open(args, make);
    }
  }
  takeAfter(_WebSocket, Original);
  followMembers(_WebSocket.prototype, followed);
  replaceMember(globalThis, 'WebSocket', _WebSocket);
}

/** Makes one class look like the other, of which its instances are as well. */
function takeAfter(made: Constructor, original: Constructor): void {
  const isFixed = (owner: object, name: PropertyKey): boolean =>
    Object.getOwnPropertyDescriptor(owner, name)?.configurable === false;
  for (const [to, from] of [
    [made, original],
    [made.prototype, original.prototype],
  ] as [object, object][]) {
    for (const name of Reflect.ownKeys(from))
      if (name !== 'constructor' && !isFixed(to, name))
        Object.defineProperty(to, name, Object.getOwnPropertyDescriptor(from, name)!);
  }
  Object.setPrototypeOf(made, Object.getPrototypeOf(original) as object);
  Object.setPrototypeOf(made.prototype as object, original.prototype as object);
}

/** Has the members that tell what became of a socket tell what the app knows of it. */
function followMembers(prototype: object, followed: WeakMap<object, FollowedWebSocket>): void {
  for (const name of STATES) {
    const before = Object.getOwnPropertyDescriptor(prototype, name);
    if (before?.get === undefined) continue;
    const { get, set } = before;
    const accessor = {
      get [name](): unknown {
        const one = followed.get(this);
        return one === undefined ? Reflect.apply(get, this, []) : one[name];
      },
      set [name](value: unknown) {
        const one = followed.get(this);
        if (one === undefined || name !== 'binaryType') set?.call(this, value);
        else one.binaryType = value;
      },
    };
    const made = Object.getOwnPropertyDescriptor(accessor, name)!;
    Object.defineProperty(prototype, name, { ...before, get: made.get!, ...(set !== undefined && { set: made.set! }) });
  }
  for (const name of ['send', 'close'] as const) {
    const before = Object.getOwnPropertyDescriptor(prototype, name)!;
    const original = before.value as Method;
    const holder = {
      [name](this: object, ...args: unknown[]): unknown {
        const one = followed.get(this);
        return one === undefined ? (Reflect.apply(original, this, args) as unknown) : one[name](args);
      },
    };
    const value = Object.defineProperty(holder[name]!, 'length', { value: original.length, configurable: true });
    Object.defineProperty(prototype, name, { ...before, value });
  }
}

/** Members of the class as they are without us. */
function realOf(prototype: object, make: () => object): RealSocket {
  const members = Object.getOwnPropertyDescriptors(prototype) as Record<string, PropertyDescriptor | undefined>;
  return {
    get: (socket, name) => Reflect.apply(members[name]!.get!, socket, []) as unknown,
    set(socket, name, value) {
      Reflect.apply(members[name]!.set!, socket, [value]);
    },
    call: (socket, name, args) => Reflect.apply(members[name]!.value as Method, socket, args),
    failed() {
      const events: Event[] = [];
      internally(() => {
        const socket = make();
        Object.defineProperty(socket, 'dispatchEvent', { value: (event: Event) => events.push(event) > 0 });
        Reflect.apply(members['close']!.value as () => void, socket, []);
      });
      return events;
    },
  };
}

/** The same, but for whom it would connect to. */
function withoutConnection([url, given, ...more]: unknown[]): unknown[] {
  const isInit = typeof given === 'object' && given !== null && !(Symbol.iterator in given);
  const init = isInit ? given : given === undefined ? {} : { protocols: given };
  return [url, { ...init, dispatcher: NOBODY }, ...more];
}

function protocolsOf(given: unknown): string[] {
  const isInit = typeof given === 'object' && given !== null && !(Symbol.iterator in given);
  const protocols = isInit ? (given as { protocols?: unknown }).protocols : given;
  if (protocols === undefined) return [];
  return typeof protocols === 'object' && protocols !== null
    ? [...(protocols as Iterable<unknown>)].map(String)
    : [String(protocols)];
}
