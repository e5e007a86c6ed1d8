/** Requests of npm undici in a replay: none is sent, and their handlers are told what the recording holds. */
import { Delivery } from '../recording/delivery-order.ts';
import type { OpenBytes } from './exchange-owner.ts';
import type { Gate, Receiver } from './gate.ts';
import type { Answers } from './answers.ts';
import type { ReceivedStep, SourceRequest } from './source.ts';
import { thrownAgain } from './thrown.ts';
import { abortedRequest } from './undici-call.ts';
import type { UndiciCall } from './undici-call.ts';
import type { UndiciForm } from './undici-patch.ts';

export interface UndiciReplay {
  gate: Gate;
  answers: Answers;
  open: OpenBytes;
  refuse(what: string): void;
}

export function replayUndici({ gate, answers, open, refuse }: UndiciReplay): UndiciForm {
  return {
    open,
    refuse,
    send(call, asked) {
      const recorded = answers.served({ ...asked, lin: call.lin, lo: call.lo }, call.where);
      if (recorded === null) return true;
      const receiver = new Replayed(recorded, call);
      const ready = (): void => gate.addReceiver(recorded.key, receiver);
      call.sender = {
        abort: (reason) => call.fail(null, reason ?? abortedRequest()),
        resume: ready,
        left: () => gate.leave(recorded.key),
      };
      soon(call, () => {
        if (call.ended) return;
        call.start(null);
        ready();
      });
      return true;
    },
  };
}

/** Runs what nobody recorded, in a turn of its own: before anything recorded comes in, as an immediate of the app's would. */
function soon(call: UndiciCall, run: () => void): void {
  call.at('connection', () => setImmediate(() => call.apart(run)));
}

const ended = (): Error => Object.assign(new Error('other side closed'), { name: 'SocketError', code: 'UND_ERR_SOCKET' });

const rawOf = (pairs: readonly (readonly [string, string])[]): Buffer[] =>
  pairs.flat().map((each) => Buffer.from(each, 'latin1'));

class Replayed implements Receiver {
  readonly #recorded: SourceRequest;
  readonly #call: UndiciCall;
  #body: Uint8Array | undefined;
  /** What was to be handed over when the handler took no more. */
  #rest: ReceivedStep[] = [];

  constructor(recorded: SourceRequest, call: UndiciCall) {
    this.#recorded = recorded;
    this.#call = call;
  }

  isReady(): boolean {
    return !this.#call.paused;
  }

  receive(step: ReceivedStep): void {
    const delivery = new Delivery();
    this.#rest.push(step, ...(step.also ?? []));
    while (this.#rest.length > 0 && !this.#call.paused) this.#hand(this.#rest.shift()!, delivery);
  }

  #hand(step: ReceivedStep, delivery: Delivery): void {
    const { exchange } = this.#recorded;
    if (step.kind === 'head') {
      const { status = 0, statusText = '', responseHeaders } = exchange;
      this.#call.head(delivery, { status, raw: rawOf(responseHeaders), statusText });
    } else if (step.kind === 'piece') {
      this.#body ??= exchange.responseBody();
      this.#call.piece(delivery, Buffer.from(this.#body?.subarray(step.from, step.to) ?? []));
    } else if (exchange.end?.how === 'complete') this.#call.end(delivery, rawOf(exchange.end.trailers ?? []));
    else this.#call.fail(delivery, exchange.end?.thrown === undefined ? ended() : thrownAgain(exchange.end.thrown));
  }
}
