/** Signals that the app listens for: each is given to it in its turn, and again in a replay. */
import { executionAsyncResource } from 'node:async_hooks';
import { constants } from 'node:os';
import { ownListeners } from '../core/own-listeners.ts';
import { coverMethod, installOnce, REPLAY_LABEL } from '../patch/registry.ts';
import { AppPlace } from './app-place.ts';
import type { Channel, Channels } from './channels.ts';
import { replaceGlobal } from './globals.ts';
import { processMeant } from './pids.ts';

const SIGNALS: Readonly<Record<string, number>> = constants.signals;
/** What a shell adds to the number of a signal that ended a program. */
const EXIT_OF_SIGNAL = 128;

/** Follows signals from where the app first listens for them. Undone by `undoAll`. */
export function patchSignals(channels: Channels): void {
  const opened = new Map<string, Channel | null>();
  let emit: (name: string, ...args: unknown[]) => unknown = () => false;

  const open = (name: string): void => {
    const place = new AppPlace();
    const give = (): void => void place.run(() => emit(name, name, SIGNALS[name]));
    opened.set(name, channels.open({ kind: 'signal', what: name }, give));
  };
  const onListener = (name: string | symbol, listener: { listener?: object }): void => {
    if (!isSignal(name) || opened.has(name) || ownListeners.has(listener.listener ?? listener)) return;
    open(name);
  };
  installOnce(process, 'replay.signals', `${REPLAY_LABEL}signals`, () => {
    process.on('newListener', onListener as never);
    return () => process.off('newListener', onListener as never);
  });
  coverMethod(process, 'emit', `${REPLAY_LABEL}emit`, (original) => {
    emit = (...args) => Reflect.apply(original, process, args) as unknown;
    return function (this: unknown, ...args: unknown[]): unknown {
      const [name] = args;
      if (!isSignal(name) || !listens(name) || !comesFromOutside()) return Reflect.apply(original, this, args) as unknown;
      // Whoever stops a replay means the replay.
      if (!channels.real) process.exit(EXIT_OF_SIGNAL + SIGNALS[name]!);
      const channel = opened.get(name) ?? null;
      if (channel === null) return Reflect.apply(original, this, args) as unknown;
      channel.came({ event: 'signal' });
      return true;
    };
  });
  if (channels.real) return;
  replaceGlobal(
    [process],
    'kill',
    (original) =>
      function (this: unknown, ...args: unknown[]): unknown {
        const [pid, signal = 'SIGTERM'] = args;
        const name = Object.keys(SIGNALS).find((known) => known === signal || SIGNALS[known] === signal);
        // A program that signals itself is given that by the recording.
        if (pid === process.pid && name !== undefined && listens(name)) return true;
        return Reflect.apply(original, this, [processMeant(pid), ...args.slice(1)]) as unknown;
      },
  );
}

const isSignal = (name: unknown): name is string => typeof name === 'string' && Object.hasOwn(SIGNALS, name);

/** Whether anybody listens but us. */
const listens = (name: string): boolean =>
  process.listeners(name as NodeJS.Signals).some((listener) => !ownListeners.has(listener));

/** Whether the running code is the system's call: an app may emit the event itself. */
const comesFromOutside = (): boolean => executionAsyncResource().constructor.name === 'Signal';
