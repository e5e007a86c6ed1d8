/** What differs between HTTP/2 that is recorded and HTTP/2 that is replayed. */
import type { EventEmitter } from 'node:events';
import type { OpenBytes } from './exchange-owner.ts';
import type { Http2Arrival, Http2Call } from './http2-call.ts';
import type { LineageNode } from './lineage.ts';
import type { Http2StandIn } from './http2-stand-in.ts';
import type { AskedRequest } from './request-digest.ts';

/** A stream or connection that can be found idle. */
export interface Http2Idle {
  readonly target: EventEmitter;
  readonly place: LineageNode;
  /** How often it was. */
  timeouts: number;
  /** When something was sent or came the last time, on the monotonic clock. */
  usedUs: number;
  /** Runs something in the async scopes in which it was made, as none of the app's code. */
  run(fn: () => void): void;
}

export interface Http2Form {
  readonly open: OpenBytes;
  /** The app has sent the request whole. */
  sent(call: Http2Call, request: AskedRequest): void;
  /** The app has sent a part of it, or the rest of one whose answer has begun. */
  began(call: Http2Call): void;
  /** Something of the answer came: `call.give` hands it over. */
  came(call: Http2Call, arrival: Http2Arrival): void;
  /** `hand` does what follows from the app's own ending of the stream. */
  own(call: Http2Call, hand: () => void): void;
  /** The app wants no more of the answer, or nothing more can come. */
  left(call: Http2Call): void;
  /** Follows how long something is idle. */
  watch(idle: Http2Idle): void;
  /** It is found idle, and the app is told now. */
  idle(idle: Http2Idle): void;
  /** Stands in for the network; null: connections are made. `secure`: with TLS. */
  standIn: ((secure: boolean, port: number) => Http2StandIn) | null;
  /** What no replay can give is asked for; does not return there. */
  refuse(what: string): void;
}
