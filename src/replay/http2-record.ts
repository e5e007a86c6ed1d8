/** HTTP/2 while a program is recorded: Node's own, and what comes is handed over in turns of its own. */
import type { Deliveries } from './deliveries.ts';
import type { OpenBytes } from './exchange-owner.ts';
import type { Http2Arrival, Http2Call } from './http2-call.ts';
import type { Http2Form } from './http2-form.ts';
import type { FiredTimer } from './timers-recorded.ts';

/** Hands over what comes of answers, each thing in a turn of its own; a head that is all of its answer together with the end. */
export function handingOver(deliveries: Deliveries): Http2Form['came'] {
  const heads = new WeakMap<Http2Call, Http2Arrival>();
  return (call, arrival) => {
    if (arrival.kind === 'head' && arrival.ends) {
      heads.set(call, arrival);
      return;
    }
    const head = heads.get(call);
    heads.delete(call);
    deliveries.push(() => call.give(head === undefined ? [arrival] : [head, arrival]));
  };
}

/** `fired` is told of what has a place in the order, and no content. */
export function recordHttp2(deliveries: Deliveries, open: OpenBytes, fired: FiredTimer): Http2Form {
  return {
    open,
    sent: () => {},
    began: () => {},
    came: handingOver(deliveries),
    own: (call, hand) => deliveries.push(hand, () => fired({ k: 'timer', lin: call.placeOf('left').id, lo: 0 })),
    left: () => {},
    watch: () => {},
    idle(idle) {
      const { timeout = 0 } = idle.target as { timeout?: number };
      fired({ k: 'timer', lin: idle.place.id, lo: idle.timeouts++, ms: timeout });
    },
    standIn: null,
    refuse: () => {},
  };
}
