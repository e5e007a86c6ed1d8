/** What the tests of the Vercel AI SDK have in common: a stand-in that answers as OpenAI does, its models, and what was recorded as a tree that a person can read. */
import { createOpenAI } from '@ai-sdk/openai';
import * as ai from 'ai';
import { afterEach, beforeEach, expect } from 'vitest';
import { z } from 'zod';
import { listFaults } from '../../src/core/diagnostics.ts';
import { hub } from '../../src/events/ports.ts';
import { undoAll } from '../../src/patch/registry.ts';
import { aiSdk } from '../../src/providers/ai-sdk/ai-sdk.ts';
import { openai } from '../../src/providers/openai/openai.ts';
import { recordInMemory } from '../../src/testing/in-memory-recorder.ts';
import type { InMemoryEvent, InMemoryOptions, InMemoryRecorder } from '../../src/testing/in-memory-recorder.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { Answer, Reply, StandIn, StandInRequest } from '../../src/testing/stand-in.ts';
import { chatCompletion, chatCompletionStream, embedding } from '../../src/testing/wire.ts';
import type { WireAnswer } from '../../src/testing/wire.ts';
import * as openaiSdk from 'openai';

export const TOKENS = { input: 10, output: 5, cached: 4, reasoning: 2 };
export const LOOKUP = { id: 'call_abc', name: 'lookup', arguments: '{"city":"Oslo"}' };
export const TEXT = 'The weather in Oslo is fine.';

/** An answer in the form that the request asks for. */
export function answering(answer: WireAnswer, request: StandInRequest): Reply {
  const whole = { tokens: TOKENS, ...answer };
  if (request.path.endsWith('/embeddings')) return { body: embedding((request.json.input as string[]).map(() => [1, 2, 3])) };
  return request.json?.stream ? { pieces: chatCompletionStream(whole) } : { body: chatCompletion(whole) };
}

/** First a tool call, then a text. */
export const twoTurns: Answer = (request) => {
  const answered = request.json.messages?.some(({ role }: { role: string }) => role === 'tool');
  return answering(answered ? { text: TEXT } : { tools: [LOOKUP] }, request);
};

export const oneTurn: Answer = (request) => answering({ text: TEXT }, request);

/** One event a line, indented below its parent: its name, and how it ended. */
export function treeOf(recorder: InMemoryRecorder): string[] {
  const below = (parent: InMemoryEvent | null, indent: string): string[] =>
    recorder.events
      .filter((event) => event.parent === parent)
      .flatMap((event) => [`${indent}${event.name} ${event.status}`, ...below(event, `${indent}  `)]);
  return below(null, '');
}

/** A tool that calls what it is given. */
export const lookup = (run: (city: string) => unknown = (city) => ({ weather: `fine in ${city}` })) =>
  ai.tool({ description: 'The weather', inputSchema: z.object({ city: z.string() }), execute: async ({ city }) => run(city) });

export class AiBench {
  recorder!: InMemoryRecorder;
  #servers: StandIn[] = [];

  /** Starts a stand-in, and gives the models of a provider that is pointed at it. */
  async models(answer: Answer): Promise<ReturnType<typeof createOpenAI> & { server: StandIn }> {
    const server = await startStandIn(answer);
    this.#servers.push(server);
    return Object.assign(createOpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none' }), { server });
  }

  record(options: Partial<InMemoryOptions> = {}): InMemoryRecorder {
    return (this.recorder = recordInMemory(options));
  }

  async close(): Promise<void> {
    hub.recorder = null;
    undoAll();
    await Promise.all(this.#servers.splice(0).map((server) => server.close()));
  }
}

/** A bench for each test of a file, with the SDK's and OpenAI's patches in place. No fault of ours may come up. */
export function useAiBench(): AiBench {
  const bench = new AiBench();
  let faults: number;
  beforeEach(() => {
    Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
    faults = listFaults().length;
    aiSdk.patch({ namespace: ai });
    openai.patch({ namespace: openaiSdk });
    bench.record();
  });
  afterEach(async () => {
    await bench.close();
    expect(
      listFaults()
        .slice(faults)
        .filter(({ error }) => !String(error).includes('on purpose')),
    ).toEqual([]);
    expect(hub.bridges).toEqual([]);
  });
  return bench;
}

/** The turns of the event loop in which the SDK and we settle what a reader has left. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => void setImmediate(resolve));
}
