/** Records what comes into the program, so that it can be replayed. */
import { guard } from '../core/diagnostics.ts';
import { newSpanId } from '../core/ids.ts';
import { REPLAY_FLAGS } from '../events/lines.ts';
import { nextDelivery } from '../recording/delivery-order.ts';
import type { LiveSession, SessionEnd } from '../session/live-session.ts';
import { recordChannels } from './channels-recorded.ts';
import { Deliveries } from './deliveries.ts';
import { DrawLog } from './draw-log.ts';
import { watchEnvironment } from './environment.ts';
import { placeOfSession, recordedEvents } from './event-places.ts';
import { beginSession, openIn } from './exchange-owner.ts';
import { recordFetches } from './fetch-record.ts';
import { recordHttp } from './http-record.ts';
import { recordHttp2 } from './http2-record.ts';
import { InputLog } from './input-log.ts';
import { canFollowPromises } from './lineage.ts';
import { canFollow, follow } from './runtime.ts';
import type { Runtime } from './runtime.ts';
import { recordTimers } from './timers-recorded.ts';
import { recordWork } from './work-recorded.ts';
import type { FiredTimer } from './timers-recorded.ts';
import { recordUndici } from './undici-record.ts';

/** Begins to record; null where a program cannot be followed. `implicit`: the session of code that is in none. */
export function startRecording(implicit: () => LiveSession | null): Runtime | null {
  if (!canFollow()) return null;
  // Taken before it is replaced.
  const { nextTick } = process;
  const log = new InputLog();
  const deliveries = new Deliveries();
  const draws = new DrawLog(
    (packed) => guard('replay.draws', () => log.draws(packed), undefined),
    (flush) => nextTick(flush),
  );
  const fired: FiredTimer = (line) => guard('replay.timer', () => log.write({ ...line, ord: nextDelivery() }), undefined);
  watchEnvironment((name, value) => guard('replay.env', () => log.environment({ [name]: value }), undefined));
  const open = openIn(implicit, () => log.outside());
  follow({
    flags: REPLAY_FLAGS,
    draw: draws.draw,
    timers: recordTimers(deliveries, fired),
    work: recordWork(deliveries, (lin) =>
      guard('replay.work', () => log.write({ k: 'work', lin, ord: nextDelivery() }), undefined),
    ),
    fetcher: recordFetches(deliveries, open),
    http: { form: recordHttp(deliveries, open, fired), connect: null, refuse: () => {} },
    http2: recordHttp2(deliveries, open, fired),
    undici: recordUndici(deliveries, open),
    events: recordedEvents,
    channels: recordChannels({
      deliveries,
      write: (line, bytes) => log.write(line, bytes),
      asking: () => beginSession(implicit),
    }),
  });
  const close = (end: SessionEnd): void => {
    draws.flush();
    log.close(end);
  };
  const onExit = (exitCode: number): void =>
    guard('replay.exit', () => close({ state: exitCode === 0 ? 'success' : 'failure', reason: 'ended', exitCode }), undefined);
  process.on('exit', onExit);
  return {
    process: newSpanId(),
    flags: REPLAY_FLAGS,
    byEventsAlone: !canFollowPromises(),
    placeOf: placeOfSession,
    begin: (session) => log.begin(session),
    ending: (session) => {
      draws.flush();
      log.end(session);
    },
    dying: close,
  };
}
