/** The providers that are known: those of the table, and those that an app has registered. */
import type { Provider } from './provider.ts';
import { providers } from './table.ts';

type Listener = (provider: Provider) => void;

const REGISTERED = Symbol.for('hindcast.providers.v1');
/** Shared by every copy of this package in the process, as the hub is. */
const shared = ((globalThis as Record<symbol, unknown>)[REGISTERED] ??= { added: [], listeners: new Set() }) as {
  added: Provider[];
  listeners: Set<Listener>;
};

/** Every provider, those of an app last. */
export function listProviders(): readonly Provider[] {
  return [...providers, ...shared.added];
}

/**
 * Makes calls of another SDK recorded as well: those of every copy that is loaded or will be. May be called before or after `init()`; the same provider twice counts once.
 * Throws a TypeError for what is no provider, which is a mistake of the program that calls.
 */
export function registerProvider(provider: Provider): void {
  const { name, targets, operations, patch } = (provider ?? {}) as Partial<Provider>;
  const isProvider = typeof name === 'string' && Array.isArray(targets) && targets.length > 0 && Array.isArray(operations);
  if (!isProvider || typeof patch !== 'function') {
    throw new TypeError(
      'registerProvider() takes an instance of a subclass of BaseProvider, with `name`, `targets` (at least one) and `operations`',
    );
  }
  if (shared.added.includes(provider)) return;
  shared.added.push(provider);
  for (const listener of shared.listeners) listener(provider);
}

/** Tells `listener` of each provider that is registered from now on; returns what ends that. */
export function onRegister(listener: Listener): () => void {
  shared.listeners.add(listener);
  return () => shared.listeners.delete(listener);
}
