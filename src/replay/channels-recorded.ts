/** Channels while a program is recorded. */
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

/** Channels whose lines go to `write`; `asking` is told before one is opened by which a model may be asked. */
export function recordChannels(deliveries: Deliveries, write: WriteInput, asking: () => void): Channels {
  let opened = 0;
  const begin = ({ kind, what, at }: Opening): number | null => {
    const node = at ?? currentNode();
    if (node.internal) return null;
    if (kind === 'websocket') guard('replay.session', asking, undefined);
    const n = ++opened;
    const where = at === undefined ? callSite() : undefined;
    const lo = ++node.channels;
    tell(() => write({ k: 'channel', n, kind, what, lin: node.id, lo, ...(where !== undefined && { where }) }));
    return n;
  };
  const come = (n: number, { event, data, bytes }: Arrival, at?: { ord: number; sent: number }): void =>
    tell(() => {
      const place = at === undefined ? {} : { ord: at.ord, ...(at.sent > 0 && { sent: at.sent }) };
      write({ k: 'came', n, event, ...place, ...(data !== undefined && { data }) }, bytes);
    });
  return {
    real: true,
    open(opening, deliver) {
      const n = begin(opening);
      if (n === null) return null;
      let left = false;
      let sent = 0;
      return {
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
    refuse: () => {},
  };
}

const tell = (write: () => void): void => guard('replay.channel', write, undefined);
