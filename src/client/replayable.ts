/** Starts what makes a recording replayable, or replays one: loaded only where that is asked for, and only before the program's own code (docs/decisions/0014-replay.md). */
import { createRequire } from 'node:module';
import { guard } from '../core/diagnostics.ts';
import type { startRecording } from '../replay/record-runtime.ts';
import { readPlan } from '../replay/plan.ts';
import type { startReplaying } from '../replay/replay-runtime.ts';
import type { Runtime } from '../replay/runtime.ts';
import type { LiveSession } from '../session/live-session.ts';
import type { Options, Values } from './options.ts';
import { recordMode } from './resolve.ts';
import type { Resolved } from './resolve.ts';
import { sayLine } from './stderr.ts';

/** Names the plan of what this process replays, or a recording. Set by `hindcast replay`. */
const PLAN = 'HINDCAST_REPLAY';

/** The exit code of a replay that could not begin. */
const NO_REPLAY = 2;

const IS_DENO = 'Deno' in globalThis;
/** Its timers are its own, and it begins no program before what is loaded first has come to rest. */
const NOT_ON_DENO = 'hindcast cannot follow the timers of Deno, nor how it begins a program';

const require = createRequire(import.meta.url);
/** From the sources it is a .ts file, in the package a .js file; in what `init()` loads, a file beside this one. */
const [, BUNDLE = '', ENDING = ''] = /(\.bundle)?(\.[jt]s)$/.exec(import.meta.url) ?? [];

function load(name: string): unknown {
  return require(BUNDLE === '' ? `../replay/${name}${ENDING}` : `./${name}.bundle.js`);
}

/** Whether this process replays a recording. */
export function isReplaying(env: Readonly<Record<string, string | undefined>> = process.env): boolean {
  return (env[PLAN] ?? '') !== '';
}

/** Options put together as `resolve` does, or, in a process that replays, as they are there. */
export function forReplay(resolve: (given: Options) => Resolved): (given: Options) => Resolved {
  if (!isReplaying()) return resolve;
  return (given) => {
    const resolved = resolve(given);
    return { ...resolved, values: valuesOfReplay(resolved.values) };
  };
}

/** What follows this process, for every client of it; null where nothing does. */
export function currentRuntime(): Runtime | null {
  return running;
}

let running: Runtime | null = null;

/** Options of a process that replays: it is recorded as it was, apart, and nothing is exported. */
function valuesOfReplay(values: Values): Values {
  const { endpoint: _endpoint, exporter: _exporter, ...kept } = values;
  const dir = process.env['HINDCAST_DIR'] ?? kept.dir;
  return { ...kept, dir, enabled: true, record: 'full', hostInfo: 'off', quiet: true, processors: [] };
}

/**
 * Starts the runtime that the options ask for. Where a replay cannot start, the process ends here: going on, it would call the network.
 */
export function startRuntime(values: Values, implicit: () => LiveSession | null): void {
  running ??= startedFor(values, implicit);
}

function startedFor(values: Values, implicit: () => LiveSession | null): Runtime | null {
  // A thread that a replay really starts is none of it.
  if (isReplaying() && process.getBuiltinModule('node:worker_threads').isMainThread) {
    const { startReplaying: start } = load('replay-runtime') as { startReplaying: typeof startReplaying };
    const path = process.env[PLAN] ?? '';
    try {
      if (IS_DENO) throw new Error(NOT_ON_DENO);
      return start({ plan: readPlan(path), implicit });
    } catch (error) {
      sayLine(`hindcast: this process cannot replay ${path}: ${error instanceof Error ? error.message : String(error)}`);
      process.exit(NO_REPLAY);
    }
  }
  if (values.replayable !== 'on' || recordMode(values, process.env) !== 'full') return null;
  if (IS_DENO) {
    if (!values.quiet) sayLine(`hindcast: this is recorded, but not so that it can be replayed: ${NOT_ON_DENO}`);
    return null;
  }
  const started = guard(
    'client.replayable',
    () => (load('record-runtime') as { startRecording: typeof startRecording }).startRecording(implicit),
    null,
  );
  if (started?.byEventsAlone === true && !values.quiet)
    sayLine('hindcast: this runtime has no promise hooks: a replay will tell calls apart by events and by what they say');
  return started;
}
