/** Requests of npm undici in a replay: their handlers are told what the recording holds, or what an edit has the model say; or they are sent, as the course of the replay has it. */
import type { EditedAnswer } from '../providers/edited-answer.ts';
import { Delivery } from '../recording/delivery-order.ts';
import type { Answers } from './answers.ts';
import type { OpenBytes } from './exchange-owner.ts';
import type { Gate, Receiver } from './gate.ts';
import type { ReceivedStep, SourceRequest } from './source.ts';
import { thrownAgain } from './thrown.ts';
import { abortedRequest } from './undici-call.ts';
import type { UndiciCall } from './undici-call.ts';
import { sendUndici } from './undici-network.ts';
import type { UndiciForm } from './undici-patch.ts';

export interface UndiciReplay {
  gate: Gate;
  answers: Answers;
  open: OpenBytes;
  refuse(what: string): void;
}

/** Answers requests from the recording, and sends those that are to be sent. */
export function replayUndici({ gate, answers, open, refuse }: UndiciReplay): UndiciForm {
  return {
    open,
    refuse,
    send(call, asked, handler, dispatch) {
      const answer = answers.find({ ...asked, lin: call.lin, lo: call.lo }, call.where);
      if (answer === null) return true;
      if (answer.how === 'sent') {
        const { body } = answer.request;
        const changed = body === asked.body ? undefined : body;
        return sendUndici(call, handler, (told) => dispatch(told, changed), gate.deliveries);
      }
      const { key } = answer.request;
      const giving = answer.how === 'answered' ? new Made(call, answer.answer, gate) : new Replayed(answer.request, call);
      const ready = (): void => {
        if (giving instanceof Replayed) gate.addReceiver(key, giving);
        else giving.goOn();
      };
      call.sender = {
        abort: (reason) => call.fail(null, reason ?? abortedRequest()),
        resume: ready,
        left: () => gate.leave(key),
      };
      soon(call, () => {
        if (call.ended) return;
        call.start(null);
        if (giving instanceof Replayed) ready();
        else
          gate.begins(key, () => {
            answers.edited();
            giving.begin();
          });
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

/** Hands over what the model is made to have said. */
class Made {
  readonly #call: UndiciCall;
  readonly #gate: Gate;
  readonly #left: ((delivery: Delivery) => void)[];
  #hasBegun = false;
  #waits = false;

  constructor(call: UndiciCall, { status, headers, pieces }: EditedAnswer, gate: Gate) {
    this.#call = call;
    this.#gate = gate;
    this.#left = [
      (delivery) => call.head(delivery, { status, raw: rawOf(headers), statusText: 'OK' }),
      ...pieces.map((piece) => (delivery: Delivery) => call.piece(delivery, Buffer.from(piece))),
      (delivery) => call.end(delivery, []),
    ];
  }

  begin(): void {
    this.#hasBegun = true;
    this.goOn();
  }

  /** The next of it has a turn, unless the handler takes no more. */
  goOn(): void {
    if (!this.#hasBegun || this.#waits || this.#call.paused || this.#call.ended) return;
    this.#waits = true;
    this.#gate.deliveries.push(() => {
      this.#waits = false;
      if (!this.#call.paused) this.#left.shift()?.(new Delivery());
      this.goOn();
    });
  }
}

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
