/** The handle of a child's pipe that leads nowhere. */
import type { ChildPipe, PipeHandle } from './child-pipe.ts';
import { StandInHandle } from './stand-in-handle.ts';

export class StandInPipe extends StandInHandle implements PipeHandle {
  /** Whose it is; known once the socket is there. */
  pipe: ChildPipe | undefined;

  override close(then?: () => void): void {
    this.pipe?.closing(then);
  }
}
