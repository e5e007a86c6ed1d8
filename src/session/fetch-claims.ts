/**
 * The exchanges of one event that both an SDK's patch and the patch of `fetch` see. The bytes have one owner: the patch of `fetch`, where there is one, because it knows the order in
 * which the app is given them. Whichever of the two comes first, the other one finds the exchange by method and URL.
 */
import type { ExchangeRequest } from '../events/ports.ts';
import type { Asked, LoggedExchange } from '../recording/log-writer.ts';
import type { LiveExchange } from './live-exchange.ts';

/** Exchanges that wait for their other half; what nobody comes for is forgotten. */
const WAITING_MAX = 16;

export class FetchClaims {
  #opened: { key: string; exchange: LiveExchange }[] = [];
  #fetched: { key: string; bytes: LoggedExchange }[] = [];

  /** An SDK's patch has opened an exchange. */
  opened(request: ExchangeRequest, exchange: LiveExchange): void {
    if (this.#opened.length >= WAITING_MAX) this.#opened.shift();
    this.#opened.push({ key: keyOf(request), exchange });
  }

  /** The bytes of a request that `fetch` has sent already and an SDK's patch hears of only now. */
  takeFetched(request: ExchangeRequest): LoggedExchange | null {
    return take(this.#fetched, keyOf(request))?.bytes ?? null;
  }

  /** `fetch` sends a request: its bytes, which are an opened exchange's, or those that `make` begins. */
  fetched(request: ExchangeRequest, asked: Asked, make: () => LoggedExchange): LoggedExchange {
    const key = keyOf(request);
    const claimed = take(this.#opened, key)?.exchange.giveBytes() ?? null;
    if (claimed !== null) {
      claimed.ask(asked, request.body);
      return claimed;
    }
    const bytes = make();
    if (this.#fetched.length >= WAITING_MAX) this.#fetched.shift();
    this.#fetched.push({ key, bytes });
    return bytes;
  }
}

function take<T extends { key: string }>(from: T[], key: string): T | undefined {
  const index = from.findIndex((each) => each.key === key);
  return index < 0 ? undefined : from.splice(index, 1)[0];
}

function keyOf({ method, url }: ExchangeRequest): string {
  return `${method} ${URL.canParse(url) ? new URL(url).href : url}`;
}
