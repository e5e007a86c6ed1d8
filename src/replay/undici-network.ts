/** A request of npm undici that goes over the network: what comes back is handed to its handler in turns of its own. */
import { Delivery } from '../recording/delivery-order.ts';
import type { Deliveries } from './deliveries.ts';
import { abortedRequest } from './undici-call.ts';
import type { UndiciCall } from './undici-call.ts';
import { handlerFor } from './undici-handler.ts';
import type { UndiciControl, UndiciHead, UndiciNetwork } from './undici-handler.ts';

/** Of what waits for its turn, the network gives no more than this. */
const WAITING_BYTES_MAX = 256 * 1024;

/** Has `dispatch` send the request of `call`, whose answer is for `handler`. Returns what `dispatch` does. */
export function sendUndici(
  call: UndiciCall,
  handler: object,
  dispatch: (handler: object) => unknown,
  deliveries: Deliveries,
): unknown {
  const network = new Network(call, deliveries);
  const given = dispatch(handlerFor(handler, network));
  network.isSent = true;
  return given;
}

class Network implements UndiciNetwork {
  readonly #call: UndiciCall;
  readonly #deliveries: Deliveries;
  /** What has come and was not handed over, by reads of the network: each is one turn. */
  readonly #reads: ((delivery: Delivery) => void)[][] = [];
  #reading: ((delivery: Delivery) => void)[] | undefined;
  #waitingBytes = 0;
  #control: UndiciControl | undefined;
  #isStopped = false;
  /** What fails before is the app's mistake. */
  isSent = false;

  constructor(call: UndiciCall, deliveries: Deliveries) {
    this.#call = call;
    this.#deliveries = deliveries;
  }

  started(control: UndiciControl, context: unknown): void {
    this.#control = control;
    this.#call.sender = {
      abort: (reason) => {
        control.abort(reason);
        // The network may have given everything already, and then says nothing of it.
        this.#call.fail(null, reason ?? abortedRequest());
      },
      resume: () => this.#deliveries.push(() => this.#turn()),
      left: () => {},
    };
    this.#call.start(context);
  }

  headed(head: UndiciHead): boolean {
    return this.#came((delivery) => this.#call.head(delivery, head));
  }

  pieced(bytes: Buffer): boolean {
    this.#waitingBytes += bytes.byteLength;
    return this.#came((delivery) => {
      this.#waitingBytes -= bytes.byteLength;
      this.#call.piece(delivery, bytes);
    });
  }

  ended(trailers: Buffer[]): void {
    this.#came((delivery) => this.#call.end(delivery, trailers));
  }

  failed(error: unknown): void {
    // The app's own doing comes when it comes.
    if (!this.isSent || this.#call.aborted) this.#call.fail(null, error);
    else this.#came((delivery) => this.#call.fail(delivery, error));
  }

  /** Whether more may come. */
  #came(hand: (delivery: Delivery) => void): boolean {
    if (this.#reading === undefined) {
      this.#reads.push((this.#reading = []));
      this.#deliveries.push(() => this.#turn());
      // Whatever else this read brings comes before this.
      process.nextTick(() => (this.#reading = undefined));
    }
    this.#reading.push(hand);
    this.#isStopped = this.#waitingBytes > WAITING_BYTES_MAX;
    return !this.#isStopped;
  }

  /** What is to be handed over next of the read whose turn it is, unless the handler takes no more. */
  #next(): ((delivery: Delivery) => void) | undefined {
    return this.#call.paused ? undefined : this.#reads[0]?.shift();
  }

  #turn(): void {
    const [read] = this.#reads;
    const delivery = new Delivery();
    for (let next = this.#next(); next !== undefined; next = this.#next()) next(delivery);
    if (read?.length === 0) this.#reads.shift();
    if (!this.#isStopped || this.#waitingBytes > WAITING_BYTES_MAX / 2) return;
    this.#isStopped = false;
    this.#control?.resume();
  }
}
