/** The recording that a replay makes of itself, where it is kept: it holds what the program was given, wherever that came from, so that it can be replayed and forked by itself. */
import { guard } from '../core/diagnostics.ts';
import { newSpanId } from '../core/ids.ts';
import type { ForkFacts } from '../events/edits.ts';
import { nextDelivery } from '../recording/delivery-order.ts';
import type { LiveSession, SessionEnd, SessionFacts } from '../session/live-session.ts';
import { callSite } from './call-site.ts';
import { recordChannels } from './channels-recorded.ts';
import { puttingInto } from './channels.ts';
import type { Channel, Channels, Opening } from './channels.ts';
import type { Deliveries } from './deliveries.ts';
import { DrawLog } from './draw-log.ts';
import type { Draw } from './draws.ts';
import { watchEnvironment } from './environment.ts';
import { placeOfSession } from './event-places.ts';
import { InputLog } from './input-log.ts';
import { currentNode } from './lineage.ts';
import { ANSWERED } from './owed.ts';
import type { Runtime } from './runtime.ts';
import type { Arrival } from './source.ts';
import type { Fired } from './timers-replayed.ts';

export class OwnRecording {
  readonly #log = new InputLog();
  readonly #draws: DrawLog;
  readonly #asking: () => void;
  #channels = 0;
  /** Paths of what was begun. */
  readonly paths: string[] = [];

  /** Begins to look. To be made before anything is replaced. `asking` is told before a channel is opened by which a model may be asked. */
  constructor(asking: () => void) {
    const { nextTick } = process;
    this.#asking = asking;
    this.#draws = new DrawLog(
      (packed) => guard('replay.draws', () => this.#log.draws(packed), undefined),
      (flush) => nextTick(flush),
    );
    watchEnvironment((name, value) => guard('replay.env', () => this.#log.environment({ [name]: value }), undefined));
    process.on('exit', (exitCode) =>
      guard(
        'replay.exit',
        () => this.#close({ state: exitCode === 0 ? 'success' : 'failure', reason: 'ended', exitCode }),
        undefined,
      ),
    );
  }

  /** What draws, with each draw written down. */
  drawing(draw: Draw): Draw {
    return (kind, real) => this.#draws.draw(kind, () => draw(kind, real));
  }

  /** Writes down that a timer fires. */
  readonly fired: Fired = (timer) =>
    guard('replay.timer', () => this.#log.write({ k: 'timer', ...timer, ord: nextDelivery() }), undefined);

  /** Writes down that work has ended. */
  readonly ended = (lin: string): void =>
    guard('replay.work', () => this.#log.write({ k: 'work', lin, ord: nextDelivery() }), undefined);

  /** Channels, with what comes through them written down. */
  keeping(channels: Channels): Channels {
    return {
      ...channels,
      open: (opening, deliver, isReady, onward) => {
        const n = ++this.#channels;
        if (opening.kind === 'websocket') guard('replay.session', this.#asking, undefined);
        let sent = 0;
        const kept = (arrival: Arrival): void => {
          this.#came(n, arrival, { ord: nextDelivery(), sent });
          deliver(arrival);
        };
        const channel = channels.open(opening, kept, isReady, onward);
        if (channel === null) return null;
        this.#opened(n, opening);
        // When answers are given, this run says itself.
        for (const arrival of channel.given) if (arrival.event !== ANSWERED) this.#came(n, arrival);
        const note: Channel['note'] = (arrival) => {
          if (arrival.event === ANSWERED) this.#came(n, arrival);
          channel.note(arrival);
        };
        const went: Channel['went'] = (event, bytes) => {
          sent += bytes.length;
          this.#write({ k: 'went', n, event }, bytes);
          channel.went(event, bytes);
        };
        return puttingInto(channel, went, note);
      },
      ask: (opening, real) => {
        const n = ++this.#channels;
        const given = channels.ask(opening, real);
        if (given === null) return null;
        this.#opened(n, opening);
        this.#came(n, given);
        return given;
      },
    };
  }

  /** Channels of what is opened really, which another kind of channels has looked for and not found. */
  channels(deliveries: Deliveries): Channels {
    return recordChannels({
      deliveries,
      write: (line, bytes) => this.#log.write(line, bytes),
      asking: this.#asking,
      next: () => ++this.#channels,
      isCounted: true,
    });
  }

  /** Behind `channels`, which have counted it. */
  #opened(n: number, { kind, what, at }: Opening): void {
    const { id: lin, channels: lo } = at ?? currentNode();
    const where = at === undefined ? callSite() : undefined;
    this.#write({ k: 'channel', n, kind, what, lin, lo, ...(where !== undefined && { where }) });
  }

  #came(n: number, { event, data, bytes }: Arrival, at?: { ord: number; sent: number }): void {
    const place = at === undefined ? {} : { ord: at.ord, ...(at.sent > 0 && { sent: at.sent }) };
    this.#write({ k: 'came', n, event, ...place, ...(data !== undefined && { data }) }, bytes);
  }

  #write(...line: Parameters<InputLog['write']>): void {
    guard('replay.channel', () => this.#log.write(...line), undefined);
  }

  #close(end: SessionEnd): void {
    this.#draws.flush();
    this.#log.close(end);
  }

  /** What takes what comes in when no session of the app's is open. */
  outside(): LiveSession | null {
    return this.#log.outside();
  }

  /** How the client tells it of sessions. */
  runtime(forkOf: (session: SessionFacts) => ForkFacts, flags: readonly number[]): Runtime {
    return {
      process: newSpanId(),
      flags,
      forkOf,
      placeOf: placeOfSession,
      begin: (session) => {
        this.paths.push(session.log.path);
        this.#log.begin(session);
      },
      ending: (session) => {
        this.#draws.flush();
        this.#log.end(session);
      },
      dying: (end) => this.#close(end),
    };
  }
}
