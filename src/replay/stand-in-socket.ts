/** A socket that is connected to nothing: what is written to it goes nowhere, and what comes out of it is put there. */
import { isIP, Socket } from 'node:net';

/** What the socket pretends to be connected to. */
export interface StandInTarget {
  host?: unknown;
  port?: unknown;
  /** Milliseconds. */
  timeout?: unknown;
  /** With TLS. */
  secure: boolean;
}

/** What is there of a socket with TLS. */
export const SECURE = {
  encrypted: true,
  authorized: true,
  authorizationError: null,
  alpnProtocol: false,
  getPeerCertificate: () => ({}),
  getCertificate: () => ({}),
  getCipher: () => ({ name: 'TLS_AES_256_GCM_SHA384', standardName: 'TLS_AES_256_GCM_SHA384', version: 'TLSv1.3' }),
  getProtocol: () => 'TLSv1.3',
  getSession: () => undefined,
  isSessionReused: () => false,
};

export class StandInSocket extends Socket {
  /** Told of the milliseconds for which the socket may be idle, whenever they are set; 0: for ever. */
  onTimeout: ((ms: number) => void) | undefined;
  readonly #secure: boolean;

  constructor({ host, port, timeout, secure }: StandInTarget) {
    super();
    this.#secure = secure;
    const address = typeof host === 'string' && isIP(host) > 0 ? host : '127.0.0.1';
    const peer = { address, family: isIP(address) === 6 ? 'IPv6' : 'IPv4', port: Number(port) };
    Object.assign(this, { connecting: true, ...(secure && SECURE) });
    Object.defineProperty(this, '_peername', { value: peer, configurable: true, writable: true });
    if (typeof timeout === 'number' && timeout > 0) Object.assign(this, { timeout });
  }

  /** Says that the connection is there. */
  connected(): void {
    if (!this.connecting || this.destroyed) return;
    Object.assign(this, { connecting: false });
    this.emit('connect');
    this.emit('ready');
    if (this.#secure) this.emit('secureConnect');
  }

  /** Time stands still, but for what the recording says. */
  // timer held: none is set
  override setTimeout(ms: number, callback?: () => void): this {
    Object.assign(this, { timeout: ms });
    if (callback !== undefined && ms > 0) this.once('timeout', callback);
    else if (callback !== undefined) this.removeListener('timeout', callback);
    this.onTimeout?.(ms);
    return this;
  }

  override ref(): this {
    return this;
  }

  override unref(): this {
    return this;
  }

  override _read(): void {}

  override _write(_chunk: unknown, _encoding: unknown, done: () => void): void {
    this.#whenConnected(done);
  }

  override _writev(_chunks: unknown, done: () => void): void {
    this.#whenConnected(done);
  }

  override _final(done: () => void): void {
    this.#whenConnected(done);
  }

  #whenConnected(done: () => void): void {
    if (this.connecting) this.once('connect', () => done());
    else done();
  }
}
