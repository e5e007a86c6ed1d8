/** Channels while a program is recorded. */
import { guard } from '../core/diagnostics.ts';
import type { CameLine, ChannelLine } from '../events/lines.ts';
import { nextDelivery } from '../recording/delivery-order.ts';
import { callSite } from './call-site.ts';
import type { Channels } from './channels.ts';
import type { Deliveries } from './deliveries.ts';
import { currentNode } from './lineage.ts';
import type { Arrival } from './source.ts';

/** Takes a line, and bytes that belong to it. */
export type WriteInput = (line: Written<ChannelLine> | Written<CameLine>, bytes?: Uint8Array) => void;
type Written<L> = Omit<L, 's' | 't'>;

/** Channels whose lines go to `write`. */
export function recordChannels(deliveries: Deliveries, write: WriteInput): Channels {
  let opened = 0;
  const begin = ({ kind, what }: { kind: string; what: unknown }): number | null => {
    const node = currentNode();
    if (node.internal) return null;
    const n = ++opened;
    const where = callSite();
    const lo = ++node.channels;
    tell(() => write({ k: 'channel', n, kind, what, lin: node.id, lo, ...(where !== undefined && { where }) }));
    return n;
  };
  const come = (n: number, { event, data, bytes }: Arrival, ord?: number): void =>
    tell(() => write({ k: 'came', n, event, ...(ord !== undefined && { ord }), ...(data !== undefined && { data }) }, bytes));
  return {
    real: true,
    open(opening, deliver) {
      const n = begin(opening);
      if (n === null) return null;
      let left = false;
      return {
        came: (arrival) =>
          deliveries.push(() => {
            if (left) return;
            come(n, arrival, nextDelivery());
            deliver(arrival);
          }),
        note: (arrival) => come(n, arrival),
        given: [],
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
