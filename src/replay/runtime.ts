/** What follows a program so that it can be replayed: started before the program's own code, in one of two forms. */
import { isMainThread } from 'node:worker_threads';
import { setAside } from '../core/aside.ts';
import { patchCalendar } from './calendar.ts';
import type { EventPlace } from '../recording/recording.ts';
import type { LiveSession, SessionEnd, SessionFacts } from '../session/live-session.ts';
import type { ForkFacts } from '../events/edits.ts';
import { PLACES_FLAG } from '../events/lines.ts';
import { hub } from '../events/ports.ts';
import type { Follower } from '../events/ports.ts';
import { installOnce, REPLAY_LABEL } from '../patch/registry.ts';
import { writeEnv } from '../session/context-carrier.ts';
import { whereabouts } from '../session/sessions.ts';
import { patchBeforeExit } from './before-exit.ts';
import { patchBodyReads } from './body-reads.ts';
import { patchScheduling } from './carried.ts';
import type { Channels } from './channels.ts';
import { patchChildren } from './child-patch.ts';
import { patchClock } from './clock.ts';
import { patchDns } from './dns-patch.ts';
import type { Draw } from './draws.ts';
import type { Fetcher } from './fetch-patch.ts';
import { patchFetch } from './fetch-patch.ts';
import { shareReplaced } from './globals.ts';
import { patchHttp } from './http-patch.ts';
import type { HttpInput } from './http-patch.ts';
import type { Http2Form } from './http2-form.ts';
import { patchHttp2 } from './http2-patch.ts';
import { canFollowPromises, followElsewhere, followPromises, internally, numberAsIn } from './lineage.ts';
import { patchProcessMessages } from './process-messages.ts';
import { patchRandomness } from './randomness.ts';
import { patchReadings, readingsBy } from './readings.ts';
import type { Reading } from './readings.ts';
import { patchServers } from './servers.ts';
import { patchSignals } from './signals.ts';
import { spanPlaces } from './span-places.ts';
import { patchSockets } from './socket-patch.ts';
import { patchStdin } from './stdin.ts';
import { patchTimers } from './timers.ts';
import type { TimerSetter } from './timers.ts';
import { patchUndici } from './undici-patch.ts';
import type { UndiciForm } from './undici-patch.ts';
import { followUpgrades } from './upgrade-request.ts';
import { warmUp } from './warm-up.ts';
import { patchWork } from './work.ts';
import { patchWebSocket } from './websocket-patch.ts';
import type { BeginWork } from './work-begun.ts';
import { patchWorkers } from './worker-patch.ts';

/** How a client tells of its sessions. */
export interface Runtime {
  /** The process, in the headers of its recordings. */
  readonly process: string;
  /** Of what the recording of a session is a fork; it is asked once for each session that begins. */
  readonly forkOf?: (session: SessionFacts) => ForkFacts;
  /** Where the app starts a session. */
  readonly placeOf?: () => EventPlace | undefined;
  /** What its recordings need of a replay, as in their headers. */
  readonly flags: readonly number[];
  /** Promises cannot be followed here: places are known by events alone. */
  readonly byEventsAlone?: boolean;
  /** A session has its recording. */
  begin(session: LiveSession): void;
  /** Its last line comes next. */
  ending(session: LiveSession): void;
  /** The process is about to die of a signal. */
  dying(end: SessionEnd): void;
}

/** Where what the program is given comes from. A part that is null is left as it is: what that costs is measured in a test. */
export interface Inputs {
  /** Of the recording: what it means is done. */
  flags: readonly number[];
  draw: Draw | null;
  timers: TimerSetter | null;
  work: BeginWork;
  fetcher: Fetcher;
  http: HttpInput;
  http2: Http2Form;
  undici: UndiciForm;
  channels: Channels;
  events: Follower;
  /** Whether a replay stands in for the channel to the process that started this one. */
  hasMessages?: boolean;
}

/** Threads are told the session and the span that they are started in, as child processes are. */
function tellThread(): Record<string, string> | null {
  const where = hub.recorder === null || !hub.propagates ? null : whereabouts(false);
  return where === null ? null : { ...writeEnv(where) };
}

/** Whether a program can be followed here: a worker's promises and timers are its own, and are not. */
export function canFollow(): boolean {
  return isMainThread;
}

/** Puts everything in place. */
export function follow({
  flags,
  draw,
  timers,
  work,
  fetcher,
  http,
  http2,
  undici,
  channels,
  events,
  hasMessages = false,
}: Inputs): void {
  installOnce(hub, 'follower', `${REPLAY_LABEL}events`, () => {
    hub.follower = events;
    return () => {
      hub.follower = null;
    };
  });
  shareReplaced();
  numberAsIn(flags);
  if (canFollowPromises()) followPromises();
  else followElsewhere(spanPlaces());
  setAside(internally);
  warmUp();
  const read: Reading = draw === null ? (_name, real) => real() : readingsBy(draw);
  if (draw !== null) {
    patchClock(draw);
    patchReadings(read);
    patchCalendar(read);
    patchRandomness(draw, work);
  }
  patchScheduling();
  if (timers !== null) patchTimers(timers);
  patchWork(work);
  patchFetch(fetcher);
  if (flags.includes(PLACES_FLAG)) {
    patchBodyReads();
    patchBeforeExit();
  }
  patchChildren(channels);
  patchWorkers(channels, tellThread);
  // Below what signals replace.
  patchProcessMessages(channels, hasMessages);
  patchSignals(channels);
  patchStdin(channels);
  patchServers(channels);
  patchHttp({ ...http, upgrades: followUpgrades(channels, read) });
  patchWebSocket(channels, read);
  patchHttp2(http2, channels);
  patchUndici(undici);
  patchSockets(channels);
  patchDns(channels);
  process.getBuiltinModule('node:module').syncBuiltinESMExports();
}
