/** A server of the app's that listens, in either form: recorded or replayed. */
import type { ServerResponse } from 'node:http';
import type net from 'node:net';
import { lastDelivery } from '../recording/delivery-order.ts';
import type { AppPlace } from './app-place.ts';
import type { Channel } from './channels.ts';
import { ANSWERED } from './owed.ts';
import type { AnsweredFacts } from './owed.ts';
import type { Arrival } from './source.ts';

/** What a server speaks; of `net` it is recorded where it listens, and not what comes in. */
export type Protocol = 'http' | 'https' | 'net';

/** A server that listens, as one of the two forms knows it. */
export interface FollowedServer {
  /** The app's server is about to emit `event`. True: it is to be emitted later. `pass` emits. */
  holds(event: string, args: unknown[], pass: () => unknown): boolean;
  deliver(arrival: Arrival): void;
  isReady(arrival: Arrival): boolean;
  /** Listens, or does as if. Called once. */
  listen(channel: Channel, real: () => unknown, args: unknown[]): void;
}

/** What both forms are made of. */
export interface ServerParts {
  server: net.Server;
  protocol: Protocol;
  place: AppPlace;
  /** Emits as the app's server does, seen by nobody. */
  emit(event: string, ...args: unknown[]): unknown;
}

/** Keeps the places of connections and of bodies apart from those of requests. */
const CONNECTION_SALT = 0x1000_0000;
const BODY_SALT = 0x0800_0000;

export const connectionPlace = (c: number): number => CONNECTION_SALT + c;
export const bodyPlace = (r: number): number => BODY_SALT + r;

/** The event by which a server of that protocol is given a connection that it reads requests from. */
export const connectionEvent = (protocol: Protocol): string => (protocol === 'https' ? 'secureConnection' : 'connection');

/** `told` is called when the app has given all of an answer, in the turn in which it has. */
export function onAnswered(response: ServerResponse, told: () => void): void {
  response.once('prefinish', told);
}

/** Has it known that the answer to request `r` was given, or that nobody can give it any more. */
export function noteAnswered(r: number, channel: Channel | undefined): void {
  const data: AnsweredFacts = { r, after: lastDelivery() };
  channel?.note({ event: ANSWERED, data });
}
