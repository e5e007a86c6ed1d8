/** Something without content that the recording has the place of: that a socket was idle, that a body is wanted. In a replay it waits for the gate as a timer does. */
import { internally } from './lineage.ts';
import type { WaitingTimer } from './timers-replayed.ts';

export class RecordedSignal implements WaitingTimer {
  readonly lin: string;
  readonly count: number;
  readonly ms: number;
  isGone = false;
  readonly hand: () => void;

  constructor(lin: string, count: number, ms: number, give: () => void) {
    this.lin = lin;
    this.count = count;
    this.ms = ms;
    this.hand = give;
  }

  fires(): boolean {
    return !this.isGone;
  }

  release(): void {
    internally(() => setTimeout(() => this.fires() && this.hand(), Math.max(1, this.ms)).unref());
  }
}
