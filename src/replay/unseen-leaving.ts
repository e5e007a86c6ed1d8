/** A connection whose client has left looks as it did until the app is given that: what it would see of it before is in no recording. */
import type { Socket } from 'node:net';
import { cover } from './hidden.ts';
import { runningNode } from './lineage.ts';

/** What says whether a connection is still there, and what it says of one that is. */
const SEEN = { destroyed: false, readable: true, writable: true } as const;

/** Keeps what a client has done to itself, until what is returned is called. What the app does to the connection shows at once. */
export function hideLeaving(socket: Socket): () => void {
  let shows = false;
  for (const name of ['destroy', 'end'] as const)
    cover(
      socket,
      name,
      (original) =>
        function (this: Socket, ...args: unknown[]) {
          shows ||= runningNode() !== null;
          return Reflect.apply(original, this, args) as unknown;
        },
    );
  for (const [name, whole] of Object.entries(SEEN)) {
    Object.defineProperty(socket, name, {
      configurable: true,
      enumerable: false,
      get: () => (shows ? Reflect.get(Object.getPrototypeOf(socket) as object, name, socket) : whole),
      set: (value) => {
        Reflect.set(Object.getPrototypeOf(socket) as object, name, value, socket);
      },
    });
  }
  return () => {
    shows = true;
  };
}
