/** Connections that the app opens itself, or a database driver and the like for it: each is a channel. */
import net from 'node:net';
import type { Socket } from 'node:net';
import tls from 'node:tls';
import type { Method } from '../patch/registry.ts';
import { AppPlace } from './app-place.ts';
import { wordsOf } from './channel-words.ts';
import type { Channel, Channels } from './channels.ts';
import { FollowedSocket } from './followed-socket.ts';
import { replaceBelow, replaceGlobal } from './globals.ts';
import { behindSymbol } from './hidden.ts';
import { asNobody, currentNode, isForeign } from './lineage.ts';
import { isForRequest, isLoaders, socketWhat } from './socket-what.ts';
import type { SocketWhat } from './socket-what.ts';

/** Replaces what connects. Undone by `undoAll`. */
export function patchSockets(channels: Channels): void {
  const sockets = new Sockets(channels);
  // Below what refuses connections.
  replaceBelow(net.Socket.prototype, 'connect', (original): Method => {
    return function connect(this: Socket, ...args: unknown[]) {
      return sockets.connect(this, args, () => Reflect.apply(original, this, args) as unknown);
    };
  });
  replaceGlobal(
    [tls],
    'connect',
    (original): Method =>
      function (this: unknown, ...args: unknown[]) {
        return sockets.secure(args, (given) => Reflect.apply(original, this, given) as Socket);
      },
  );
}

interface Followed {
  one: FollowedSocket;
  what: SocketWhat;
}

class Sockets {
  readonly #channels: Channels;
  readonly #followed = new WeakMap<object, Followed>();
  /** The connection over which TLS is about to be spoken, in a replay. */
  #below: Followed | undefined;

  constructor(channels: Channels) {
    this.#channels = channels;
  }

  /** `socket.connect(...args)`. */
  connect(socket: Socket, args: unknown[], bare: () => unknown): unknown {
    const what = isForeign() || currentNode().internal ? null : (this.#below?.what ?? socketWhat(socket, args));
    if (what === null || isLoaders(what) || isForRequest()) return bare();
    const one = this.#follow(socket, what);
    if (one === null) return bare();
    if (one.isReal) {
      one.record();
      return asNobody(bare);
    }
    one.replay(this.#below?.one);
    const listener = listenerIn(args);
    if (listener !== undefined) socket.once('connect', listener);
    return socket;
  }

  /** `tls.connect(...args)`; `bare` calls Node's. Without a connection to speak over, that connects one. */
  secure(args: unknown[], bare: (args: unknown[]) => Socket): Socket {
    const options = optionsIn(args);
    const below = options?.socket;
    const known = typeof below === 'object' && below !== null ? this.#followed.get(below) : undefined;
    if (known === undefined || isForeign() || currentNode().internal) return bare(args);
    const what: SocketWhat = { ...known.what, tls: true };
    if (!known.one.isReal) {
      this.#below = { one: known.one, what };
      try {
        return bare(args.map((arg) => (arg === options ? { ...options, socket: undefined } : arg)));
      } finally {
        this.#below = undefined;
      }
    }
    const socket = asNobody(() => bare(args));
    this.#follow(socket, what)?.record();
    return socket;
  }

  #follow(socket: Socket, what: SocketWhat, channels = this.#channels): FollowedSocket | null {
    const opening = { kind: 'socket', what };
    this.#followed.get(socket)?.one.release();
    let one: FollowedSocket | undefined;
    const channel = channels.open(
      opening,
      (arrival) => one?.receive(arrival),
      (arrival) => one?.isReady(arrival) === true,
    );
    if (channel === null) return channels.real ? null : this.#follow(socket, what, channels.refuse(opening, wordsOf(opening)));
    const why = readsByItself(socket) ? 'it reads into a buffer of its own' : whyNot(channel);
    if (why !== undefined) {
      channel.note({ event: 'unrecordable', data: { why } });
      channel.leave();
      channels.refuse(opening, `${wordsOf(opening)}: ${why}; what comes`);
      return null;
    }
    one = new FollowedSocket(socket, channel, new AppPlace());
    this.#followed.set(socket, { one, what });
    return one;
  }
}

/** Whether what comes goes past the stream: option `onread`. */
const readsByItself = (socket: Socket): boolean => typeof behindSymbol(socket, 'kBufferCb') === 'function';

/** Why a recorded connection cannot be given again. */
function whyNot({ given }: Channel): string | undefined {
  const noted = given.find(({ event }) => event === 'unrecordable');
  return (noted?.data as { why: string } | undefined)?.why;
}

interface SecureOptions {
  socket?: unknown;
}

const optionsIn = (args: readonly unknown[]): SecureOptions | undefined =>
  args.find((arg): arg is SecureOptions => typeof arg === 'object' && arg !== null);

/** Node hands its own arguments on in a list. */
function listenerIn(args: readonly unknown[]): Method | undefined {
  const [first] = args;
  const last: unknown = Array.isArray(first) ? (first as unknown[])[1] : args.at(-1);
  return typeof last === 'function' ? (last as Method) : undefined;
}
