/** A client that runs: everything that `init()` started, held together so that it can be told, changed and stopped. */
import { monotonicUs } from '../core/clock.ts';
import { guard, onFault } from '../core/diagnostics.ts';
import { saidBy } from '../core/thrown.ts';
import { hub } from '../events/ports.ts';
import type { ShipperReport } from '../otel/shipper.ts';
import { ensureFolder, recordingsFolder } from '../recording/folder.ts';
import type { SessionEnd, SessionSettings } from '../session/live-session.ts';
import { overridePrices } from '../analysis/prices.ts';
import { handle, useSessions } from '../session/sessions.ts';
import type { Session } from '../session/sessions.ts';
import { createSessions, SESSIONS_OPEN_MAX } from '../session/store.ts';
import type { SessionStore } from '../session/store.ts';
import { errorFacts } from '../session/wrappers.ts';
import { startExporter } from './exporter.ts';
import type { Exporter } from './exporter.ts';
import { exitEnd, signalEnd } from './ending.ts';
import { watchProcess } from './lifecycle.ts';
import type { Options, Values } from './options.ts';
import { skipsNative } from './native-spans.ts';
import { startPatching } from './patching.ts';
import type { Patching } from './patching.ts';
import { recordMode } from './resolve.ts';
import type { Resolved } from './resolve.ts';
import { faultText, say, sayLine } from './stderr.ts';
import { sumSessions } from './totals.ts';
import { SDK } from './version.ts';

/** How long `flush()` waits when it is not told, and how long `shutdown()` waits for the export. */
const FLUSH_MS = 10_000;
const WARNINGS_MAX = 100;

export class RunningClient {
  readonly settings: SessionSettings;
  readonly sessions: SessionStore;
  readonly #totals = sumSessions();
  readonly #startedUs = monotonicUs();
  readonly #patching: Patching;
  readonly #unwatch: () => void;
  values: Values;
  given: Options;
  #exporter: Exporter | null = null;
  #begun = false;
  #announced = false;
  #stopped = false;
  readonly #warned = new Set<string>();
  /** Something was thrown that nobody caught. */
  #uncaught = false;
  #shutdown: Promise<void> | null = null;

  constructor(given: Options, resolved: Resolved) {
    this.given = given;
    this.values = resolved.values;
    onFault((fault) => this.warn(faultText(fault, this.values.logLevel === 'debug')));
    for (const problem of resolved.problems) this.warn(problem);
    this.settings = { mode: 'metadata', dir: '', sdk: SDK, prices: overridePrices(undefined) };
    this.#applySessionValues();
    this.#applyExport();
    this.settings.onBegin = () => {
      this.#begun = true;
      this.announce();
    };
    this.sessions = createSessions(this.settings, {
      onEnded: (session) => session.begun && this.#totals.add(session.id, session.stats),
      onCrowd: () => this.warn(`more than ${SESSIONS_OPEN_MAX} sessions are open at once: end each one with session.end()`),
    });
    useSessions(this.sessions);
    hub.recorder = this.sessions.recorder;
    this.#patching = startPatching(this.values.instrument, (text) => this.warn(text));
    this.#unwatch = watchProcess({
      onExit: (code) => this.#endAtExit(exitEnd(code, this.#uncaught)),
      onUncaught: (error, origin) => this.#onUncaught(error, origin),
      onSignal: (signal) => this.#endAtExit(signalEnd(signal)),
    });
  }

  /** The session that the running code's calls go to. */
  get session(): Session {
    return handle(this.sessions.current());
  }

  /** Says where it is recorded, once. */
  announce(): void {
    if (this.#announced) return;
    this.#announced = true;
    const { quiet, endpoint, captureContent } = this.values;
    if (quiet) return;
    const { mode, dir } = this.settings;
    const id = this.sessions.current().id;
    const parts = [`recording ${id} (${mode}) to ${guard('client.path', () => shortPath(dir), dir)}/${id}.jsonl`];
    if (endpoint !== undefined) parts.push(`exporting to ${new URL(endpoint).host}${captureContent ? ' with content' : ''}`);
    say(parts.join(', '));
  }

  /** Takes the options of a later `init()`: what can change while it runs does, and of the rest it is said that it cannot. */
  change(given: Options, resolved: Resolved): void {
    const old = this.values;
    const next = resolved.values;
    const fixed: string[] = [];
    const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
    for (const problem of resolved.problems) this.warn(problem);
    if (!next.enabled || recordMode(next, process.env) === 'off') fixed.push('enabled, record (stop it with shutdown())');
    for (const name of ['record', 'dir'] as const) {
      if (this.#begun && !same(old[name], next[name])) fixed.push(name);
    }
    const exporting = [
      'endpoint',
      'headers',
      'captureContent',
      'semconv',
      'nativeSpans',
      'exportTimeoutMs',
      'flushIntervalMs',
    ] as const;
    const changed = exporting.filter((name) => !same(old[name], next[name]));
    if (this.#exporter !== null) fixed.push(...changed);
    if (fixed.length > 0) this.warn(`init() was called again, and these options cannot change any more: ${fixed.join(', ')}`);
    this.given = given;
    const keep = { ...(this.#begun ? { record: old.record, dir: old.dir } : {}), enabled: true };
    this.values = { ...next, ...keep };
    if (recordMode(this.values, process.env) === 'off') this.values.record = old.record;
    if (this.#exporter !== null) for (const name of exporting) Object.assign(this.values, { [name]: old[name] });
    this.#applySessionValues();
    if (this.#exporter === null) this.#applyExport();
    this.#patching.add(next.instrument);
    this.announce();
  }

  /** Says what is wrong, each thing once. */
  warn(text: string): void {
    if (this.values.logLevel === 'off' || this.#warned.has(text) || this.#warned.size >= WARNINGS_MAX) return;
    this.#warned.add(text);
    say(text);
  }

  async flush(timeoutMs: number = FLUSH_MS): Promise<boolean> {
    for (const session of this.sessions.all()) session.commit();
    return this.#exporter === null ? true : atMost(timeoutMs, this.#exporter.flush(timeoutMs), false);
  }

  /** Ends what runs and takes every patch, listener and timer away. */
  shutdown(timeoutMs: number): Promise<void> {
    this.#shutdown ??= this.#stop(timeoutMs);
    return this.#shutdown;
  }

  async #stop(timeoutMs: number): Promise<void> {
    this.#detach();
    this.sessions.close({ state: 'success', reason: 'ended' });
    this.#sayTotals();
    const exporter = this.#exporter;
    if (exporter === null) return;
    await atMost(timeoutMs, exporter.flush(timeoutMs), false);
    await atMost(timeoutMs, exporter.stop(), undefined);
  }

  /** From here on nothing is seen any more. */
  #detach(): void {
    this.#stopped = true;
    guard('client.unwatch', this.#unwatch, undefined);
    guard('client.unpatch', () => this.#patching.stop(), undefined);
    if (hub.recorder === this.sessions.recorder) hub.recorder = null;
    useSessions(null);
  }

  #endAtExit(end: SessionEnd): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.sessions.close(end);
    this.#sayTotals();
    this.#exporter?.handOver(this.values.exitTimeoutMs);
  }

  #onUncaught(error: unknown, origin: string): void {
    this.#uncaught = true;
    const event = this.sessions.recorder.open({ type: 'error', name: origin });
    event?.note({ kind: 'failure', type: 'orchestration', code: 'uncaught_exception' });
    event?.end({ status: 'error', error: errorFacts(error), thrown: error, content: () => ({ error: saidBy(error) }) });
  }

  #sayTotals(): void {
    const line = this.values.quiet ? undefined : this.#totals.line(Math.round((monotonicUs() - this.#startedUs) / 1000));
    if (line !== undefined) sayLine(line);
  }

  #applySessionValues(): void {
    const { values, settings } = this;
    settings.mode = recordMode(values, process.env) === 'full' ? 'full' : 'metadata';
    settings.dir = recordingsFolder(values.dir);
    settings.prices = overridePrices(values.prices);
    settings.tags = values.tags;
    settings.classify = values.classifier;
    hub.propagates = values.propagateContext;
    for (const name of ['environment', 'service'] as const) {
      if (values[name] === undefined) delete settings[name];
      else settings[name] = values[name];
    }
    if (Object.keys(values.agent).length === 0) delete settings.agent;
    else settings.agent = values.agent;
  }

  #applyExport(): void {
    const { values, settings } = this;
    if (values.endpoint === undefined) return;
    guard('client.folder', () => ensureFolder(values.dir), undefined);
    const exporter = guard(
      'client.exporter',
      () =>
        startExporter(
          {
            recordings: settings.dir,
            url: values.endpoint as string,
            headers: values.headers,
            withContent: values.captureContent && settings.mode === 'full',
            profile: values.semconv,
            skipNative: skipsNative(values.nativeSpans, values.endpoint as string, process.env),
            timeoutMs: values.exportTimeoutMs,
            delayMs: values.flushIntervalMs,
          },
          (report) => this.#onReport(report),
        ),
      null,
    );
    this.#exporter = exporter;
    if (exporter === null) return;
    settings.onFile = exporter.begin;
    settings.onEvent = exporter.offer;
  }

  #onReport(report: ShipperReport): void {
    if (report.kind === 'failing')
      this.warn(`export fails (${report.reason}); finished events are kept in the recordings and sent later`);
    else if (report.kind === 'recovered') this.warn('export works again');
    else this.warn(`the backend refused ${report.spans} spans for good (${report.reason}); they are kept in the recordings`);
  }
}

/** `promise`, or `late` after `timeoutMs`. */
function atMost<T>(timeoutMs: number, promise: Promise<T>, late: T): Promise<T> {
  return new Promise((resolve) => {
    // timer held: the app waits for us here, and a top-level await with nothing to wait for would end the process with code 13.
    const timer = setTimeout(() => resolve(late), Math.max(0, timeoutMs));
    const done = (value: T): void => {
      clearTimeout(timer);
      resolve(value);
    };
    promise.then(done, () => done(late));
  });
}

function shortPath(path: string): string {
  const here = `${process.cwd()}/`;
  return path.startsWith(here) ? path.slice(here.length) : path;
}
