/** What each check is given: the SDK under test, a stand-in to call, and a recorder in memory. */
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { listFaults } from '../../core/diagnostics.ts';
import { hub } from '../../events/ports.ts';
import { listPatches, undoAll } from '../../patch/registry.ts';
import type { PatchReport } from '../../providers/provider.ts';
import { recordInMemory } from '../in-memory-recorder.ts';
import type { InMemoryEvent, InMemoryOptions, InMemoryRecorder } from '../in-memory-recorder.ts';
import { startRefusal, startStandIn } from '../stand-in.ts';
import type { Answer, Reply, StandIn } from '../stand-in.ts';
import type { WireAnswer } from '../wire.ts';
import { assertSame } from './claims.ts';
import { portraitOf } from './portrait.ts';
import type { CallOptions, Capabilities, ClientOptions, ProviderSpec } from './spec.ts';

export const TEXT = 'The weather in Oslo is fine.';
export const LOOKUP = { id: 'call_abc', name: 'lookup', arguments: '{"city":"Oslo"}' };

/** Stands in the message of every fault that a check provokes. */
export const ON_PURPOSE = 'on purpose';

/** One check, before it is bound to an SDK. */
export interface Check {
  name: string;
  /** What the SDK must have for it. */
  needs?: readonly Need[];
  /** Why it is pointless on this SDK, or false. */
  skip?(spec: ProviderSpec): string | false;
  /** It makes something of ours throw, with `ON_PURPOSE` in the message. */
  provokes?: boolean;
  run(bench: Bench): void | Promise<void>;
}

export type Need =
  | keyof Capabilities
  | 'stream'
  | 'streamHelper'
  | 'structured'
  | 'embeddings'
  | 'toolLoop'
  | 'toolTurn'
  | 'errorEvent'
  | 'odd';

/** Why a check cannot be run on this SDK, or false. */
export function lackOf(spec: ProviderSpec, { needs = [], skip }: Check): string | false {
  for (const need of needs) {
    if (need in spec.can ? spec.can[need as keyof Capabilities] : has(spec, need)) continue;
    return `the spec says of no \`${need}\``;
  }
  return skip?.(spec) ?? false;
}

function has(spec: ProviderSpec, need: Need): boolean {
  if (need === 'stream') return spec.stream !== undefined && spec.wire.stream !== undefined;
  if (need === 'errorEvent' || need === 'odd') return spec.wire[need] !== undefined;
  return need in spec && spec[need as keyof ProviderSpec] !== undefined;
}

/** Replies in their order; the last one again and again. */
export function inTurn(...replies: Reply[]): Answer {
  return (_, index) => replies[Math.min(index, replies.length - 1)]!;
}

/** An answer that never begins. */
export function silence(): Promise<Reply> {
  return new Promise(() => {});
}

/** Waits until `holds`, or gives up: what is waited for comes with an event of a socket. */
export async function until(holds: () => boolean, what: string, triesMax = 500): Promise<void> {
  for (let tries = 0; tries < triesMax; tries++) {
    if (holds()) return;
    await wait(10, undefined, { ref: false });
  }
  throw new Error(`It never came: ${what}`);
}

/** What became of a call. */
export type Outcome = { value: any } | { error: any };

/** The outcome of what `make` gives, or throws. */
export async function outcomeOf(make: () => unknown): Promise<Outcome> {
  try {
    return { value: await make() };
  } catch (error) {
    return { error };
  }
}

/** The error that `make` must end with. */
export async function errorOf(make: () => unknown): Promise<any> {
  const outcome = await outcomeOf(make);
  if ('value' in outcome) throw new Error(`No error came, but ${JSON.stringify(outcome.value)}`);
  return outcome.error;
}

export class Bench {
  readonly spec: ProviderSpec;
  readonly sdk: any;
  recorder!: InMemoryRecorder;
  readonly #servers: StandIn[] = [];
  readonly #closing: { close(): Promise<void> }[] = [];
  readonly #before = { recorder: hub.recorder, answerer: hub.answerer };
  readonly #faults = faultCounts();

  constructor(spec: ProviderSpec, sdk: unknown) {
    this.spec = spec;
    this.sdk = sdk;
  }

  /** What is patched already would be taken out at the end, and would not have been patched by the check. */
  assertUnpatched(): void {
    const inForce = listPatches().map(({ label }) => label);
    assertSame(inForce, [], 'The suite runs where nothing is patched, in a process without init(); these are patched');
  }

  /** Patches the SDK, and puts a recorder in memory into the hub. */
  begin(): void {
    this.record();
    this.patch();
  }

  patch(): PatchReport {
    const modules = this.spec.modules?.(this.sdk) ?? [{ namespace: this.sdk }];
    const reports = modules.map((found) => this.spec.provider.patch(found));
    return { patched: reports.flatMap(({ patched }) => patched), missing: reports.flatMap(({ missing }) => missing) };
  }

  record(options: Partial<InMemoryOptions> = {}): InMemoryRecorder {
    this.recorder = recordInMemory(options);
    return this.recorder;
  }

  /** Runs `fn` on the SDK as it is without us. */
  async bare<T>(fn: () => T | Promise<T>): Promise<T> {
    const { recorder } = hub;
    undoAll();
    hub.recorder = null;
    try {
      return await fn();
    } finally {
      this.patch();
      hub.recorder = recorder;
    }
  }

  /** The newest stand-in. */
  get server(): StandIn {
    return this.#servers.at(-1)!;
  }

  /** A stand-in that answers as `answer` says, and a client of it. */
  async client(answer: Answer, options: Partial<ClientOptions> = {}): Promise<any> {
    const server = await startStandIn(answer);
    this.#servers.push(server);
    this.#closing.push(server);
    return this.clientOfServer(options);
  }

  /** One more client of the newest stand-in. */
  clientOfServer(options: Partial<ClientOptions> = {}): any {
    return this.clientOf(this.server.url, options);
  }

  clientOf(url: string, options: Partial<ClientOptions> = {}): any {
    return this.spec.client(this.sdk, url, { maxRetries: 0, ...options });
  }

  /** The address of nobody. */
  async refusal(): Promise<string> {
    const refusal = await startRefusal();
    this.#closing.push(refusal);
    return refusal.url;
  }

  /** A plain answer. */
  plain(answer?: WireAnswer): Reply {
    return { body: this.spec.wire.answer(answer), headers: this.requestId('req_7') };
  }

  /** The pieces of a streamed answer. */
  pieces(answer?: WireAnswer): (string | Uint8Array)[] {
    return this.spec.wire.stream!({ fragments: 5, ...answer });
  }

  /** A streamed answer of these pieces. */
  streamed(pieces: readonly (string | Uint8Array)[], more: Partial<Reply> = {}): Reply {
    return { pieces, ...more, headers: { ...this.requestId('req_7'), ...this.spec.wire.streamHeaders, ...more.headers } };
  }

  /** Headers that name the request. */
  requestId(id: string): Record<string, string> {
    const { requestIdHeader } = this.spec.wire;
    return requestIdHeader === undefined ? {} : { [requestIdHeader]: id };
  }

  stream(client: any, options?: CallOptions): any {
    return this.spec.stream!(client, options);
  }

  /** What to iterate over in what the SDK gave for a stream. */
  reader(stream: any): AsyncIterable<any> {
    return this.spec.readStream ? this.spec.readStream(stream) : stream;
  }

  async readAll(stream: any): Promise<any[]> {
    const chunks: any[] = [];
    for await (const chunk of this.reader(stream)) chunks.push(chunk);
    return chunks;
  }

  textOf(value: any): string {
    return this.spec.textOf ? this.spec.textOf(value) : JSON.stringify(value);
  }

  portrait(value: unknown): unknown {
    return portraitOf(value, this.spec.volatile);
  }

  /** The one LLM event there is. */
  only(): InMemoryEvent {
    const { calls } = this.recorder;
    const list = calls.map(({ start, status }) => `${start.name}: ${status}`).join(', ');
    assert.ok(calls.length === 1, `One LLM event is expected; there are ${calls.length}: [${list}]`);
    return calls[0]!;
  }

  /** Takes everything down again, and throws where a fault of ours was counted that nobody provoked. */
  async end(provoked: boolean): Promise<void> {
    Object.assign(hub, this.#before);
    undoAll();
    this.recorder.mend();
    await Promise.all(this.#closing.map((each) => each.close()));
    // Of each site the first error of the process is kept. Where that one was provoked, a further one counts all the same in a check that provokes none.
    const faults = listFaults().filter(
      ({ site, error, count }) => count > (this.#faults.get(site) ?? 0) && !(provoked && String(error).includes(ON_PURPOSE)),
    );
    assertSame(
      faults.map(({ site, error }) => `${this.#faults.has(site) ? `${site} again, at first: ` : `${site}: `}${String(error)}`),
      [],
      'Faults of the provider or of hindcast, which the app did not notice',
    );
  }
}

function faultCounts(): Map<string, number> {
  return new Map(listFaults().map(({ site, count }) => [site, count]));
}
