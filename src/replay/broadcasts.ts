/** What threads say to one another through a `BroadcastChannel` is not recorded: a replay of a program that has both such a channel and threads refuses it. */
import workerThreads from 'node:worker_threads';
import type { Channels } from './channels.ts';
import { replaceMember } from './globals.ts';
import { isInternal } from './lineage.ts';

/** To be told of each thread that is started. */
export interface Broadcasts {
  threads(): void;
}

/** Watches for channels. Undone by `undoAll`. */
export function guardBroadcasts(channels: Channels): Broadcasts {
  let hasThreads = false;
  let hasChannels = false;
  const look = (): void => {
    if (hasThreads && hasChannels)
      channels.refuse({ kind: 'broadcast', what: {} }, 'what threads say to one another through a BroadcastChannel');
  };
  const Original = workerThreads.BroadcastChannel;
  const watched = new Proxy(Original, {
    construct(target, args, made) {
      if (!isInternal()) {
        hasChannels = true;
        look();
      }
      return Reflect.construct(target, args, made) as object;
    },
  });
  replaceMember(workerThreads, 'BroadcastChannel', watched);
  replaceMember(globalThis, 'BroadcastChannel', watched);
  return {
    threads: () => {
      hasThreads = true;
      look();
    },
  };
}
