/** HTTP/1.1 as it is on the wire: a recorded answer is written for Node's own parser, which reads it as it read the real one. */
import type { ClientRequest } from 'node:http';
import type { Exchange } from '../recording/recording.ts';

/** Names and values by turns, as pairs. */
export function pairsOf(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) pairs.push([raw[index]!, raw[index + 1]!]);
  return pairs;
}

/** The headers of a request: as they were sent, else as they are set. */
export function sentHeaders(request: ClientRequest): [string, string][] {
  const { _header: head } = request as { _header?: unknown };
  if (typeof head !== 'string')
    return request
      .getRawHeaderNames()
      .flatMap((name) => [request.getHeader(name) ?? []].flat().map((value): [string, string] => [name, String(value)]));
  return head
    .split('\r\n')
    .slice(1)
    .flatMap((line): [string, string][] => {
      const colon = line.indexOf(':');
      return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1).trim()]] : [];
    });
}

const line = (pairs: readonly (readonly [string, string])[]): string =>
  pairs.map(([name, value]) => `${name}: ${value}\r\n`).join('');

/** Writes one answer. */
export class WireAnswer {
  readonly #exchange: Exchange;
  readonly #chunked: boolean;
  readonly #counted: boolean;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    const has = (name: string, pattern: RegExp): boolean =>
      exchange.responseHeaders.some(([key, value]) => key.toLowerCase() === name && pattern.test(value));
    this.#chunked = has('transfer-encoding', /chunked\s*$/i);
    this.#counted = has('content-length', /^\d+$/);
  }

  /** Whether its end is that of the connection. */
  get endsWithConnection(): boolean {
    const { status = 0 } = this.#exchange;
    return !this.#chunked && !this.#counted && this.#exchange.method !== 'HEAD' && status !== 204 && status !== 304;
  }

  head(): Buffer {
    const { status = 200, statusText = '', version = '1.1', responseHeaders } = this.#exchange;
    return Buffer.from(`HTTP/${version} ${status} ${statusText}\r\n${line(responseHeaders)}\r\n`, 'latin1');
  }

  piece(bytes: Uint8Array): Buffer {
    if (!this.#chunked) return Buffer.from(bytes);
    return Buffer.concat([Buffer.from(`${bytes.byteLength.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
  }

  /** What ends the body on the wire. */
  end(): Buffer {
    const { method, status, end } = this.#exchange;
    const isEmpty = method === 'HEAD' || status === 204 || status === 304;
    return Buffer.from(this.#chunked && !isEmpty ? `0\r\n${line(end?.trailers ?? [])}\r\n` : '', 'latin1');
  }
}
