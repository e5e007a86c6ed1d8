/** `init()`: the one line. Starts the one client of the process, or changes it. */
import { aside } from '../core/aside.ts';
import { guard, reportFault } from '../core/diagnostics.ts';
import { currentSession } from '../session/sessions.ts';
import type { Session } from '../session/sessions.ts';
import { refuseAll } from './changes.ts';
import type { Configured } from './changes.ts';
import { RunningClient } from './client.ts';
import { createClient as create } from './isolated.ts';
import type { IsolatedClient } from './isolated.ts';
import type { Options } from './options.ts';
import { forReplay, startRuntime } from './replayable.ts';
import { implicit } from './residents.ts';
import { recordMode, resolveOptions } from './resolve.ts';
import { Voice } from './voice.ts';

/** What `init()` returns. */
export interface Client {
  /** The session that the running code's calls go to. */
  readonly session: Session;
  /** Sends what waits for export; true when nothing waits any more. Resolves within `timeoutMs`, never rejects. */
  flush(timeoutMs?: number): Promise<boolean>;
  /** Ends every session, sends what waits and takes every patch out. Resolves in bounded time, never rejects; `init()` may be called again after it. */
  shutdown(timeoutMs?: number): Promise<void>;
  /** Changes options while it runs, and says which could not be changed and why. Never throws. */
  configure(options: Options): Configured;
}

/** How long `shutdown()` waits for the export when it is not told. */
const SHUTDOWN_MS = 5_000;

const SLOT = Symbol.for('hindcast.client.v1');
/** The one client of the process. On a symbol, so that a second copy of this package finds it, and patches nothing twice. */
const slot = ((globalThis as Record<symbol, unknown>)[SLOT] ??= { client: null }) as {
  client: RunningClient | null;
  /** Of the copy of this package that was loaded first: all clients share its patches and listeners. */
  create?: (options?: Options) => IsolatedClient;
};
slot.create ??= create;

const face: Client = {
  get session() {
    return slot.client?.session ?? currentSession();
  },
  flush,
  shutdown,
  configure,
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
    if (running !== null) {
      if (announce) aside(() => running.reinit(options));
      return face;
    }
    const resolve = forReplay((given) => resolveOptions(given));
    const resolved = resolve(options);
    if (!resolved.values.enabled || recordMode(resolved.values, process.env) === 'off') {
      const voice = new Voice(() => resolved.values);
      for (const problem of resolved.problems) voice.warn(problem);
      return face;
    }
    // A program that has begun cannot be followed any more: what its promises are was not seen.
    if (!announce) startRuntime(resolved.values, implicit);
    slot.client = aside(() => new RunningClient(options, resolved, { resolve }));
    if (announce && resolved.values.replayable === 'on')
      slot.client.warn(
        'replayable: a program that calls init() itself has begun already; start it with hindcast run, or node --import hindcast/register',
      );
    if (announce && 'Deno' in globalThis)
      slot.client.warn(
        'Deno does not say what is loaded: calls of SDKs that were imported before init() are not recorded; with deno run --preload=npm:hindcast/register all are',
      );
    if (announce) slot.client.announce();
  } catch (error) {
    reportFault('client.init', error);
  }
  return face;
}

/** Changes options of the client that runs: what can change does, and of the rest it is said why not. Never throws. */
export function configure(options: Options): Configured {
  const failed = (reason: string): Configured =>
    guard('client.configure', () => refuseAll(options, reason), { applied: [], refused: [] });
  if (slot.client === null) return failed('there is no client: call init() first');
  return (
    guard('client.configure', () => slot.client?.configure(options), undefined) ?? failed('hindcast has failed: its log says why')
  );
}

/** Starts a further client, with sessions, recordings and a backend of its own. Never throws. */
export function createClient(options: Options = {}): IsolatedClient {
  return (slot.create ?? create)(options);
}

/** Sends what waits for export; true when nothing waits any more. Resolves within `timeoutMs`, never rejects. */
export async function flush(timeoutMs?: number): Promise<boolean> {
  try {
    return (await aside(() => slot.client?.flush(timeoutMs))) ?? true;
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
    await aside(() => client.shutdown(timeoutMs));
  } catch (error) {
    reportFault('client.shutdown', error);
  } finally {
    if (slot.client === client) slot.client = null;
  }
}
