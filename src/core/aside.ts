/**
 * What hindcast does for itself in the middle of the app's code. Where a runtime follows the app's promises and timers, to know a place in the program again, ours must not be among
 * them; everywhere else this is a plain call.
 */
let keepApart: (<T>(fn: () => T) => T) | null = null;

/** Says how `aside` runs things; null: as they are. */
export function setAside(apart: (<T>(fn: () => T) => T) | null): void {
  keepApart = apart;
}

/** Runs `fn`, and what it schedules, as none of the app's. */
export function aside<T>(fn: () => T): T {
  return keepApart === null ? fn() : keepApart(fn);
}
