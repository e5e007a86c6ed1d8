/** Requests in a replay: answered from the recording, or sent, as its course has it. */
import type { LoggedExchange } from '../recording/log-writer.ts';
import type { EditedAnswer } from '../providers/edited-answer.ts';
import { onAbort } from './abort-watch.ts';
import type { Course } from './course.ts';
import type { Fetcher, Fetching } from './fetch-patch.ts';
import { marksOf } from './fork-marks.ts';
import { sendRequest } from './fetch-record.ts';
import type { OpenBytes } from './exchange-owner.ts';
import type { Gate, Receiver } from './gate.ts';
import { HandedAnswer } from './handed-answer.ts';
import { hasBody } from './response-facts.ts';
import type { SentRequest } from './sent-request.ts';
import type { ReceivedStep, SourceRequest } from './source.ts';
import { thrownAgain } from './thrown.ts';

export interface FetchReplay {
  gate: Gate;
  course: Course;
  open: OpenBytes;
  /** Whether the recording of this run is kept, and says where each answer came from. */
  marks: boolean;
}

/** Answers requests from the recording, and sends those that are to be sent. */
export function replayFetches(options: FetchReplay): Fetcher {
  const { gate, course, open } = options;
  return (request, fetching) => {
    const taken = course.take(request, fetching);
    if (taken.how === 'lost') return;
    const bytes = open(request, fetching, (options.marks && marksOf(request, taken)) || undefined);
    if (taken.how === 'sent') {
      sendRequest(taken.request, fetching, gate.deliveries, bytes);
      return;
    }
    const answering = { recorded: taken.request, request, fetching, bytes };
    if (taken.how === 'served') serve(gate, answering);
    else answer(options, answering, taken.answer);
  };
}

/** A request that is answered here, and what its answer is made of. */
interface Answering {
  recorded: SourceRequest;
  request: SentRequest;
  fetching: Fetching;
  bytes: LoggedExchange | null;
}

/** Hands the recorded answer over, step by step. */
function serve(gate: Gate, { recorded, request, fetching: { resolve, reject }, bytes }: Answering): void {
  const { key } = recorded;
  const { signal } = request;
  // What the app leaves early now, it may have waited for then.
  const forget = onAbort(signal, () => {
    if (!gate.isLoose) {
      gate.look();
      return;
    }
    handed.fail(signal?.reason);
    gate.leave(key);
  });
  const onLeft = (): void => gate.leave(key);
  const handed = new HandedAnswer({ resolve, reject, signal, bytes, onLeft, onEnded: forget });
  gate.addReceiver(key, new Replayed(recorded, handed, request));
}

/** Hands over what the model is made to have said, when its recorded answer would have begun. From there on the program goes its own way. */
function answer({ gate, course }: FetchReplay, { recorded, request, fetching, bytes }: Answering, made: EditedAnswer): void {
  const { key } = recorded;
  const { resolve, reject } = fetching;
  const { signal } = request;
  const forget = onAbort(signal, () => {
    handed.fail(signal?.reason);
    gate.leave(key);
  });
  const handed = new HandedAnswer({ resolve, reject, signal, bytes, onLeft: () => {}, onEnded: forget });
  gate.begins(key, () => {
    course.goLive();
    handOver(gate, handed, made, request);
  });
}

function handOver(
  gate: Gate,
  handed: HandedAnswer,
  { status, headers, pieces }: EditedAnswer,
  { method, url }: SentRequest,
): void {
  handed.head({ status, statusText: 'OK', headers, url, redirected: false }, hasBody(method, status));
  for (const piece of pieces) gate.deliveries.push(() => handed.piece(piece));
  gate.deliveries.push(() => handed.end());
}

class Replayed implements Receiver {
  readonly #request: SourceRequest;
  readonly #answer: HandedAnswer;
  readonly #sent: SentRequest;
  #body: Uint8Array | undefined;

  constructor(request: SourceRequest, handed: HandedAnswer, sent: SentRequest) {
    this.#request = request;
    this.#answer = handed;
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
