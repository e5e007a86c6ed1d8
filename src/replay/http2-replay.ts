/** HTTP/2 in a replay: connections lead to a server in this process, which says what the recording holds, or what an edit has the model say; or what the real server says to what is sent. Node's own client reads it. */
import type { EditedAnswer } from '../providers/edited-answer.ts';
import type { Exchange } from '../recording/recording.ts';
import type { Answers } from './answers.ts';
import { watchWork } from './busy.ts';
import type { OpenBytes } from './exchange-owner.ts';
import type { Gate, Receiver } from './gate.ts';
import { RST_CODE } from './http2-call.ts';
import type { Http2Arrival, Http2Call } from './http2-call.ts';
import type { Http2Form } from './http2-form.ts';
import type { Http2Sending } from './http2-live.ts';
import { handingOver } from './http2-record.ts';
import { Http2Signal, standStill } from './http2-signal.ts';
import { Http2StandIn } from './http2-stand-in.ts';
import { internally } from './lineage.ts';
import type { AskedRequest } from './request-digest.ts';
import type { ReceivedStep, SourceRequest } from './source.ts';
import { thrownAgain } from './thrown.ts';
import type { Fired } from './timers-replayed.ts';

export interface Http2Replay {
  gate: Gate;
  answers: Answers;
  open: OpenBytes;
  /** Told of what has a place in the order and no content, where this run is recorded. */
  fired: Fired | undefined;
  refuse(what: string): void;
}

/** Answers requests from the recording, and sends those that are to be sent. */
export function replayHttp2({ gate, answers, open, fired, refuse }: Http2Replay): Http2Form {
  const handOver = handingOver(gate.deliveries);
  const known = new WeakMap<Http2Call, Replayed>();
  const of = (call: Http2Call): Replayed => {
    const replayed = known.get(call) ?? new Replayed(call, gate);
    known.set(call, replayed);
    return replayed;
  };
  return {
    open,
    sent(call, asked) {
      const replayed = of(call);
      if (replayed.isMatched) {
        replayed.sendMore();
        return;
      }
      const answer = answers.find({ ...asked, lin: call.lin, lo: call.lo }, call.where);
      if (answer?.how === 'served') replayed.match(answer.request);
      else if (answer?.how === 'sent') replayed.send(answer.request.body, call.stream.writableEnded);
      else if (answer?.how === 'answered') {
        const { request, answer: made } = answer;
        replayed.isMatched = true;
        gate.begins(request.key, () => {
          answers.edited();
          replayed.make(made);
        });
      }
    },
    began(call) {
      const replayed = of(call);
      if (replayed.isMatched) replayed.sendMore();
      else {
        const asking = { ...call.asked(), lin: call.lin, lo: call.lo };
        replayed.match(answers.findEarly(asking));
        if (!replayed.isMatched && !answers.isKnown(asking)) replayed.waitForRest(() => this.sent(call, call.asked()));
      }
    },
    came: (call, arrival) => (of(call).isSent ? handOver(call, arrival) : of(call).came(arrival)),
    own: (call, hand) => gate.addTimer(new Http2Signal({ gate, fired, lin: call.placeOf('left').id, count: 0, hand })),
    left: (call) => of(call).leave(),
    watch: (idle) => standStill(idle, gate, fired),
    idle: () => {},
    standIn: (secure, port) => new Http2StandIn(secure, port, () => gate.look()),
    refuse,
  };
}

/** For so long the process does nothing before a request that is not whole is taken for one that waits for its answer. */
const PATIENCE_MS = 60;

/** What is known of an answer that is to be said. */
type Answer = Pick<Exchange, 'status' | 'responseHeaders' | 'end' | 'responseBody'>;

/** Has the server say the recorded answer, step by step, and hands over what Node's client makes of it. */
class Replayed implements Receiver {
  readonly #call: Http2Call;
  readonly #gate: Gate;
  #key: string | undefined;
  #answer: Answer | undefined;
  #body: Uint8Array | undefined;
  /** What is to be said of an answer that is none of the recording's. */
  readonly #made: ReceivedStep[] = [];
  #isHanding = false;
  #stopLooking: (() => void) | undefined;
  /** What was sent really. */
  #sending: Http2Sending | undefined;
  #sentPieces = 0;
  #isWaiting = false;
  /** It is known what becomes of it. */
  isMatched = false;
  /** It goes over the network. */
  isSent = false;
  /** What has come of the answer, and has not had its turn. */
  readonly #here: Http2Arrival[] = [];
  /** What the server has said. */
  readonly #said = new Set<ReceivedStep>();

  constructor(call: Http2Call, gate: Gate) {
    this.#call = call;
    this.#gate = gate;
  }

  match(recorded: SourceRequest | null): void {
    if (recorded === null) return;
    this.isMatched = true;
    this.#key = recorded.key;
    this.#answer = recorded.exchange;
    this.#gate.addReceiver(recorded.key, this);
  }

  /** Sends the request, with that body; where it does not end there, what the app sends after it follows. */
  send(body: AskedRequest['body'], ends: boolean): void {
    this.isMatched = this.isSent = true;
    const { connection, stream, sentPieces } = this.#call;
    this.#sending = connection.live()?.send(stream, body, ends);
    this.#sentPieces = sentPieces.length;
  }

  /** The app has sent more. */
  sendMore(): void {
    if (this.#sending === undefined) return;
    const { stream, sentPieces } = this.#call;
    for (const piece of sentPieces.slice(this.#sentPieces)) this.#sending.more(piece);
    this.#sentPieces = sentPieces.length;
    if (stream.writableEnded) this.#sending.more(null);
  }

  /** The program goes its own way, and waits for an answer before it sends the rest: `send` sends what is there. */
  waitForRest(send: () => void): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    const wasBusy = watchWork();
    const look = (): void => {
      this.#isWaiting = false;
      const { left, stream } = this.#call;
      if (this.isMatched || left || stream.writableEnded) return;
      if (wasBusy(PATIENCE_MS) || !this.#gate.isLoose) this.waitForRest(send);
      else send();
    };
    // timer held: nothing else holds the process for it; in the served part the gate does
    const timer = internally(() => setTimeout(look, PATIENCE_MS));
    if (!this.#gate.isLoose) timer.unref();
  }

  /** Has the model say what an edit has it say, each piece in a turn of its own. */
  make({ status, headers, pieces }: EditedAnswer): void {
    const body = Buffer.concat(pieces);
    this.#answer = {
      ...{ status, responseHeaders: headers, responseBody: () => body },
      end: { how: 'complete', at: 0, ord: 0 },
    };
    const step = { ord: 0, atMs: 0, of: '' };
    let from = 0;
    const parts = pieces.map((piece): ReceivedStep => ({ ...step, kind: 'piece', from, to: (from += piece.length) }));
    this.#made.push({ ...step, kind: 'head' }, ...parts, { ...step, kind: 'end' });
    // The server may not have heard of the request yet.
    this.#stopLooking = this.#call.connection.standIn?.onRequest(() => this.#goOn());
    this.#goOn();
  }

  /** Hands over the next of what is made, once the server has said it and Node's client has read it. */
  #goOn(): void {
    const [step] = this.#made;
    if (step === undefined) this.#stopLooking?.();
    if (step === undefined || this.#isHanding || !this.isReady(step)) return;
    this.#isHanding = true;
    this.#gate.deliveries.push(() => {
      this.#isHanding = false;
      this.#made.shift();
      this.receive(step);
      this.#goOn();
    });
  }

  came(arrival: Http2Arrival): void {
    if (this.#call.left) this.#call.give([arrival]);
    else this.#here.push(arrival);
    this.#goOn();
    this.#gate.look();
  }

  leave(): void {
    this.#made.length = 0;
    this.#sending?.leave();
    this.#call.give(this.#here.splice(0));
    if (this.#key !== undefined) this.#gate.leave(this.#key);
  }

  isReady(step: ReceivedStep): boolean {
    // What ends with its connection.
    if (step.kind === 'end' && this.#endedBy() === 'connection') return true;
    const all = [step, ...(step.also ?? [])];
    const isAll = all[1]?.kind === 'end';
    for (const each of all) if (!this.#said.has(each) && this.#say(each, isAll)) this.#said.add(each);
    return all.every((each) => this.#has(each));
  }

  #endedBy(): 'server' | 'connection' {
    const { how, thrown } = this.#answer?.end ?? {};
    return how === 'complete' || thrown?.members?.[RST_CODE] !== undefined ? 'server' : 'connection';
  }

  #has(step: ReceivedStep): boolean {
    if (step.kind === 'head') return this.#here.some(({ kind }) => kind === 'head');
    if (step.kind === 'end') return this.#here.some(({ kind }) => kind === 'end' || kind === 'reset');
    const bytes = this.#here.reduce((sum, each) => sum + (each.kind === 'data' ? each.chunk.byteLength : 0), 0);
    return step.kind === 'piece' && bytes >= step.to - step.from;
  }

  /** `isAll`: the head is all of the answer. False: the server does not know of the request yet. */
  #say(step: ReceivedStep, isAll: boolean): boolean {
    const { id } = this.#call.stream;
    const stream = id === undefined ? undefined : this.#call.connection.standIn?.streamOf(id);
    if (stream === undefined) return false;
    const { status = 200, responseHeaders: headers, end, responseBody } = this.#answer!;
    internally(() => {
      if (step.kind === 'head') {
        const { trailers } = end ?? {};
        if (trailers !== undefined) stream.trail(trailers);
        stream.head({ status, headers, isAll, trails: trailers !== undefined });
      } else if (step.kind === 'piece') {
        this.#body ??= responseBody();
        stream.piece(this.#body?.subarray(step.from, step.to) ?? new Uint8Array());
      } else if (step.kind === 'end') stream.end(end?.thrown?.members?.[RST_CODE]);
    });
    return true;
  }

  receive(step: ReceivedStep): void {
    const all = [step, ...(step.also ?? [])];
    if (step.kind === 'end' && this.#endedBy() === 'connection') this.#break();
    else this.#call.give(all.flatMap((each) => this.#of(each)));
  }

  /** What has come of a step. */
  #of(step: ReceivedStep): Http2Arrival[] {
    if (step.kind === 'piece') return [{ kind: 'data', chunk: this.#take(step.to - step.from) }];
    const kinds = step.kind === 'head' ? ['head'] : ['end', 'reset'];
    return this.#here.splice(0, this.#here.findIndex(({ kind }) => kinds.includes(kind)) + 1);
  }

  /** So many bytes of those that have come. */
  #take(length: number): Uint8Array {
    const taken: Uint8Array[] = [];
    for (let left = length; left > 0;) {
      const index = this.#here.findIndex(({ kind }) => kind === 'data');
      const [arrival] = index < 0 ? [] : this.#here.splice(index, 1);
      if (arrival?.kind !== 'data') break;
      const { chunk } = arrival;
      taken.push(chunk.subarray(0, left));
      if (chunk.byteLength > left) this.#here.splice(index, 0, { kind: 'data', chunk: chunk.subarray(left) });
      left -= Math.min(left, chunk.byteLength);
    }
    return taken.length === 1 ? taken[0]! : Buffer.concat(taken);
  }

  /** The connection has not taken the stream with it, as it did. */
  #break(): void {
    const { thrown } = this.#answer?.end ?? {};
    this.#call.connection.break(() =>
      this.#call.stream.destroy(thrown === undefined ? undefined : (thrownAgain(thrown) as Error)),
    );
  }
}
