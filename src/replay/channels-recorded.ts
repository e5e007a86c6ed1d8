/** Channels of what is real: while a program is recorded, and in a replay where it goes its own way. */
import { guard } from '../core/diagnostics.ts';
import type { CameLine, ChannelLine, WentLine } from '../events/lines.ts';
import { nextDelivery } from '../recording/delivery-order.ts';
import { callSite } from './call-site.ts';
import type { Channels, Opening } from './channels.ts';
import type { Deliveries } from './deliveries.ts';
import { currentNode } from './lineage.ts';
import type { Arrival } from './source.ts';

/** Takes a line, and bytes that belong to it. */
export type WriteInput = (line: Written<ChannelLine> | Written<CameLine> | Written<WentLine>, bytes?: Uint8Array) => void;
type Written<L> = Omit<L, 's' | 't'>;

export interface ChannelRecording {
  deliveries: Deliveries;
  write: WriteInput;
  /** Is told before a channel is opened by which a model may be asked. */
  asking: () => void;
  /** The number of the next channel of the process. */
  next?: () => number;
  /** Whether who looked for the opening in a recording has counted it among those of its place. */
  isCounted?: boolean;
}

/** Channels whose lines go to `write`. */
export function recordChannels({ deliveries, write, asking, next = counter(), isCounted = false }: ChannelRecording): Channels {
  const begin = ({ kind, what, at }: Opening): number | null => {
    const node = at ?? currentNode();
    if (node.internal) return null;
    if (kind === 'websocket') guard('replay.session', asking, undefined);
    const n = next();
    const where = at === undefined ? callSite() : undefined;
    const lo = isCounted ? node.channels : ++node.channels;
    tell(() => write({ k: 'channel', n, kind, what, lin: node.id, lo, ...(where !== undefined && { where }) }));
    return n;
  };
  const come = (n: number, { event, data, bytes }: Arrival, at?: { ord: number; sent: number }): void =>
    tell(() => {
      const place = at === undefined ? {} : { ord: at.ord, ...(at.sent > 0 && { sent: at.sent }) };
      write({ k: 'came', n, event, ...place, ...(data !== undefined && { data }) }, bytes);
    });
  const channels: Channels = {
    real: true,
    open(opening, deliver) {
      const n = begin(opening);
      if (n === null) return null;
      let left = false;
      let sent = 0;
      return {
        real: true,
        given: [],
        came: (arrival, wanted) =>
          deliveries.push(() => {
            if (left || wanted?.() === false) return;
            come(n, arrival, { ord: nextDelivery(), sent });
            deliver(arrival);
          }),
        note: (arrival) => come(n, arrival),
        went: (event, bytes) => {
          sent += bytes.length;
          tell(() => write({ k: 'went', n, event }, bytes));
        },
        ready: () => {},
        ending: () => {},
        goOn: () => {},
        owes: () => true,
        leave: () => {
          left = true;
        },
      };
    },
    ask(opening, real) {
      const n = begin(opening);
      const given = real();
      if (n !== null) come(n, given);
      return given;
    },
    refuse: () => channels,
  };
  return channels;
}

/** 1, 2, 3, ... */
function counter(): () => number {
  let last = 0;
  return () => ++last;
}

const tell = (write: () => void): void => guard('replay.channel', write, undefined);
