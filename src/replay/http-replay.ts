/** Requests of Node's HTTP client in a replay: their sockets are connected to nothing, and the recorded answers are put into them for Node's own parser. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ThrownFacts } from '../events/lines.ts';
import type { EditedAnswer } from '../providers/edited-answer.ts';
import type { Exchange } from '../recording/recording.ts';
import type { Answer, Answers } from './answers.ts';
import { watchWork } from './busy.ts';
import type { OpenBytes } from './exchange-owner.ts';
import type { Gate, Receiver } from './gate.ts';
import type { HttpCall, HttpForm } from './http-call.ts';
import { HttpFeed } from './http-feed.ts';
import { HttpHandover } from './http-handover.ts';
import { HttpLive } from './http-live.ts';
import type { Sending } from './http-sender.ts';
import { WireAnswer } from './http-wire.ts';
import { internally } from './lineage.ts';
import { RecordedSignal } from './recorded-signal.ts';
import type { AskedRequest } from './request-digest.ts';
import type { ReceivedStep, SourceRequest } from './source.ts';
import { StandInSocket } from './stand-in-socket.ts';
import { thrownAgain } from './thrown.ts';
import type { Fired } from './timers-replayed.ts';

export interface HttpReplay {
  gate: Gate;
  answers: Answers;
  open: OpenBytes;
  /** Writes down what comes without content, where the recording of this run is kept. */
  fired?: Fired | undefined;
}

/** What is given where nothing is known of an error. */
const HANG_UP: ThrownFacts = { name: 'Error', message: 'socket hang up', code: 'ECONNRESET' };
/** For so long the process does nothing before an app that has sent a part of a request is taken to wait for its answer. */
const PATIENCE_MS = 60;
const CONTINUE = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n');

/** Answers requests from the recording, and sends those that are to be sent. */
export function replayHttp({ gate, answers, open, fired = () => {} }: HttpReplay): HttpForm {
  const known = new WeakMap<HttpCall, Replayed>();
  const of = (call: HttpCall): Replayed => {
    const replayed = known.get(call) ?? new Replayed(call, gate, fired);
    known.set(call, replayed);
    return replayed;
  };
  const answerBy = (replayed: Replayed, answer: Answer | null): void => {
    if (answer?.how === 'served') replayed.match(answer.request);
    else if (answer?.how === 'answered') replayed.edit(answer.request, answer.answer, () => answers.edited());
    else if (answer?.how === 'sent') replayed.send(answer);
  };
  return {
    open,
    connected: (call, socket) => of(call).connected(socket),
    sent(call, asked: AskedRequest) {
      const replayed = of(call);
      if (replayed.isMatched) replayed.sendMore();
      else answerBy(replayed, answers.find({ ...asked, lin: call.lin, lo: call.lo }, call.where));
    },
    began(call) {
      const replayed = of(call);
      if (replayed.isMatched) replayed.sendMore();
      else replayed.match(answers.findEarly({ ...call.asked(), lin: call.lin, lo: call.lo }));
      replayed.awaitMore(() => answerBy(replayed, answers.findPart({ ...call.asked(), lin: call.lin, lo: call.lo }, call.where)));
    },
    came: (call, hand) => of(call).came(hand),
    continued: (call) => of(call).isWanted(),
    left: (call) => of(call).leave(),
  };
}

/** An answer that an edit has made, until its turn comes. */
interface Edited {
  key: string;
  handOver(): void;
}

/** Hands an answer to Node's client, step by step: the recorded one, one that an edit has made, or that of a request which is really made. */
class Replayed implements Receiver {
  readonly #call: HttpCall;
  readonly #gate: Gate;
  readonly #fired: Fired;
  readonly #feed: HttpFeed;
  #recorded: SourceRequest | null = null;
  #edited: Edited | null = null;
  /** Hands over what is not in the recording. */
  #handover: HttpHandover | null = null;
  #live: HttpLive | null = null;
  #wire: WireAnswer | undefined;
  #body: Uint8Array | undefined;
  #headed = false;
  #idle: RecordedSignal | undefined;
  /** Milliseconds for which the socket may be idle; 0: for ever. */
  #idleMs = 0;
  /** How many parts of the body are on their way; Infinity: all there will be. */
  #partsSent = Infinity;
  #awaits = false;
  /** The app was told that the body is wanted. */
  #continued = false;
  /** What comes of the app's own ending of the request, until the recording says so. */
  #held: (() => void)[] = [];

  constructor(call: HttpCall, gate: Gate, fired: Fired) {
    this.#call = call;
    this.#gate = gate;
    this.#fired = fired;
    this.#feed = new HttpFeed(call);
  }

  /** Whether it is known what becomes of the request. */
  get isMatched(): boolean {
    return this.#recorded !== null || this.#handover !== null;
  }

  match(recorded: SourceRequest | null): void {
    if (recorded === null) return;
    this.#recorded = recorded;
    this.#wire = new WireAnswer(recorded.exchange);
    this.#ready();
  }

  /** Hands over what the model is made to have said, when the recorded answer would have begun. */
  edit({ key, exchange }: SourceRequest, { status, headers, pieces }: EditedAnswer, began: () => void): void {
    const handover = (this.#handover = new HttpHandover(this.#feed, this.#gate.deliveries));
    const { method } = this.#call.request;
    const statusText = STATUS_CODES[status] ?? '';
    const wire = new WireAnswer({ method, status, statusText, responseHeaders: framed(headers, exchange) });
    const handOver = (): void => {
      this.#edited = null;
      began();
      this.#gate.leave(key);
      handover.push(() => this.#feed.bytes(wire.head()));
      for (const piece of pieces) if (piece.length > 0) handover.push(() => this.#feed.bytes(wire.piece(piece)));
      handover.push(() => {
        this.#feed.bytes(wire.end());
        if (wire.endsWithConnection) this.#feed.close();
      });
    };
    this.#edited = { key, handOver };
    this.#ready();
  }

  /** Sends it, as far as the app has. */
  send(answer: Sending): void {
    const { parts, request } = this.#call;
    const sending = { ...answer, isPart: !request.writableEnded };
    this.#partsSent = request.writableEnded ? Infinity : parts;
    this.#stopWaiting();
    const handover = (this.#handover = new HttpHandover(this.#feed, this.#gate.deliveries));
    const onIdle = (): void => this.#gate.deliveries.push(() => this.#wasIdle());
    this.#live = new HttpLive({ feed: this.#feed, handover, idleMs: this.#idleMs, onIdle });
    this.#live.start(() => this.#call.send(sending));
  }

  /** Sends what the app has sent since then. */
  sendMore(): void {
    const { parts, request } = this.#call;
    if (this.#live === null || this.#partsSent === Infinity) return;
    this.#live.more(this.#call.partsFrom(this.#partsSent), request.writableEnded);
    this.#partsSent = request.writableEnded ? Infinity : parts;
  }

  /** Calls `decide` once the program goes its own way and the app sends no more of the request: it waits to be answered. */
  awaitMore(decide: () => void): void {
    const call = this.#call;
    if (this.isMatched || this.#awaits || call.request.writableEnded) return;
    this.#awaits = true;
    const wait = (): void => {
      const { parts } = call;
      const wasBusy = watchWork();
      const look = (): void => {
        if (this.isMatched || call.destroyed || call.request.writableEnded || !this.#gate.isLoose) return;
        if (parts < call.parts || wasBusy(PATIENCE_MS)) wait();
        else call.inScope(decide);
      };
      // timer held: a request that is under way holds the process
      internally(() => setTimeout(look, PATIENCE_MS));
    };
    const { id: lin } = call.placeOf('written');
    this.#gate.addTimer({ lin, count: 0, ms: Number.NaN, isGone: false, hand: wait, fires: () => true, release: wait });
  }

  /** Tells the gate that whatever the request waits for can be given. */
  #ready(): void {
    this.#handover?.look();
    const key = this.#edited?.key ?? this.#recorded?.key;
    if (key === undefined || !this.#feed.isThere) return;
    if (!this.#feed.isConnected && !this.#isUnreached) return;
    // Of a request that got no answer, or whose answer has been passed over, nothing is to come any more.
    if (this.#edited !== null && !this.#gate.isOwed(key)) this.#edited.handOver();
    else this.#gate.addReceiver(key, this);
  }

  /** Whether no connection was made. */
  get #isUnreached(): boolean {
    const { status, end } = this.#recorded?.exchange ?? {};
    const { thrown } = end ?? {};
    const failed = [thrown, ...(thrown?.errors ?? [])].map((facts) => facts?.members?.['syscall']);
    const isLookedFor = failed.some((syscall) => syscall === 'connect' || syscall === 'getaddrinfo');
    return status === undefined && (isLookedFor || thrown?.unconnected === true);
  }

  /** Whether the app ended the request itself: it does so again. */
  get #isAborted(): boolean {
    return this.#recorded?.exchange.end?.thrown?.aborted === true;
  }

  connected(socket: Socket): () => void {
    const leave = (): void => this.#live?.leave();
    if (socket instanceof StandInSocket) {
      socket.onTimeout = (ms) => this.#watch(ms);
      if (socket.connecting && !this.#isUnreached && this.#live === null) this.#feed.soon(() => this.#connect());
      if (socket.timeout !== undefined) this.#watch(socket.timeout);
      socket.once('close', leave);
    }
    this.#ready();
    this.#awaitContinue();
    return () => {
      this.#watch(0);
      socket.removeListener('close', leave);
      if (socket instanceof StandInSocket) socket.onTimeout = undefined;
    };
  }

  #connect(): void {
    // Sent in the meantime: it is connected when that is.
    if (this.#live !== null) return;
    this.#feed.connect();
    this.#ready();
  }

  /** The app wants to be told when the socket was idle for so long. */
  #watch(ms: number): void {
    this.#stopWaiting();
    this.#idleMs = ms;
    if (this.#live !== null) this.#live.mayIdle(ms);
    else if (ms > 0) {
      const idle = (): void => {
        this.#stopWaiting();
        this.#wasIdle();
      };
      const signal = new RecordedSignal(this.#call.placeOf('timeout').id, this.#call.timeouts, ms, idle);
      this.#gate.addTimer((this.#idle = signal));
    }
  }

  #stopWaiting(): void {
    if (this.#idle !== undefined) this.#idle.isGone = true;
    this.#idle = undefined;
  }

  #wasIdle(): void {
    const call = this.#call;
    const { socket } = call.inlet ?? {};
    if (socket === undefined || call.destroyed) return;
    this.#fired({ lin: call.placeOf('timeout').id, lo: call.timeouts++, ms: this.#idleMs });
    call.hand(() => void socket.emit('timeout'));
  }

  #awaitContinue(): void {
    const call = this.#call;
    if (!/^100-continue$/i.test(String(call.request.getHeader('expect') ?? ''))) return;
    const { id } = call.placeOf('continue');
    const give = (): void => {
      this.#gate.fired(signal);
      this.#fired({ lin: id, lo: call.continues++ });
      this.#continued = true;
      this.#feed.bytes(CONTINUE);
    };
    const signal = new RecordedSignal(id, call.continues, -1, give);
    // Before the body is there, nobody knows whether it is recorded: where it may be sent, the app is told at once.
    if (this.#gate.isLoose) this.#feed.soon(() => this.#feed.soon(give));
    else this.#gate.addTimer(signal);
  }

  /** Whether the app is told that the body is wanted: of what is sent it was, before it was sent. */
  isWanted(): boolean {
    return this.#live === null || !this.#continued;
  }

  came(hand: () => void): void {
    if (this.#feed.isFeeding) hand();
    else if (this.#handover !== null) this.#asConnected(hand);
    else if (this.#isEndedByApp) {
      this.#held.push(hand);
      this.#ready();
    } else this.#feed.soon(hand);
  }

  /** What follows from the app's own ending of the request comes when it does of a connection of Node's. */
  #asConnected(hand: () => void): void {
    const { deliveries } = this.#gate;
    internally(() => setImmediate(() => (this.#call.destroyed ? hand() : deliveries.push(hand))));
  }

  /** Whether the app has ended a request that was recorded to fail: by itself, or by its socket. That failure comes when it did. */
  get #isEndedByApp(): boolean {
    const { destroyed, ended, inlet } = this.#call;
    return !ended && this.#recorded?.exchange.end?.how === 'error' && (destroyed || inlet?.socket.destroyed === true);
  }

  leave(): void {
    const key = this.#edited?.key ?? this.#recorded?.key;
    if (key !== undefined) this.#gate.leave(key);
    this.#handover?.stop();
    this.#live?.leave();
  }

  isReady(step: ReceivedStep): boolean {
    if (this.#edited !== null) return true;
    if (step.kind === 'end' && this.#isAborted) return this.#held.length > 0 || this.#call.ended;
    if (step.kind !== 'piece' || !this.#feed.isPaused) return true;
    this.#feed.onceRead(() => this.#ready());
    return false;
  }

  receive(step: ReceivedStep): void {
    if (this.#edited !== null) {
      this.#edited.handOver();
      return;
    }
    const all = [step, ...(step.also ?? [])];
    this.#feed.bytes(Buffer.concat(all.map((each) => this.#bytesOf(each))));
    if (!all.some(({ kind }) => kind === 'end')) return;
    if (this.#recorded?.exchange.end?.how !== 'complete') this.#break();
    else if (this.#wire?.endsWithConnection === true) this.#feed.close();
  }

  #bytesOf(step: ReceivedStep): Uint8Array {
    const { exchange } = this.#recorded!;
    const wire = this.#wire!;
    if (step.kind === 'head') {
      this.#headed = true;
      return wire.head();
    }
    if (step.kind === 'piece')
      return wire.piece((this.#body ??= exchange.responseBody())?.subarray(step.from, step.to) ?? new Uint8Array());
    return step.kind === 'end' && exchange.end?.how === 'complete' ? wire.end(exchange.end.trailers) : new Uint8Array();
  }

  #break(): void {
    const facts = this.#recorded?.exchange.end?.thrown ?? HANG_UP;
    // The client says this of an answer that broke off without an error of the socket.
    if (facts.aborted !== true)
      this.#feed.break(this.#headed && facts.message === 'aborted' ? null : { thrown: thrownAgain(facts) });
    const held = this.#held;
    this.#held = [];
    for (const hand of held) hand();
  }
}

/** An edited body has no length where the recorded one came in chunks: it comes in chunks, too. */
function framed(headers: [string, string][], { responseHeaders }: Exchange): [string, string][] {
  const isFraming = ([name]: [string, string]): boolean => name.toLowerCase() === 'transfer-encoding';
  return [...headers, ...responseHeaders.filter(isFraming)];
}
