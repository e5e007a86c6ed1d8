/** Requests of Node's HTTP client while a program is recorded. */
import type { Method } from '../patch/registry.ts';
import type { Deliveries } from './deliveries.ts';
import type { OpenBytes } from './exchange-owner.ts';
import { putHidden } from './hidden.ts';
import type { HttpForm } from './http-call.ts';
import type { FiredTimer } from './timers-recorded.ts';

/** `fired` is told of what the app waits for by the clock. */
export function recordHttp(deliveries: Deliveries, open: OpenBytes, fired: FiredTimer): HttpForm {
  return {
    open,
    connected(call, socket) {
      const emit = socket.emit.bind(socket) as Method;
      let isOver = false;
      // That it is idle comes in a turn of its own, as in a replay: what the app prints of its stack is the same then.
      const idle = (): boolean => {
        if (isOver || socket.destroyed) return false;
        fired({ k: 'timer', lin: call.placeOf('timeout').id, lo: call.timeouts++, ms: socket.timeout ?? 0 });
        return true;
      };
      const giveBack = putHidden(socket, 'emit', (...args: unknown[]) => {
        if (args[0] !== 'timeout') return Reflect.apply(emit, socket, args) as unknown;
        deliveries.push(() => call.hand(() => void Reflect.apply(emit, socket, args)), idle);
        return true;
      });
      return () => {
        isOver = true;
        giveBack();
      };
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
