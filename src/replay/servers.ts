/**
 * Servers of the app's: `listen()` opens a channel, through which come requests, their bodies, and whatever else the clients do that the app can see. While recording each is handed over in a turn of
 * its own; in a replay nothing listens, and what was recorded is put into the app's own server object.
 */
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { coverMethod, REPLAY_LABEL } from '../patch/registry.ts';
import { AppPlace } from './app-place.ts';
import type { Channels } from './channels.ts';
import type { FollowedServer, Protocol } from './followed-server.ts';
import { replaceGlobal } from './globals.ts';
import { isInternal } from './lineage.ts';
import { RecordedServer } from './server-recorded.ts';
import { ReplayedServer } from './server-replayed.ts';

/** Follows servers from their `listen()` on. Undone by `undoAll`. */
export function patchServers(channels: Channels): void {
  const followed = new WeakMap<net.Server, FollowedServer>();
  let emit: (server: net.Server, args: unknown[]) => unknown = () => false;
  coverMethod(net.Server.prototype, 'emit', `${REPLAY_LABEL}emit`, (original) => {
    emit = (server, args) => Reflect.apply(original, server, args) as unknown;
    return function (this: net.Server, ...args: unknown[]): unknown {
      const pass = (): unknown => emit(this, args);
      const [event, ...given] = args;
      if (typeof event === 'string' && followed.get(this)?.holds(event, given, pass) === true) return true;
      return pass();
    };
  });
  replaceGlobal(
    [net.Server.prototype],
    'listen',
    (original) =>
      function (this: net.Server, ...args: unknown[]): unknown {
        const real = (): unknown => Reflect.apply(original, this, args);
        if (isInternal() || this.listening) return real();
        const protocol = protocolOf(this);
        const parts = { server: this, protocol, place: new AppPlace(), emit: (...given: unknown[]) => emit(this, given) };
        const opening = { kind: 'server', what: protocol };
        const listen = (by: Channels): unknown => {
          const one = by.real ? new RecordedServer(parts) : new ReplayedServer(parts);
          const channel = by.open(
            opening,
            (arrival) => one.deliver(arrival),
            (arrival) => one.isReady(arrival),
          );
          if (channel === null) return by.real ? real() : listen(by.refuse(opening, 'a server'));
          followed.set(this, one);
          one.listen(channel, real, args);
          return this;
        };
        return listen(channels);
      },
  );
}

function protocolOf(server: net.Server): Protocol {
  if (server instanceof http.Server) return 'http';
  return server instanceof https.Server ? 'https' : 'net';
}
