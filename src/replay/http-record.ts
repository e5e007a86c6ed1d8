/** Requests of Node's HTTP client while a program is recorded. */
import type { Deliveries } from './deliveries.ts';
import type { OpenBytes } from './exchange-owner.ts';
import type { HttpForm } from './http-call.ts';
import type { FiredTimer } from './timers-recorded.ts';

/** `fired` is told of what the app waits for by the clock. */
export function recordHttp(deliveries: Deliveries, open: OpenBytes, fired: FiredTimer): HttpForm {
  return {
    open,
    connected(call, socket) {
      const idle = (): void =>
        fired({ k: 'timer', lin: call.placeOf('timeout').id, lo: call.timeouts++, ms: socket.timeout ?? 0 });
      // Before those of the app are told.
      socket.prependListener('timeout', idle);
      return () => socket.removeListener('timeout', idle);
    },
    sent: () => {},
    began: () => {},
    came: (call, hand) => (call.destroyed ? hand() : deliveries.push(hand)),
    continued(call) {
      fired({ k: 'timer', lin: call.placeOf('continue').id, lo: call.continues++ });
      return true;
    },
    left: () => {},
  };
}
