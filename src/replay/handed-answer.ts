/** One answer on its way to the app: the same path while recording and in a replay, so that both make the same promises. What is handed over is told to the recording just before. */
import { guard } from '../core/diagnostics.ts';
import type { ThrownFacts } from '../events/lines.ts';
import { transportError } from '../patch/transport-error.ts';
import type { LoggedExchange } from '../recording/log-writer.ts';
import { internally } from './lineage.ts';
import { makeResponse } from './response-facts.ts';
import type { AnswerFacts } from './response-facts.ts';
import { thrownFacts } from './thrown.ts';

/** The promise that `fetch` gave, and who is told when its reader leaves. */
export interface AnswerTo {
  resolve(response: Response): void;
  reject(error: unknown): void;
  signal: AbortSignal | undefined;
  /** Null where nothing of this request is recorded. */
  bytes: LoggedExchange | null;
  /** The app wants no more of the body. */
  onLeft(reason: unknown): void;
  /** The answer is over, however. */
  onEnded?: () => void;
}

export class HandedAnswer {
  readonly #to: AnswerTo;
  #stream: ReadableByteStreamController | undefined;
  #ended = false;

  constructor(to: AnswerTo) {
    this.#to = to;
  }

  /** The head of the answer; without a body, it is all of it. */
  head(facts: AnswerFacts, withBody: boolean): void {
    const { status, statusText, headers, url, redirected } = facts;
    this.#tell((bytes) => bytes.head(status, headers, { ...(statusText !== '' && { statusText }), ...(redirected && { url }) }));
    this.#to.resolve(makeResponse(withBody ? this.#body() : null, facts));
  }

  #body(): ReadableStream<Uint8Array> {
    // Of bytes, as the body of an answer is: who reads it may bring a buffer of his own.
    return new ReadableStream({
      type: 'bytes',
      start: (controller) => {
        this.#stream = controller as ReadableByteStreamController;
      },
      cancel: (reason: unknown) => {
        if (this.#ended) return;
        this.#over();
        internally(() => {
          this.#tell((bytes) => bytes.end('cancelled'));
          this.#to.onLeft(reason);
        });
      },
    });
  }

  /** A piece of the body. */
  piece(bytes: Uint8Array): void {
    if (this.#ended) return;
    this.#tell((log) => log.chunk(bytes));
    // A copy: the app may change, or give away, what it gets.
    if (bytes.length > 0) this.#stream?.enqueue(new Uint8Array(bytes));
  }

  end(): void {
    if (this.#ended) return;
    this.#over();
    this.#tell((bytes) => bytes.end('complete'));
    this.#stream?.close();
    // Whoever waits with a buffer is told by it.
    this.#stream?.byobRequest?.respond(0);
  }

  /** No answer came, or it broke off. `facts` where it is known what of the error is kept. */
  fail(error: unknown, facts?: ThrownFacts): void {
    if (this.#ended) return;
    this.#over();
    this.#tell((bytes) => bytes.end('error', transportError(error), facts ?? thrownFacts(error, this.#to.signal)));
    if (this.#stream === undefined) this.#to.reject(error);
    else this.#stream.error(error);
  }

  #over(): void {
    this.#ended = true;
    this.#to.onEnded?.();
  }

  #tell(tell: (bytes: LoggedExchange) => void): void {
    const { bytes } = this.#to;
    if (bytes !== null) guard('replay.exchange', () => tell(bytes), undefined);
  }
}
