/** How sessions of several processes find each other: what this process was told by the one that started it, and what it tells those that it starts. */
import { hub } from '../events/ports.ts';
import { patchChildProcesses } from '../patch/child-processes.ts';
import { readTraceparent } from '../core/traceparent.ts';
import { CONTEXT_VARIABLES, readSessionId, writeEnv } from '../session/context-carrier.ts';
import type { SessionSettings, ToldSession } from '../session/live-session.ts';
import { whereabouts } from '../session/sessions.ts';
import type { Values } from './options.ts';

/** Every child process is told the session and the span that it is started in, unless the option `propagateContext` is off. Undone with every patch. */
export function tellChildren(): void {
  patchChildProcesses(CONTEXT_VARIABLES, () => {
    if (hub.recorder === null || !hub.propagates) return null;
    const where = whereabouts(false);
    return where === null ? null : { ...writeEnv(where) };
  });
}

/** Puts into the settings of a client which sessions begin and end by themselves, and what they belong to. */
export function applyOrigin(settings: SessionSettings, { session, autoStart, autoEnd }: Values): void {
  settings.autoStart = autoStart;
  settings.autoEnd = autoEnd;
  const { id, name } = session;
  const parent = readSessionId(session.parent);
  const within = readTraceparent(session.traceparent);
  const told: ToldSession = {
    ...(id !== undefined && { id }),
    ...(name !== undefined && { name }),
    ...(parent !== undefined && { parent }),
    ...(within !== undefined && { within }),
  };
  settings.told = told;
}
