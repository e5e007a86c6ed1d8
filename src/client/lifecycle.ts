/** Sees the process end, on every way out, and changes none of them: exit codes, signals and the app's own handlers stay as they are (docs/decisions/0006-session-ends.md). */
import { guard } from '../core/diagnostics.ts';
import { ownListeners } from '../core/own-listeners.ts';

export interface LifecycleListeners {
  /** The last code of the process, with the exit code as it stands. */
  onExit(code: number): void;
  /** Something was thrown or rejected and nobody caught it. The process may still go on, if the app handles that. */
  onUncaught(error: unknown, origin: string): void;
  /** The process is about to die of this signal. */
  onSignal(signal: NodeJS.Signals): void;
}

const SIGNALS: readonly NodeJS.Signals[] = process.platform === 'win32' ? ['SIGINT', 'SIGTERM'] : ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Starts to watch; returns what stops it and takes every listener away. */
export function watchProcess(listeners: LifecycleListeners): () => void {
  const onExit = (code: number): void => guard('client.exit', () => listeners.onExit(code), undefined);
  const onUncaught = (error: unknown, origin: string): void =>
    guard('client.uncaught', () => listeners.onUncaught(error, origin), undefined);
  process.on('exit', onExit);
  process.on('uncaughtExceptionMonitor', onUncaught);
  // In a worker no signal ever comes, and listening changes nothing; asking whether this is one would load `worker_threads`, which takes longer than all of `init()`.
  const stopSignals = watchSignals(listeners.onSignal);
  return () => {
    process.off('exit', onExit);
    process.off('uncaughtExceptionMonitor', onUncaught);
    stopSignals();
  };
}

/**
 * Listens for a signal only for as long as the app does not: then the signal's default action is what would have happened, and is what we let happen once we have
 * written the end. As soon as the app listens, ours goes, so that whoever counts listeners (signal-exit does) counts as without us.
 */
function watchSignals(onSignal: (signal: NodeJS.Signals) => void): () => void {
  const ours = new Map<string, () => void>();
  let stopped = false;

  const listen = (signal: NodeJS.Signals): void => {
    if (stopped || ours.has(signal) || process.listenerCount(signal) > 0) return;
    const listener = (): void => {
      // The app's listener may have come in this very turn.
      if (process.listenerCount(signal) > 1) return;
      guard('client.signal', () => onSignal(signal), undefined);
      leave(signal);
      process.kill(process.pid, signal);
    };
    ours.set(signal, listener);
    ownListeners.add(listener);
    process.on(signal, listener);
  };
  const leave = (signal: string): void => {
    const listener = ours.get(signal);
    ours.delete(signal);
    if (listener) process.off(signal, listener);
  };
  // Both wait until the change is made: a signal's handle is opened with the first listener and closed with the last one.
  const onAdded = (name: string | symbol): void => {
    if (typeof name !== 'string' || !ours.has(name)) return;
    queueMicrotask(() => {
      if (process.listenerCount(name) > 1) leave(name);
    });
  };
  const onRemoved = (name: string | symbol): void => {
    const signal = SIGNALS.find((known) => known === name);
    if (signal && !ours.has(signal)) queueMicrotask(() => listen(signal));
  };

  for (const signal of SIGNALS) listen(signal);
  process.on('newListener', onAdded);
  process.on('removeListener', onRemoved);
  return () => {
    stopped = true;
    process.off('newListener', onAdded);
    process.off('removeListener', onRemoved);
    for (const signal of [...ours.keys()]) leave(signal);
  };
}
