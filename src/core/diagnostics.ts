/**
 * Faults of our own. A fault never reaches the host program: the call goes through, the fault is counted, and the first of each kind is told
 * once on stderr (or wherever `onFault` says).
 */

export interface Fault {
  /** Where in hindcast: `recording.append`, `patch.stream`, ... */
  site: string;
  error: unknown;
  count: number;
}

const faults = new Map<string, Fault>();
let listener: ((fault: Fault) => void) | null = null;

/** Told of the first fault of each site. */
export function onFault(listen: ((fault: Fault) => void) | null): void {
  listener = listen;
}

/** Every fault so far, one entry a site. */
export function listFaults(): Fault[] {
  return [...faults.values()];
}

/** Counts a fault. Never throws. */
export function reportFault(site: string, error: unknown): void {
  const known = faults.get(site);
  if (known) {
    known.count++;
    return;
  }
  const fault = { site, error, count: 1 };
  faults.set(site, fault);
  try {
    listener?.(fault);
  } catch {
    // The listener is ours too, and has no right to throw either.
  }
}

/** Runs `fn`; a throw is reported under `site` and becomes `fallback`. */
export function guard<T>(site: string, fn: () => T, fallback: T): T {
  try {
    return fn();
  } catch (error) {
    reportFault(site, error);
    return fallback;
  }
}
