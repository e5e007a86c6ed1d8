/** Time comes in through this door. The functions are taken at load, so that an app's fake timers do not reach the recording. */
const now = performance.now.bind(performance);
const origin = performance.timeOrigin;

/** Monotonic microseconds since an arbitrary start. */
export function monotonicUs(): number {
  return Math.round(now() * 1000);
}

/** Microseconds since 1970-01-01 UTC at which `monotonicUs()` was 0. */
export function epochUs(): number {
  return Math.round(origin * 1000);
}

const wall = Date.now.bind(Date);

/** Milliseconds since 1970-01-01 UTC by the system's clock, which may jump: to compare with times that others wrote down, such as those of files and HTTP dates. */
export function wallMs(): number {
  return wall();
}
