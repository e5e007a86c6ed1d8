/** The order in which a process is given heads, pieces, ends and timers, over all its sessions. */
let deliveries = 0;
let during: Delivery | null = null;

/** One turn in which several things are handed over: all of them have its place. */
export class Delivery {
  #ord: number | undefined;

  /** Runs `tell`, which asks for the place of what is handed over. */
  run<T>(tell: () => T): T {
    return inDelivery(this, tell);
  }

  /** Its place, once somebody asks. */
  get ord(): number {
    return (this.#ord ??= ++deliveries);
  }
}

function inDelivery<T>(delivery: Delivery, tell: () => T): T {
  const before = during;
  during = delivery;
  try {
    return tell();
  } finally {
    during = before;
  }
}

/** The place of what was handed over last. */
export function lastDelivery(): number {
  return deliveries;
}

/** The next place in it. */
export function nextDelivery(): number {
  return during === null ? ++deliveries : during.ord;
}
