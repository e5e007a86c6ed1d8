/** Which session and which open event the current code runs in: what follows it through awaits, timers and streams. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { LiveEvent } from './live-event.ts';
import type { LiveSession } from './live-session.ts';

export interface Scope {
  readonly session: LiveSession;
  readonly event: LiveEvent | null;
}

/** The scope of the running code; undefined outside of every session and event. */
export const scopes = new AsyncLocalStorage<Scope>();

/** Set where nothing is recorded: in the app's own code that takes part in the export, which would otherwise export what it does. */
export const unrecorded = new AsyncLocalStorage<true>();

/** The innermost event of the scope that is still open. */
export function openEventOf(scope: Scope | undefined): LiveEvent | null {
  return openAtOrAbove(scope?.event ?? null);
}

/** `event`, or the nearest one around it that is still open. */
export function openAtOrAbove(event: LiveEvent | null): LiveEvent | null {
  let at = event;
  while (at !== null && at.ended) at = at.above;
  return at;
}
