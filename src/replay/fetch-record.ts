/** Requests while a program is recorded: sent over the network, and what comes back handed over in an order that the recording knows. */
import type { LoggedExchange } from '../recording/log-writer.ts';
import type { Deliveries } from './deliveries.ts';
import type { OpenBytes } from './exchange-owner.ts';
import type { Fetcher, Fetching } from './fetch-patch.ts';
import { HandedAnswer } from './handed-answer.ts';
import { hasBody } from './response-facts.ts';
import type { SentRequest } from './sent-request.ts';

/** Sends requests and records what comes back. */
export function recordFetches(deliveries: Deliveries, open: OpenBytes): Fetcher {
  return (request, fetching) => sendRequest(request, fetching, deliveries, open(request, fetching));
}

/** Sends one request, and tells `bytes` of what comes back before it is handed over. */
export function sendRequest(
  request: SentRequest,
  fetching: Fetching,
  deliveries: Deliveries,
  bytes: LoggedExchange | null,
): void {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  const answer = new HandedAnswer({
    resolve: fetching.resolve,
    reject: fetching.reject,
    signal: request.signal,
    bytes,
    // The network's own stream breaks off, which nobody waits for.
    onLeft: (reason) => void reader?.cancel(reason).catch(() => {}),
  });
  const fail = (error: unknown): void => deliveries.push(() => answer.fail(error));
  fetching
    .send(request)
    .then((response) => {
      const withBody = hasBody(request.method, response.status);
      reader = response.body?.getReader();
      deliveries.push(() => {
        const { status, statusText, headers, url, redirected } = response;
        answer.head({ status, statusText, headers, url, redirected }, withBody);
      });
      return reader === undefined ? deliveries.push(() => answer.end()) : pump(reader, deliveries, answer);
    })
    .catch(fail);
}

/** Reads the body as fast as it comes: how fast the app reads is no input of the app's. */
async function pump(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  deliveries: Deliveries,
  answer: HandedAnswer,
): Promise<void> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    deliveries.push(() => answer.piece(value));
  }
  deliveries.push(() => answer.end());
}
