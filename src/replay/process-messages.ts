/** Messages between this process and the one that started it, where there is a channel for them (`fork`): what comes is an input as any other. In a replay nobody is at its other end. */
import { installOnce, REPLAY_LABEL } from '../patch/registry.ts';
import type { Channel, Channels, Opening } from './channels.ts';
import { replaceBelow } from './globals.ts';
import { AppPlace } from './app-place.ts';
import { isInternal, processPlace } from './lineage.ts';
import { messageBytes } from './message-bytes.ts';
import { MessageQueue } from './message-queue.ts';
import type { Arrival } from './source.ts';

/** Keeps this place apart from others that are there before any code runs. */
const IPC_SALT = 17;
const WAY = 'ipc';
const HANGUP = 'disconnect';

/** Follows the messages. In a replay there is a channel where `isRecorded`. Undone by `undoAll`. */
export function patchProcessMessages(channels: Channels, isRecorded: boolean): void {
  if (channels.real ? process.channel === undefined : !isRecorded) return;
  const opening: Opening = { kind: 'ipc', what: {}, at: processPlace(IPC_SALT) };
  let queue: MessageQueue | undefined;
  const gone: unknown[][] = [];
  const receive = (arrival: Arrival): void => {
    if (arrival.event === 'message') {
      queue?.receive(arrival);
      return;
    }
    if (!channels.real) hangUp();
    queue?.emit(gone.shift() ?? [HANGUP]);
  };
  const channel = channels.open(opening, receive, ({ event }) => event !== 'message' || queue?.isReady() === true);
  if (channel === null) return;
  queue = new MessageQueue(process, channel, new AppPlace(processPlace(IPC_SALT)));
  const messages = queue;
  installOnce(process, 'below emit', `${REPLAY_LABEL}emit`, () => {
    const before = Object.getOwnPropertyDescriptor(process, 'emit');
    if (channels.real)
      messages.record((args) => {
        if (args[0] !== HANGUP) return false;
        gone.push(args);
        channel.came({ event: HANGUP });
        return true;
      });
    else messages.replay();
    return () => {
      if (before === undefined) Reflect.deleteProperty(process, 'emit');
      else Object.defineProperty(process, 'emit', before);
    };
  });
  if (channels.real) recordSent(channel);
  else standIn(channel);
}

function recordSent(channel: Channel): void {
  replaceBelow(
    process,
    'send',
    (original) =>
      function (this: unknown, ...args: unknown[]) {
        const result: unknown = Reflect.apply(original, this, args);
        if (!isInternal()) {
          const [message, handle] = args;
          const packed = messageBytes(message);
          if (packed !== null) channel.went(WAY, packed.bytes);
          if (packed === null || (typeof handle === 'object' && handle !== null))
            channel.note({ event: 'unrecordable', data: { why: 'it is sent what only a process can have' } });
        }
        return result;
      },
  );
}

/** What a process has that was started with a channel. */
function standIn(channel: Channel): void {
  const send = (message: unknown, ...rest: unknown[]): boolean => {
    const then = rest.find((each) => typeof each === 'function') as ((error: Error | null) => void) | undefined;
    if (!process.connected) {
      const closed = Object.assign(new Error('Channel closed'), { code: 'ERR_IPC_CHANNEL_CLOSED' });
      process.nextTick(() => (then === undefined ? process.emit('error' as never, closed as never) : then(closed)));
      return false;
    }
    const packed = messageBytes(message);
    if (packed !== null) channel.went(WAY, packed.bytes);
    if (then !== undefined) process.nextTick(then, null);
    return true;
  };
  const control = { ref: () => {}, unref: () => {}, fd: -1 };
  for (const [name, value] of Object.entries({ channel: control, connected: true, send, disconnect: hangUp }))
    Object.defineProperty(process, name, { value, writable: true, configurable: true, enumerable: true });
  channel.ready();
}

function hangUp(): void {
  Object.assign(process, { connected: false, channel: null });
}
