/** Requests of npm undici while a program is recorded. */
import type { Deliveries } from './deliveries.ts';
import type { OpenBytes } from './exchange-owner.ts';
import { sendUndici } from './undici-network.ts';
import type { UndiciForm } from './undici-patch.ts';

export function recordUndici(deliveries: Deliveries, open: OpenBytes): UndiciForm {
  return {
    open,
    refuse: () => {},
    send: (call, _asked, handler, dispatch) => sendUndici(call, handler, dispatch, deliveries),
  };
}
