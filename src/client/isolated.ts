/** Further clients of a process, each with sessions, recordings and a backend of its own. */
import { join } from 'node:path';
import { aside } from '../core/aside.ts';
import { guard, reportFault } from '../core/diagnostics.ts';
import { scopes, unrecorded } from '../session/scope.ts';
import { handle, inert, startIn } from '../session/sessions.ts';
import type { Session, SessionOptions } from '../session/sessions.ts';
import { RunningClient } from './client.ts';
import { refuseAll } from './changes.ts';
import type { Configured } from './changes.ts';
import type { Options } from './options.ts';
import { foldersInUse } from './residents.ts';
import { forReplay } from './replayable.ts';
import { recordMode, resolveOptions } from './resolve.ts';
import type { Resolved } from './resolve.ts';
import { Voice } from './voice.ts';

/** A client beside the one of `init()`. What runs in one of its sessions goes to it and to no other; what runs elsewhere never does. */
export interface IsolatedClient {
  /** The session that `run` uses, where no other of this client's was started around it. */
  readonly session: Session;
  /** Starts a session of this client. */
  startSession(options?: SessionOptions): Session;
  /** Runs `fn`, and whatever it awaits or schedules, in this client's own session. */
  run<T>(fn: () => T): T;
  /** Sends what waits for export; true when nothing waits any more. Resolves within `timeoutMs`, never rejects. */
  flush(timeoutMs?: number): Promise<boolean>;
  /** Ends its sessions and sends what waits. Resolves in bounded time, never rejects. */
  shutdown(timeoutMs?: number): Promise<void>;
  /** Changes options while it runs. */
  configure(options: Options): Configured;
}

const SHUTDOWN_MS = 5_000;

/** Starts a further client. Never throws: one that cannot run records nothing. Without `dir` its recordings are in `clients/<n>` of the project's folder, so that none is sent by another client. */
export function createClient(options: Options = {}): IsolatedClient {
  return aside(() => create(options));
}

function create(options: Options): IsolatedClient {
  try {
    const resolve = forReplay(resolverFor(options));
    const resolved = resolve(options);
    if (resolved.values.enabled && recordMode(resolved.values, process.env) !== 'off') {
      return faceOf(new RunningClient(options, resolved, { isDefault: false, resolve }));
    }
    const voice = new Voice(() => resolved.values);
    for (const problem of resolved.problems) voice.warn(problem);
  } catch (error) {
    reportFault('client.create', error);
  }
  return nothing();
}

/** Options of a further client: those of files and environment that name a folder or a session are for the client of `init()`. */
function resolverFor(options: Options): (given: Options) => Resolved {
  const taken = foldersInUse();
  let folder: string | undefined;
  return (given) => {
    const resolved = resolveOptions(given);
    const { values, origins, problems } = resolved;
    if (origins['dir'] !== 'init()') {
      for (let n = 1; folder === undefined; n++) {
        const free = join(values.dir, 'clients', String(n));
        if (!taken.includes(free)) folder = free;
      }
      values.dir = folder;
    } else if (given === options && taken.includes(values.dir)) {
      problems.push(
        `two clients record to ${values.dir}: either may send what the other one left behind; give each a dir of its own`,
      );
    }
    for (const name of ['id', 'name', 'parent', 'traceparent'] as const) {
      if (origins[`session.${name}`] !== 'init()') delete values.session[name];
    }
    return resolved;
  };
}

function faceOf(client: RunningClient): IsolatedClient {
  const { sessions } = client;
  // Kept when it is over: what runs in it then is recorded nowhere, and not by another client.
  let last = sessions.implicit();
  const own = (): Session => {
    last = sessions.implicit() ?? last;
    return last === null ? nowhere() : handle(last);
  };
  return {
    get session() {
      return client.stopped ? own() : client.session;
    },
    startSession: (options = {}) => (client.stopped ? nowhere() : startIn(sessions, options)),
    run: (fn) => {
      const around = scopes.getStore()?.session;
      return around?.apart === sessions && !around.ended ? fn() : own().run(fn);
    },
    async flush(timeoutMs) {
      try {
        return await aside(() => client.flush(timeoutMs));
      } catch (error) {
        reportFault('client.flush', error);
        return false;
      }
    },
    async shutdown(timeoutMs = SHUTDOWN_MS) {
      try {
        await aside(() => client.shutdown(timeoutMs));
      } catch (error) {
        reportFault('client.shutdown', error);
      }
    },
    configure: (options) =>
      guard('client.configure', () => client.configure(options), refuseAll(options, 'hindcast has failed: its log says why')),
  };
}

/** A session that records nothing, also not for the client of `init()`. */
function nowhere(): Session {
  return { ...inert(), run: (fn) => unrecorded.run(true, fn) };
}

/** A client that is off. */
function nothing(): IsolatedClient {
  const session = nowhere();
  return {
    session,
    startSession: () => nowhere(),
    run: (fn) => session.run(fn),
    flush: async () => true,
    shutdown: async () => {},
    configure: (options) => refuseAll(options, 'the client is off (enabled, record): create another one'),
  };
}
