/** What each part of the contract suite is given: the SDK under test, a stand-in to call, and a recorder in memory. */
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import { hub } from '../../../src/events/ports.ts';
import type { Provider } from '../../../src/providers/provider.ts';
import { startStandIn } from '../../../src/testing/stand-in.ts';
import type { Answer, Reply, StandIn } from '../../../src/testing/stand-in.ts';
import type { WireAnswer, WireError } from '../../../src/testing/wire.ts';
import { recordInMemory } from '../../support/fake-recorder.ts';
import type { FakeEvent, FakeOptions, FakeRecorder } from '../../support/fake-recorder.ts';

export interface CallOptions {
  signal?: AbortSignal;
}

export interface ClientOptions {
  maxRetries?: number;
  timeout?: number;
}

export interface ProviderSpec {
  name: string;
  provider: Provider;
  versions: readonly { label: string; load: () => unknown }[];
  client(sdk: any, url: string, options: ClientOptions): any;
  chat(client: any, options?: CallOptions): any;
  stream(client: any, options?: CallOptions): any;
  wire: {
    answer(answer?: WireAnswer): object;
    stream(answer?: WireAnswer): string[];
    error(error: WireError): Reply;
    /** An error inside a stream that began well. */
    errorEvent: string;
    requestIdHeader: string;
    /** Bodies that no SDK should be given, and some are. */
    odd: readonly unknown[];
  };
  /** The SDK's helper that reads a stream to its end. */
  streamHelper?: (client: any) => Promise<unknown>;
  /** Asks for `{"city": string}`; gives what the SDK parsed. */
  structured?: (client: any) => Promise<unknown>;
  embeddings?: { call: (client: any) => any; answer: object; dimensions: number };
  /** Runs the SDK's tool loop with one tool, `lookup`. */
  toolLoop?: (client: any, run: (...args: any[]) => unknown) => PromiseLike<unknown>;
  /** Methods whose originals must come back. */
  methods: (sdk: any) => [owner: any, name: string][];
}

export const TEXT = 'The weather in Oslo is fine.';
export const LOOKUP = { id: 'call_abc', name: 'lookup', arguments: '{"city":"Oslo"}' };

/** Replies in their order; the last one again and again. */
export const inTurn =
  (...replies: Reply[]): Answer =>
  (_, index) =>
    replies[Math.min(index, replies.length - 1)]!;

/** Waits until `holds`, or gives up: what is waited for comes with an event of a socket. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (holds()) return;
    await wait(10);
  }
  throw new Error(`It never came: ${what}`);
}

/** The outcome of a promise, error or not. */
export async function outcomeOf(promise: PromiseLike<unknown>): Promise<any> {
  try {
    return await promise;
  } catch (error) {
    return error;
  }
}

export async function readAll(stream: any): Promise<any[]> {
  const chunks: any[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

export class Bench {
  readonly spec: ProviderSpec;
  sdk: any;
  recorder!: FakeRecorder;
  #server: StandIn | undefined;

  constructor(spec: ProviderSpec) {
    this.spec = spec;
  }

  get server(): StandIn {
    return this.#server!;
  }

  async client(answer: Answer, options: ClientOptions = {}): Promise<any> {
    this.#server = await startStandIn(answer);
    return this.spec.client(this.sdk, this.#server.url, { maxRetries: 0, ...options });
  }

  record(options: Partial<FakeOptions> = {}): FakeRecorder {
    this.recorder = recordInMemory(options);
    return this.recorder;
  }

  /** The one LLM event there is. */
  only(): FakeEvent {
    expect(this.recorder.calls).toHaveLength(1);
    return this.recorder.calls[0]!;
  }

  async close(): Promise<void> {
    hub.recorder = null;
    hub.answerer = null;
    await this.#server?.close();
    this.#server = undefined;
  }
}
