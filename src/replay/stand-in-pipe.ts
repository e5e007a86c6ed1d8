/** The handle of a pipe that leads nowhere: what a socket of Node's needs of one. */
import type { ChildPipe, PipeHandle } from './child-pipe.ts';

export class StandInPipe implements PipeHandle {
  readonly fd = -1;
  readonly writeQueueSize = 0;
  bytesRead = 0;
  bytesWritten = 0;
  reading = false;
  onread: unknown;
  /** Whose it is; known once the socket is there. */
  pipe: ChildPipe | undefined;

  readStart(): number {
    return 0;
  }

  readStop(): number {
    return 0;
  }

  close(then?: () => void): void {
    this.pipe?.closing(then);
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
