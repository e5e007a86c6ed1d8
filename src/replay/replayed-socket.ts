/** A connection to a server of the app's in a replay: a socket of Node's with nobody at its other end. */
import net from 'node:net';

/** Tells whether a write is taken at once; else the socket waits until `done` is called. */
export type TakeWrite = (done: (error?: Error | null) => void) => void;

export class ReplayedSocket extends net.Socket {
  readonly #take: TakeWrite;
  /** As a TLS socket says. */
  readonly encrypted?: true;

  constructor(client: { address?: string; port?: number; family?: string }, own: object, isEncrypted: boolean, take: TakeWrite) {
    super({ allowHalfOpen: true });
    this.#take = take;
    Object.assign(this, { _peername: client, _sockname: own });
    if (isEncrypted) Object.assign(this, { encrypted: true, authorized: false, getPeerCertificate: () => ({}) });
  }

  override _read(): void {}

  override _write(_chunk: unknown, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#take(done);
  }

  override _writev(_chunks: unknown[], done: (error?: Error | null) => void): void {
    this.#take(done);
  }

  override _final(done: (error?: Error | null) => void): void {
    done();
  }

  /** Time stands still, but for what the recording says. */
  // timer held: none is set
  override setTimeout(_ms: number, heard?: () => void): this {
    if (heard !== undefined) this.on('timeout', heard);
    return this;
  }
}
