/**
 * What the clients of one process have in common: the recorder on the hub, the patches, the listeners of the process. The first client puts them in place, the last one to go takes
 * them away.
 */
import { guard, onFault, onNotice } from '../core/diagnostics.ts';
import { saidBy } from '../core/thrown.ts';
import { hub } from '../events/ports.ts';
import type { LiveSession, SessionEnd } from '../session/live-session.ts';
import { createLogCapture } from '../session/log-capture.ts';
import { createRecorder } from '../session/recorder.ts';
import { useSessions } from '../session/sessions.ts';
import type { SessionStore } from '../session/store.ts';
import { errorFacts } from '../session/outcome.ts';
import { tellChildren } from './child-context.ts';
import { deliverInChild } from './deliver-child.ts';
import type { DeliveryOrder } from './deliver-child.ts';
import { exitEnd, signalEnd } from './ending.ts';
import { watchProcess } from './lifecycle.ts';
import type { Values } from './options.ts';
import { startPatching } from './patching.ts';
import type { Patching } from './patching.ts';
import { currentRuntime } from './replayable.ts';
import { faultText } from './stderr.ts';

/** One client, as the others know it. */
export interface Resident {
  /** The client of `init()`: what happens in no session of a further one is its. */
  readonly isDefault: boolean;
  readonly sessions: SessionStore;
  readonly values: Values;
  warn(text: string): void;
  /** The process ends: so do its sessions. */
  endAtExit(end: SessionEnd): void;
  /** After that: what is left to deliver, if anything. */
  leave(): DeliveryOrder | null;
}

const residents = new Set<Resident>();
let patching: Patching | null = null;
let unwatch: (() => void) | null = null;
/** Something was thrown that nobody caught. */
let uncaught = false;

const defaultOne = (): Resident | undefined => residents.values().find(({ isDefault }) => isDefault);
/** Who speaks for all of them. */
const spokesman = (): Resident | undefined => defaultOne() ?? residents.values().next().value;

/** Records into the session of the running code, else into the default client's, if there is one. */
export function implicit(): LiveSession | null {
  return defaultOne()?.sessions.implicit() ?? null;
}
const recorder = createRecorder(implicit);
const logs = createLogCapture(recorder, implicit);
/** The SDKs that were found last; they are asked for when their patches are out already. */
let copies: Patching['copies'] = () => [];

/** A client begins: from here on its sessions take events. */
export function moveIn(resident: Resident): void {
  const first = residents.size === 0;
  residents.add(resident);
  settle();
  if (first) {
    uncaught = false;
    onFault((fault) => {
      const one = spokesman() ?? resident;
      one.warn(faultText(fault, one.values.logLevel === 'debug'));
    });
    onNotice((text) => (spokesman() ?? resident).warn(text));
    patching = startPatching(resident.values.instrument, (text) => spokesman()?.warn(text));
    copies = patching.copies;
    guard('client.children', tellChildren, undefined);
    unwatch = watchProcess({
      onExit: (code) => endAll(exitEnd(code, uncaught)),
      onUncaught,
      onSignal: (signal) => {
        const end = signalEnd(signal);
        guard('client.dying', () => currentRuntime()?.dying(end), undefined);
        endAll(end);
      },
    });
  } else {
    instrument(resident.values.instrument);
  }
}

/** A client has stopped: from here on it sees nothing more. Called again, it does nothing. */
export function moveOut(resident: Resident): void {
  if (!residents.delete(resident)) return;
  settle();
  if (residents.size > 0) return;
  if (unwatch !== null) guard('client.unwatch', unwatch, undefined);
  guard('client.unpatch', () => patching?.stop(), undefined);
  patching = unwatch = null;
}

/** Patches classes that were handed over. */
export function instrument(classes: Record<string, unknown>): void {
  patching?.add(classes);
}

/** Brings what the whole process goes by in line with who is there. */
export function settle(): void {
  hub.recorder = residents.size === 0 ? null : recorder;
  useSessions(defaultOne()?.sessions ?? null);
  const printed = [...residents].some(({ values }) => values.captureLogs !== 'off');
  guard('client.logs', () => logs.use(printed), undefined);
  const one = spokesman();
  if (one !== undefined) hub.propagates = one.values.propagateContext;
}

/** Writes what a session was printed half of. */
export function finishLogs(session: LiveSession): void {
  logs.finish(session);
}

/** The copies of SDKs that are known in this process. */
export function knownCopies(): ReturnType<Patching['copies']> {
  return copies();
}

/** The folders that running clients record to. */
export function foldersInUse(): string[] {
  return [...residents].map(({ values }) => values.dir);
}

function onUncaught(error: unknown, origin: string): void {
  uncaught = true;
  const event = recorder.open({ type: 'error', name: origin });
  event?.note({ kind: 'failure', type: 'orchestration', code: 'uncaught_exception' });
  event?.end({ status: 'error', error: errorFacts(error), thrown: error, content: () => ({ error: saidBy(error) }) });
}

/** The last code of the process. What is left is delivered by one child for all of them, so that they wait together and not one after the other. */
function endAll(end: SessionEnd): void {
  for (const resident of residents) guard('client.exit', () => resident.endAtExit(end), undefined);
  const orders = [...residents].map((resident) => guard('client.exit', () => resident.leave(), null));
  deliverInChild(orders.filter((order) => order !== null));
}
