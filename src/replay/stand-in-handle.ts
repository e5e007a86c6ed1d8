/** One end of a connection. */
export interface ConnectionEnd {
  address?: string;
  family?: string;
  port?: number;
}

/** The handle of a connection that leads nowhere: what a socket of Node's, and one that speaks TLS, calls of it. */
export class StandInHandle {
  readonly fd = -1;
  readonly writeQueueSize = 0;
  bytesRead = 0;
  bytesWritten = 0;
  reading = false;
  onread: unknown;
  /** Known once it pretends to be connected. */
  peer: ConnectionEnd | undefined;
  local: ConnectionEnd | undefined;

  getpeername(to: object): number {
    Object.assign(to, this.peer);
    return 0;
  }

  getsockname(to: object): number {
    Object.assign(to, this.local);
    return 0;
  }

  readStart(): number {
    this.reading = true;
    return 0;
  }

  readStop(): number {
    this.reading = false;
    return 0;
  }

  /** Of TLS: begins its handshake. */
  start(): number {
    return 0;
  }

  setNoDelay(): number {
    return 0;
  }

  setKeepAlive(): number {
    return 0;
  }

  setServername(): void {
    // Nobody is told.
  }

  setSession(): void {
    // As above.
  }

  close(then?: () => void): void {
    if (then !== undefined) process.nextTick(then);
  }

  reset(then?: () => void): number {
    this.close(then);
    return 0;
  }

  ref(): void {
    // Nothing is held by it.
  }

  unref(): void {
    // As above.
  }

  hasRef(): boolean {
    return true;
  }
}
