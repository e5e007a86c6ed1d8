/** Mistral's SDK for its own tests: its modules, in either version, and a client of a stand-in. */
import { createRequire } from 'node:module';
import { afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { hub } from '../../src/events/ports.ts';
import { undoAll } from '../../src/patch/registry.ts';
import { mistral } from '../../src/providers/mistral/mistral.ts';
import { recordInMemory } from '../../src/testing/in-memory-recorder.ts';
import type { InMemoryEvent, InMemoryRecorder } from '../../src/testing/in-memory-recorder.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { Answer, StandIn } from '../../src/testing/stand-in.ts';

const require = createRequire(import.meta.url);

/** What each test of one version is given; made anew for each. */
export class MistralRig {
  readonly version: number;
  index: any;
  core: any;
  promises: any;
  sdks: any;
  env: any;
  recorder!: InMemoryRecorder;
  readonly servers: StandIn[] = [];

  constructor(version: number) {
    this.version = version;
  }

  /** A module of the SDK. */
  async load(path: string): Promise<any> {
    if (this.version === 1) return require(`mistral-1/${path}`);
    return path === 'index.js' ? import('@mistralai/mistralai') : import(`@mistralai/mistralai/${path}`);
  }

  async function(name: string): Promise<any> {
    return (await this.load(`funcs/${name}.js`))[name];
  }

  async serve(answer: Answer): Promise<StandIn> {
    const server = await startStandIn(answer);
    this.servers.push(server);
    return server;
  }

  async client(answer: Answer, options: object = {}): Promise<any> {
    return new this.index.Mistral({ apiKey: 'key', serverURL: (await this.serve(answer)).url, ...options });
  }

  /** The one LLM event there is. */
  only(): InMemoryEvent {
    expect(this.recorder.calls.map(({ name, status }) => [name, status])).toHaveLength(1);
    return this.recorder.calls[0]!;
  }
}

/** To be called where the tests of one version are described. */
export function rigOf(version: number): MistralRig {
  const rig = new MistralRig(version);
  beforeAll(async () => {
    rig.index = await rig.load('index.js');
    rig.core = await rig.load('core.js');
    rig.promises = await rig.load('types/async.js');
    rig.sdks = await rig.load('lib/sdks.js');
    rig.env = await rig.load('lib/env.js');
  });
  beforeEach(() => {
    for (const namespace of [rig.index, rig.sdks, rig.promises]) mistral.patch({ namespace });
    rig.recorder = recordInMemory();
  });
  afterEach(async () => {
    hub.recorder = null;
    undoAll();
    await Promise.all(rig.servers.splice(0).map((server) => server.close()));
  });
  return rig;
}

/** Reads a stream to its end; anything else is none. */
export async function readAll(value: any): Promise<void> {
  if (value instanceof ReadableStream) for await (const _ of value as any);
}
