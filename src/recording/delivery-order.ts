/** The order in which a process is given heads, pieces, ends and timers, over all its sessions. */
let deliveries = 0;

/** The next place in it. */
export function nextDelivery(): number {
  return ++deliveries;
}
