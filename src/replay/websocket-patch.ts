/** The global class `WebSocket`: what is made of it is real, and what it tells the app goes through a channel. In a replay it is real as well, and connects to nobody. */
import { wordsOf } from './channel-words.ts';
import type { Channel, Channels } from './channels.ts';
import { AppPlace } from './app-place.ts';
import { FollowedWebSocket } from './followed-websocket.ts';
import type { RealSocket } from './followed-websocket.ts';
import { replaceGlobal, replaceMember } from './globals.ts';
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
  const open = (args: unknown[], make: (args: unknown[]) => object): object => {
    // What it refuses it throws, and then nothing is opened.
    const socket = internally(() => make(channels.real ? args : withoutConnection(args)));
    const opening = webSocketOpening(String(real.get(socket, 'url')), protocolsOf(args[1]));
    let one: FollowedWebSocket | undefined;
    const channel: Channel | null = channels.open(opening, (arrival) => one?.receive(arrival));
    if (channel === null) {
      channels.refuse(opening, wordsOf(opening));
      return channels.real ? socket : make(args);
    }
    one = new FollowedWebSocket(socket, { channel, place: new AppPlace(), real, isReal: channels.real, read });
    followed.set(socket, one);
    return socket;
  };
  const Watched = new Proxy(Original, {
    construct(target, args: unknown[], newTarget) {
      const make = (given: unknown[]): object => Reflect.construct(target, given, newTarget) as object;
      return isInternal() || args.length === 0 ? make(args) : open(args, make);
    },
  });
  for (const name of STATES) {
    const { get, set } = Object.getOwnPropertyDescriptor(prototype, name) ?? {};
    const accessor = {
      get(this: object): unknown {
        const one = followed.get(this);
        return one === undefined ? Reflect.apply(get!, this, []) : one[name];
      },
      set(this: object, value: unknown): void {
        const one = followed.get(this);
        if (one === undefined || name !== 'binaryType') Reflect.apply(set!, this, [value]);
        else one.binaryType = value;
      },
    };
    if (get === undefined) continue;
    const setter = set === undefined ? {} : { set: accessor.set };
    replaceMember(prototype, name, undefined, { get: accessor.get, ...setter, configurable: true });
  }
  for (const name of ['send', 'close'] as const)
    replaceGlobal(
      [prototype],
      name,
      (original) =>
        function (this: object, ...args: unknown[]) {
          const one = followed.get(this);
          return one === undefined ? (Reflect.apply(original, this, args) as unknown) : one[name](args);
        },
    );
  replaceMember(prototype, 'constructor', Watched);
  replaceMember(globalThis, 'WebSocket', Watched);
}

/** Members of the class as they are without us. */
function realOf(prototype: object, make: () => object): RealSocket {
  const members = Object.getOwnPropertyDescriptors(prototype) as Record<string, PropertyDescriptor | undefined>;
  return {
    get: (socket, name) => Reflect.apply(members[name]!.get!, socket, []) as unknown,
    set: (socket, name, value) => void Reflect.apply(members[name]!.set!, socket, [value]),
    call: (socket, name, args) => Reflect.apply(members[name]!.value as (...given: unknown[]) => unknown, socket, args),
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
