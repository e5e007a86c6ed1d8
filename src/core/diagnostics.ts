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

/** Things said of one process; an app that makes up a new word each time is not told of each. */
const NOTICES_MAX = 100;
const notices = new Set<string>();
let reader: ((text: string) => void) | null = null;

/** Told of each notice, and at once of those that came before there was anybody to tell. */
export function onNotice(listen: ((text: string) => void) | null): void {
  reader = listen;
  for (const text of notices) tell(text);
}

/** Says something that the app's author should know and that is no fault, once. Never throws. */
export function notice(text: string): void {
  if (notices.size >= NOTICES_MAX || notices.has(text)) return;
  notices.add(text);
  tell(text);
}

function tell(text: string): void {
  try {
    reader?.(text);
  } catch {
    // As with faults.
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
