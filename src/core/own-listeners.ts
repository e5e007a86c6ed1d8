/** Listeners of events of the process that are ours: whoever asks whether the app listens must not count them. */
export const ownListeners = new WeakSet<object>();
