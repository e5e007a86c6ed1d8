/** `init()`: the one line. Starts the one client of the process, or changes it. */
import { reportFault } from '../core/diagnostics.ts';
import { currentSession } from '../session/sessions.ts';
import type { Session } from '../session/sessions.ts';
import { RunningClient } from './client.ts';
import type { Options } from './options.ts';
import { recordMode, resolveOptions } from './resolve.ts';
import { say } from './stderr.ts';

/** What `init()` returns. */
export interface Client {
  /** The session that the running code's calls go to. */
  readonly session: Session;
  /** Sends what waits for export; true when nothing waits any more. Resolves within `timeoutMs`, never rejects. */
  flush(timeoutMs?: number): Promise<boolean>;
  /** Ends every session, sends what waits and takes every patch out. Resolves in bounded time, never rejects; `init()` may be called again after it. */
  shutdown(timeoutMs?: number): Promise<void>;
}

/** How long `shutdown()` waits for the export when it is not told. */
const SHUTDOWN_MS = 5_000;

const SLOT = Symbol.for('hindcast.client.v1');
/** The one client of the process. On a symbol, so that a second copy of this package finds it, and patches nothing twice. */
const slot = ((globalThis as Record<symbol, unknown>)[SLOT] ??= { client: null }) as { client: RunningClient | null };

const face: Client = {
  get session() {
    return slot.client?.session ?? currentSession();
  },
  flush,
  shutdown,
};

/** Records this process from here on. Synchronous; never throws; a second call changes the options of the first. */
export function init(options: Options = {}): Client {
  return begin(options, true);
}

/** `init()` for a program that does not know of us: says nothing until there is something to record, because the program may call `init()` itself. */
export function initQuietly(): Client {
  return begin({}, false);
}

function begin(options: Options, announce: boolean): Client {
  try {
    const running = slot.client;
    const given = running === null ? options : { ...running.given, ...options };
    const resolved = resolveOptions(given);
    if (running !== null) {
      if (announce) running.change(given, resolved);
      return face;
    }
    if (!resolved.values.enabled || recordMode(resolved.values, process.env) === 'off') {
      if (resolved.values.logLevel !== 'off') for (const problem of resolved.problems) say(problem);
      return face;
    }
    slot.client = new RunningClient(given, resolved);
    if (announce) slot.client.announce();
  } catch (error) {
    reportFault('client.init', error);
  }
  return face;
}

/** Sends what waits for export; true when nothing waits any more. Resolves within `timeoutMs`, never rejects. */
export async function flush(timeoutMs?: number): Promise<boolean> {
  try {
    return (await slot.client?.flush(timeoutMs)) ?? true;
  } catch (error) {
    reportFault('client.flush', error);
    return false;
  }
}

/** Stops the client: sessions end, what waits is sent, patches and listeners go. Resolves in bounded time, never rejects. */
export async function shutdown(timeoutMs: number = SHUTDOWN_MS): Promise<void> {
  const { client } = slot;
  if (client === null) return;
  try {
    await client.shutdown(timeoutMs);
  } catch (error) {
    reportFault('client.shutdown', error);
  } finally {
    if (slot.client === client) slot.client = null;
  }
}
