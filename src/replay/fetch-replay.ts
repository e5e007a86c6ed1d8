/** Requests in a replay: answered from the recording, never sent. */
import type { OpenBytes } from './exchange-owner.ts';
import type { Fetcher } from './fetch-patch.ts';
import type { Gate, Receiver } from './gate.ts';
import { HandedAnswer } from './handed-answer.ts';
import type { RecordedAnswers } from './recorded-answers.ts';
import { hasBody } from './response-facts.ts';
import type { SentRequest } from './sent-request.ts';
import type { ReceivedStep, SourceRequest } from './source.ts';
import { thrownAgain } from './thrown.ts';

export interface FetchReplay {
  gate: Gate;
  answers: RecordedAnswers;
  open: OpenBytes;
}

/** Answers requests from the recording. */
export function replayFetches({ gate, answers, open }: FetchReplay): Fetcher {
  return (request, fetching) => {
    const recorded = answers.find({ ...request, lin: fetching.lin, lo: fetching.lo }, fetching.where);
    if (recorded === null) return;
    const { key } = recorded;
    const answer = new HandedAnswer({
      resolve: fetching.resolve,
      reject: fetching.reject,
      signal: request.signal,
      bytes: open(request, fetching),
      onLeft: () => gate.leave(key),
    });
    gate.addReceiver(key, new Replayed(recorded, answer, request));
  };
}

/** Hands the recorded answer over, step by step. */
class Replayed implements Receiver {
  readonly #request: SourceRequest;
  readonly #answer: HandedAnswer;
  readonly #sent: SentRequest;
  #body: Uint8Array | undefined;

  constructor(request: SourceRequest, answer: HandedAnswer, sent: SentRequest) {
    this.#request = request;
    this.#answer = answer;
    this.#sent = sent;
  }

  /** A request that was aborted fails when this run aborts it, and not before. */
  isReady(step: ReceivedStep): boolean {
    const isAbort = step.kind === 'end' && this.#request.exchange.end?.thrown?.aborted === true;
    return !isAbort || this.#sent.signal === undefined || this.#sent.signal.aborted;
  }

  receive(step: ReceivedStep): void {
    const { exchange } = this.#request;
    if (step.kind === 'head') {
      const { status = 0, statusText = '', responseHeaders: headers, answeredBy } = exchange;
      this.#body = exchange.responseBody();
      this.#answer.head(
        { status, statusText, headers, url: answeredBy ?? this.#sent.url, redirected: answeredBy !== undefined },
        hasBody(this.#sent.method, status),
      );
    } else if (step.kind === 'piece') this.#answer.piece(this.#body?.subarray(step.from, step.to) ?? new Uint8Array());
    else if (step.kind === 'end') this.#end();
  }

  #end(): void {
    const { end } = this.#request.exchange;
    if (end?.how === 'complete') {
      this.#answer.end();
      return;
    }
    const facts = end?.thrown ?? { name: 'TypeError', message: 'fetch failed' };
    this.#answer.fail(thrownAgain(facts, this.#sent.signal), facts);
  }
}
