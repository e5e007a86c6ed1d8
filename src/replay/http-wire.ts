/** HTTP/1.1 as it is on the wire: a recorded answer is written for Node's own parser, which reads it as it read the real one. */
import type { ClientRequest } from 'node:http';

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
  return headerLines(head.slice(head.indexOf('\r\n')));
}

/** Names and values in lines of a head, or of trailers. */
export function headerLines(text: string): [string, string][] {
  return text.split('\r\n').flatMap((each): [string, string][] => {
    const colon = each.indexOf(':');
    return colon > 0 ? [[each.slice(0, colon), each.slice(colon + 1).trim()]] : [];
  });
}

const line = (pairs: readonly (readonly [string, string])[]): string =>
  pairs.map(([name, value]) => `${name}: ${value}\r\n`).join('');

/** What is said in the head of an answer; `method`: of its request. */
export interface WireHead {
  method: string;
  status?: number;
  statusText?: string;
  /** `1.1` unless said. */
  version?: string;
  responseHeaders: readonly (readonly [string, string])[];
}

/** Writes one answer. */
export class WireAnswer {
  readonly #head: WireHead;
  readonly #chunked: boolean;
  readonly #counted: boolean;

  constructor(head: WireHead) {
    this.#head = head;
    const has = (name: string, pattern: RegExp): boolean =>
      head.responseHeaders.some(([key, value]) => key.toLowerCase() === name && pattern.test(value));
    this.#chunked = has('transfer-encoding', /chunked\s*$/i);
    this.#counted = has('content-length', /^\d+$/);
  }

  /** Whether its end is that of the connection. */
  get endsWithConnection(): boolean {
    const { status = 0 } = this.#head;
    return !this.#chunked && !this.#counted && this.#head.method !== 'HEAD' && status !== 204 && status !== 304;
  }

  head(): Buffer {
    const { status = 200, statusText = '', version = '1.1', responseHeaders } = this.#head;
    return Buffer.from(`HTTP/${version} ${status} ${statusText}\r\n${line(responseHeaders)}\r\n`, 'latin1');
  }

  piece(bytes: Uint8Array): Buffer {
    if (!this.#chunked) return Buffer.from(bytes);
    return Buffer.concat([Buffer.from(`${bytes.byteLength.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
  }

  /** What ends the body on the wire. */
  end(trailers: readonly (readonly [string, string])[] = []): Buffer {
    const { method, status } = this.#head;
    const isEmpty = method === 'HEAD' || status === 204 || status === 304;
    return Buffer.from(this.#chunked && !isEmpty ? `0\r\n${line(trailers)}\r\n` : '', 'latin1');
  }
}
