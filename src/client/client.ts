/** A client that runs: its sessions, its export and what it says, held together so that they can be told, changed and stopped. What it shares with other clients is in residents.ts. */
import { monotonicUs } from '../core/clock.ts';
import { aside } from '../core/aside.ts';
import { guard } from '../core/diagnostics.ts';
import type { ShipperReport } from '../otel/shipper.ts';
import { ensureFolder } from '../recording/folder.ts';
import type { SessionEnd, SessionSettings } from '../session/live-session.ts';
import { handle } from '../session/sessions.ts';
import type { Session } from '../session/sessions.ts';
import { createSessions, SESSIONS_OPEN_MAX } from '../session/store.ts';
import type { SessionStore } from '../session/store.ts';
import { atMost } from './at-most.ts';
import { checkGiven, fixedOptions, givenWithout, isPlain, keepOld, mergeGiven, RUNS } from './changes.ts';
import type { Configured, Refusal } from './changes.ts';
import type { DeliveryOrder } from './deliver-child.ts';
import { createHostInfo } from './host-info.ts';
import { Housekeeping } from './housekeeping.ts';
import { startExport } from './exporter.ts';
import type { RunningExport } from './exporter.ts';
import type { Options, Values } from './options.ts';
import { skipsNative } from './native-spans.ts';
import { finishLogs, instrument, knownCopies, moveIn, moveOut, settle } from './residents.ts';
import type { Resident } from './residents.ts';
import { currentRuntime } from './replayable.ts';
import { resolveOptions } from './resolve.ts';
import type { Resolved } from './resolve.ts';
import { applyValues, newSettings, unkept } from './settings.ts';
import { sumSessions } from './totals.ts';
import { Voice } from './voice.ts';

/** How long `flush()` waits when it is not told, and how long `shutdown()` waits for the export. */
const FLUSH_MS = 10_000;

/** A flush that ended so long ago was part of the program's end. */
const WAITED_US = 1_000_000;
/** The end of a process waits so long even then. */
const EXIT_MS_MIN = 250;

/** What a client is made of besides its options. */
export interface ClientParts {
  isDefault?: boolean;
  /** Puts options together as for this client. */
  resolve?: (given: Options) => Resolved;
}

export class RunningClient implements Resident {
  readonly settings: SessionSettings;
  readonly sessions: SessionStore;
  readonly isDefault: boolean;
  readonly #resolve: (given: Options) => Resolved;
  readonly #voice: Voice;
  readonly #totals = sumSessions();
  readonly #host = createHostInfo(
    () => this.values.hostInfo !== 'off',
    () => this.settings.dir,
    knownCopies,
  );
  readonly #housekeeping = new Housekeeping(
    () => this.settings.dir,
    (problem) => this.warn(problem),
  );
  readonly #startedUs = monotonicUs();
  values: Values;
  given: Options;
  #export: RunningExport | null = null;
  #begun = false;
  #announced = false;
  #stopped = false;
  #shutdown: Promise<void> | null = null;
  /** How long the last flush waited, where not all was delivered. */
  #waited: { ms: number; endedUs: number } | undefined;

  /** `resolve` puts options together as for this client; it is asked again when they change. */
  constructor(
    given: Options,
    resolved: Resolved,
    { isDefault = true, resolve = (options: Options) => resolveOptions(options) }: ClientParts = {},
  ) {
    this.given = given;
    this.values = resolved.values;
    this.isDefault = isDefault;
    this.#resolve = resolve;
    this.#voice = new Voice(() => this.values);
    for (const problem of resolved.problems) this.warn(problem);
    this.settings = newSettings();
    applyValues(this.settings, this.values);
    this.settings.gauge = this.#housekeeping.gauge;
    this.#housekeeping.apply(this.values);
    this.#applyExport();
    for (const problem of unkept(this.values, this.settings.mode)) this.warn(problem);
    const runtime = currentRuntime();
    if (runtime !== null)
      Object.assign(this.settings, { flags: runtime.flags, process: runtime.process, placeOf: runtime.placeOf });
    if (runtime?.forkOf !== undefined) this.settings.forkOf = runtime.forkOf;
    this.settings.onBegin = (session) =>
      aside(() => {
        this.#begun = true;
        this.announce();
        this.#host.begin(session);
        this.#housekeeping.begin();
        runtime?.begin(session);
      });
    this.settings.onEnding = (session) =>
      aside(() => {
        finishLogs(session);
        this.#host.end(session);
        runtime?.ending(session);
      });
    this.sessions = createSessions(this.settings, {
      onEnded: (session) => session.begun && this.#totals.add(session.id, session.stats),
      onCrowd: () => this.warn(`more than ${SESSIONS_OPEN_MAX} sessions are open at once: end each one with session.end()`),
    });
    if (!isDefault) this.settings.apart = this.sessions;
    moveIn(this);
  }

  /** The session that the running code's calls go to. */
  get session(): Session {
    return handle(this.sessions.current());
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Says where it is recorded, once. */
  announce(): void {
    if (this.#announced) return;
    this.#announced = true;
    this.settings.beginsForChildren = true;
    const { quiet, endpoint, exporter, captureContent } = this.values;
    if (quiet) return;
    const { mode, dir } = this.settings;
    const folder = guard('client.path', () => shortPath(dir), dir);
    const id = this.sessions.current().id;
    const parts = [
      this.values.autoStart
        ? `recording ${id} (${mode}) to ${folder}/${id}.jsonl`
        : `recording sessions that are started (${mode}) to ${folder}`,
    ];
    const to = exporter !== undefined ? 'its own exporter' : endpoint === undefined ? undefined : new URL(endpoint).host;
    if (to !== undefined) parts.push(`exporting to ${to}${captureContent ? ' with content' : ''}`);
    this.#voice.say(parts.join(', '));
  }

  /** Takes the options of a later `init()`: what can change while it runs does, and of the rest it is said that it cannot. */
  reinit(options: Options): void {
    if (!isPlain(options)) {
      this.warn('the argument of init() must be an object of options; it is ignored');
      return;
    }
    const refused = this.#change(mergeGiven(this.given, options), (problem) => this.warn(problem));
    const fixed = refused.map(({ option, reason }) => (reason === RUNS ? `${option} (stop it with shutdown())` : option));
    if (fixed.length > 0) this.warn(`init() was called again, and these options cannot change any more: ${fixed.join(', ')}`);
    this.announce();
  }

  /** Takes options, and says what became of each one that was given. */
  configure(options: Options): Configured {
    const { names, usable, refused } = checkGiven(options);
    if (this.#stopped)
      return { applied: [], refused: [...names.map((option) => ({ option, reason: 'the client has stopped' })), ...refused] };
    const all = [...refused, ...this.#change(mergeGiven(this.given, usable), () => {})];
    const applied = names.filter((name) => !all.some(({ option }) => option === name));
    return { applied, refused: all };
  }

  #change(given: Options, onProblem: (text: string) => void): Refusal[] {
    const old = this.values;
    const { values: next, problems } = this.#resolve(given);
    for (const problem of problems) onProblem(problem);
    const state = { begun: this.#begun, exporting: this.#export !== null, isDefault: this.isDefault };
    const refused = fixedOptions(old, next, state);
    keepOld(next, old, refused);
    this.given = givenWithout(given, this.given, refused);
    this.values = next;
    applyValues(this.settings, next);
    this.#housekeeping.apply(next);
    if (this.#export === null) this.#applyExport();
    settle();
    instrument(next.instrument);
    return refused;
  }

  /** Says what is wrong, each thing once. */
  warn(text: string): void {
    this.#voice.warn(text);
  }

  async flush(timeoutMs: number = FLUSH_MS): Promise<boolean> {
    for (const session of this.sessions.all()) session.commit();
    if (this.#export === null) return true;
    const beganUs = monotonicUs();
    const done = await atMost(timeoutMs, this.#export.flush(timeoutMs), false);
    const endedUs = monotonicUs();
    this.#waited = done ? undefined : { ms: (endedUs - beganUs) / 1000, endedUs };
    return done;
  }

  /** Ends what runs, and, with the last client, takes every patch, listener and timer away. */
  shutdown(timeoutMs: number): Promise<void> {
    this.#shutdown ??= this.#stop(timeoutMs);
    return this.#shutdown;
  }

  async #stop(timeoutMs: number): Promise<void> {
    this.#stopped = true;
    moveOut(this);
    this.sessions.close({ state: 'success', reason: 'ended' });
    this.#host.stop();
    this.#housekeeping.stop();
    this.#sayTotals();
    const running = this.#export;
    if (running === null) return;
    await atMost(timeoutMs, running.flush(timeoutMs), false);
    await atMost(timeoutMs, running.stop(), undefined);
  }

  endAtExit(end: SessionEnd): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.sessions.close(end);
    this.#sayTotals();
  }

  leave(): DeliveryOrder | null {
    const options = this.#export?.leave() ?? null;
    return options === null ? null : { options, timeoutMs: this.#exitTimeoutMs() };
  }

  /** A program that has just waited for a backend in vain, and ends, has waited for some of the time already. */
  #exitTimeoutMs(): number {
    const { exitTimeoutMs } = this.values;
    const waited = this.#waited;
    if (waited === undefined || monotonicUs() - waited.endedUs > WAITED_US) return exitTimeoutMs;
    return Math.min(exitTimeoutMs, Math.max(EXIT_MS_MIN, Math.round(exitTimeoutMs - waited.ms)));
  }

  #sayTotals(): void {
    const line = this.values.quiet ? undefined : this.#totals.line(Math.round((monotonicUs() - this.#startedUs) / 1000));
    if (line !== undefined) this.#voice.line(line);
  }

  #applyExport(): void {
    const { values, settings } = this;
    const { endpoint, exporter } = values;
    if (endpoint === undefined && exporter === undefined) return;
    guard('client.folder', () => ensureFolder(values.dir), undefined);
    const native =
      endpoint === undefined ? values.nativeSpans === 'native' : skipsNative(values.nativeSpans, endpoint, process.env);
    const started = guard(
      'client.exporter',
      () =>
        startExport(
          {
            recordings: settings.dir,
            url: endpoint ?? '',
            headers: values.headers,
            withContent: values.captureContent && settings.mode === 'full',
            profile: values.semconv,
            skipNative: native,
            timeoutMs: values.exportTimeoutMs,
            delayMs: values.flushIntervalMs,
          },
          () => this.values,
          (report) => this.#onReport(report),
        ),
      null,
    );
    this.#export = started;
    if (started === null) return;
    settings.onFile = started.begin;
    settings.onEvent = started.offer;
  }

  #onReport(report: ShipperReport): void {
    if (report.kind === 'failing')
      this.warn(`export fails (${report.reason}); finished events are kept in the recordings and sent later`);
    else if (report.kind === 'recovered') this.warn('export works again');
    else this.warn(`the backend refused ${report.spans} spans for good (${report.reason}); they are kept in the recordings`);
  }
}

function shortPath(path: string): string {
  const here = `${process.cwd()}/`;
  return path.startsWith(here) ? path.slice(here.length) : path;
}
