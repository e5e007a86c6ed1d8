/** Requests of Node's HTTP client in a replay: their sockets are connected to nothing, and the recorded answers are put into them for Node's own parser. */
import type { Socket } from 'node:net';
import type { ThrownFacts } from '../events/lines.ts';
import type { OpenBytes } from './exchange-owner.ts';
import type { Gate, Receiver } from './gate.ts';
import type { HttpCall, HttpForm } from './http-call.ts';
import { WireAnswer } from './http-wire.ts';
import { asNobody, runAt } from './lineage.ts';
import { RecordedSignal } from './recorded-signal.ts';
import type { Answers } from './answers.ts';
import type { AskedRequest } from './request-digest.ts';
import type { ReceivedStep, SourceRequest } from './source.ts';
import { StandInSocket } from './stand-in-socket.ts';
import { thrownAgain } from './thrown.ts';

export interface HttpReplay {
  gate: Gate;
  answers: Answers;
  open: OpenBytes;
}

/** What is given where nothing is known of an error. */
const HANG_UP: ThrownFacts = { name: 'Error', message: 'socket hang up', code: 'ECONNRESET' };
const CONTINUE = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n');

/** Answers requests from the recording. */
export function replayHttp({ gate, answers, open }: HttpReplay): HttpForm {
  const known = new WeakMap<HttpCall, Replayed>();
  const of = (call: HttpCall): Replayed => {
    const replayed = known.get(call) ?? new Replayed(call, gate);
    known.set(call, replayed);
    return replayed;
  };
  return {
    open,
    connected: (call, socket) => of(call).connected(socket),
    sent(call, asked: AskedRequest) {
      const replayed = of(call);
      if (!replayed.isMatched) replayed.match(answers.served({ ...asked, lin: call.lin, lo: call.lo }, call.where));
    },
    began(call) {
      const replayed = of(call);
      if (!replayed.isMatched) replayed.match(answers.findEarly({ ...call.asked(), lin: call.lin, lo: call.lo }));
    },
    came: (call, hand) => of(call).came(hand),
    continued: () => {},
    left: (call) => of(call).leave(),
  };
}

/** Hands the recorded answer to Node's client, step by step. */
class Replayed implements Receiver {
  readonly #call: HttpCall;
  readonly #gate: Gate;
  #recorded: SourceRequest | null = null;
  #wire: WireAnswer | undefined;
  #body: Uint8Array | undefined;
  #headed = false;
  /** What comes from the socket now is what is handed over now. */
  #handing = false;
  /** The connection breaks as it was recorded: what follows from that does so at once. */
  #breaking = false;
  /** What comes of the app's own ending of the request, until the recording says so. */
  #held: (() => void)[] = [];

  constructor(call: HttpCall, gate: Gate) {
    this.#call = call;
    this.#gate = gate;
  }

  /** Runs what nobody recorded, in a turn of its own: before anything recorded comes in, as an immediate of the app's would. */
  #soon(run: () => void): void {
    runAt(this.#call.placeOf('connection'), () => setImmediate(() => asNobody(run)));
  }

  get isMatched(): boolean {
    return this.#recorded !== null;
  }

  match(recorded: SourceRequest | null): void {
    if (recorded === null) return;
    this.#recorded = recorded;
    this.#wire = new WireAnswer(recorded.exchange);
    this.#ready();
  }

  /** Tells the gate that whatever the request waits for can be given. */
  #ready(): void {
    if (this.#recorded === null || this.#call.inlet === null) return;
    if (this.#call.inlet.socket.connecting && !this.#isUnreached) return;
    this.#gate.addReceiver(this.#recorded.key, this);
  }

  /** Whether no connection was made. */
  get #isUnreached(): boolean {
    const { status, end } = this.#recorded?.exchange ?? {};
    const { thrown } = end ?? {};
    const failed = [thrown, ...(thrown?.errors ?? [])].map((facts) => facts?.members?.['syscall']);
    return status === undefined && failed.some((syscall) => syscall === 'connect' || syscall === 'getaddrinfo');
  }

  /** Whether the app ended the request itself: it does so again. */
  get #isAborted(): boolean {
    return this.#recorded?.exchange.end?.thrown?.aborted === true;
  }

  connected(socket: Socket): () => void {
    const call = this.#call;
    const timers: { idle?: RecordedSignal } = {};
    const watch = (ms: number): void => {
      if (timers.idle !== undefined) timers.idle.isGone = true;
      if (ms > 0) this.#gate.addTimer((timers.idle = new RecordedSignal(call.placeOf('timeout').id, call.timeouts, ms, idle)));
    };
    const idle = (): void => {
      call.timeouts++;
      watch(0);
      call.hand(() => void socket.emit('timeout'));
    };
    if (socket instanceof StandInSocket) {
      socket.onTimeout = watch;
      if (socket.connecting && !this.#isUnreached) this.#soon(() => this.#connect(socket));
      if (socket.timeout !== undefined) watch(socket.timeout);
    }
    this.#ready();
    this.#awaitContinue();
    return () => {
      watch(0);
      if (socket instanceof StandInSocket) socket.onTimeout = undefined;
    };
  }

  #connect(socket: StandInSocket): void {
    this.#call.hand(() => socket.connected());
    this.#ready();
  }

  #awaitContinue(): void {
    const call = this.#call;
    if (!/^100-continue$/i.test(String(call.request.getHeader('expect') ?? ''))) return;
    const give = (): void => {
      call.continues++;
      this.#feed(CONTINUE);
    };
    this.#gate.addTimer(new RecordedSignal(call.placeOf('continue').id, call.continues, -1, give));
  }

  came(hand: () => void): void {
    if (this.#handing || this.#breaking) hand();
    else if (this.#isAborted && this.#call.destroyed && !this.#call.ended) {
      this.#held.push(hand);
      this.#ready();
    } else this.#soon(hand);
  }

  leave(): void {
    if (this.#recorded !== null) this.#gate.leave(this.#recorded.key);
  }

  isReady(step: ReceivedStep): boolean {
    if (step.kind === 'end' && this.#isAborted) return this.#held.length > 0 || this.#call.ended;
    const { inlet } = this.#call;
    if (step.kind !== 'piece' || inlet?.socket.isPaused() !== true) return true;
    inlet.socket.once('resume', () => this.#ready());
    return false;
  }

  receive(step: ReceivedStep): void {
    const all = [step, ...(step.also ?? [])];
    const bytes = Buffer.concat(all.map((each) => this.#bytesOf(each)));
    if (bytes.length > 0) this.#feed(bytes);
    if (!all.some(({ kind }) => kind === 'end')) return;
    if (this.#recorded?.exchange.end?.how !== 'complete') this.#break();
    else if (this.#wire?.endsWithConnection === true) this.#close();
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
    return step.kind === 'end' && exchange.end?.how === 'complete' ? wire.end() : new Uint8Array();
  }

  /** Lets bytes come out of the socket. */
  #feed(bytes: Buffer): void {
    this.#handing = true;
    try {
      this.#call.inlet?.socket.emit('data', bytes);
    } finally {
      this.#handing = false;
    }
  }

  /** The server closes the connection, as it does to say that the answer is whole. */
  #close(): void {
    const { inlet } = this.#call;
    inlet?.give('end', []);
    this.#soon(() => inlet?.socket.destroy());
  }

  #break(): void {
    const { inlet } = this.#call;
    const facts = this.#recorded?.exchange.end?.thrown ?? HANG_UP;
    if (facts.aborted === true) {
      const held = this.#held;
      this.#held = [];
      for (const hand of held) hand();
      return;
    }
    this.#breaking = true;
    // The client says this of an answer that broke off without an error of the socket.
    if (this.#headed && facts.message === 'aborted') inlet?.give('close', [false]);
    else inlet?.give('error', [thrownAgain(facts)]);
    inlet?.socket.destroy();
  }
}
