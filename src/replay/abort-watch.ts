/** Told when a signal of the app's is aborted. However many wait, a signal has one listener of ours: Node warns of many. */

const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `aborted` once, unless what is returned was called before. */
export function onAbort(signal: AbortSignal | undefined, aborted: () => void): () => void {
  if (signal === undefined || signal.aborted) return () => {};
  let all = waiting.get(signal);
  if (all === undefined) {
    const told = (all = new Set<() => void>());
    waiting.set(signal, told);
    signal.addEventListener('abort', () => [...told].forEach((tell) => tell()), { once: true });
  }
  const those = all;
  those.add(aborted);
  return () => those.delete(aborted);
}
