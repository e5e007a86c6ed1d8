/** HTTP/2 in a replay: connections lead to a server in this process, which says what the recording holds; Node's own client reads it. */
import type { EventEmitter } from 'node:events';
import { setOwn } from '../patch/own-member.ts';
import type { Method } from '../patch/registry.ts';
import type { OpenBytes } from './exchange-owner.ts';
import type { Gate, Receiver } from './gate.ts';
import { RST_CODE } from './http2-call.ts';
import type { Http2Arrival, Http2Call } from './http2-call.ts';
import type { Http2Form, Http2Idle } from './http2-form.ts';
import { Http2StandIn } from './http2-stand-in.ts';
import { internally } from './lineage.ts';
import type { Answers } from './answers.ts';
import { RecordedSignal } from './recorded-signal.ts';
import type { ReceivedStep, SourceRequest } from './source.ts';
import { thrownAgain } from './thrown.ts';

export interface Http2Replay {
  gate: Gate;
  answers: Answers;
  open: OpenBytes;
  refuse(what: string): void;
}

export function replayHttp2({ gate, answers, open, refuse }: Http2Replay): Http2Form {
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
      if (!replayed.isMatched) replayed.match(answers.served({ ...asked, lin: call.lin, lo: call.lo }, call.where));
    },
    began(call) {
      const replayed = of(call);
      if (!replayed.isMatched) replayed.match(answers.findEarly({ ...call.asked(), lin: call.lin, lo: call.lo }));
    },
    came: (call, arrival) => of(call).came(arrival),
    own: (call, hand) => gate.addTimer(new RecordedSignal(call.placeOf('left').id, 0, -1, hand)),
    left: (call) => of(call).leave(),
    watch: (idle) => standStill(idle, gate),
    idle: () => {},
    standIn: (secure, port) => new Http2StandIn(secure, port, () => gate.look()),
    refuse,
  };
}

/** Time stands still, but for what the recording says. */
function standStill(idle: Http2Idle, gate: Gate): void {
  const { target, place } = idle;
  let signal: RecordedSignal | undefined;
  const watch = (ms: number): void => {
    if (signal !== undefined) signal.isGone = true;
    if (ms <= 0) return;
    signal = new RecordedSignal(place.id, idle.timeouts, ms, () => {
      idle.timeouts++;
      watch(ms);
      idle.run(() => void target.emit('timeout'));
    });
    gate.addTimer(signal);
  };
  setOwn(target, 'setTimeout', function (this: EventEmitter & { destroyed: boolean }, ms: number, callback?: Method) {
    if (this.destroyed) return this;
    Object.assign(this, { timeout: ms });
    if (callback !== undefined && ms > 0) this.once('timeout', callback);
    else if (callback !== undefined) this.removeListener('timeout', callback);
    watch(ms);
    return this;
  });
}

/** Has the server say the recorded answer, step by step, and hands over what Node's client makes of it. */
class Replayed implements Receiver {
  readonly #call: Http2Call;
  readonly #gate: Gate;
  #recorded: SourceRequest | null = null;
  #body: Uint8Array | undefined;
  /** What has come of the answer, and has not had its turn. */
  readonly #here: Http2Arrival[] = [];
  /** What the server has said. */
  readonly #said = new Set<ReceivedStep>();

  constructor(call: Http2Call, gate: Gate) {
    this.#call = call;
    this.#gate = gate;
  }

  get isMatched(): boolean {
    return this.#recorded !== null;
  }

  match(recorded: SourceRequest | null): void {
    if (recorded === null) return;
    this.#recorded = recorded;
    this.#gate.addReceiver(recorded.key, this);
  }

  came(arrival: Http2Arrival): void {
    if (this.#call.left) this.#call.give([arrival]);
    else this.#here.push(arrival);
    this.#gate.look();
  }

  leave(): void {
    this.#call.give(this.#here.splice(0));
    if (this.#recorded !== null) this.#gate.leave(this.#recorded.key);
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
    const { how, thrown } = this.#recorded?.exchange.end ?? {};
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
    const { exchange } = this.#recorded!;
    internally(() => {
      if (step.kind === 'head') stream.head(exchange, isAll);
      else if (step.kind === 'piece') {
        this.#body ??= exchange.responseBody();
        stream.piece(this.#body?.subarray(step.from, step.to) ?? new Uint8Array());
      } else if (step.kind === 'end') stream.end(exchange.end?.thrown?.members?.[RST_CODE]);
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
    const { thrown } = this.#recorded?.exchange.end ?? {};
    this.#call.connection.break(() =>
      this.#call.stream.destroy(thrown === undefined ? undefined : (thrownAgain(thrown) as Error)),
    );
  }
}
