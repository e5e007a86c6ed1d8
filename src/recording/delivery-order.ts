/** The order in which the process is given heads, pieces, ends and timers: one for all its sessions, because what one is given may decide what another asks for. */
let deliveries = 0;

/** The next place in it. */
export function nextDelivery(): number {
  return ++deliveries;
}
