/** What the tests of the OpenAI Agents SDK have in common: both formats of it, and a stand-in that answers as OpenAI does. */
import { createRequire } from 'node:module';
import * as esm from '@openai/agents';
import OpenAI from 'openai';
import * as openaiSdk from 'openai';
import { afterEach, beforeEach, expect } from 'vitest';
import { z } from 'zod';
import { listFaults } from '../../src/core/diagnostics.ts';
import { hub } from '../../src/events/ports.ts';
import { undoAll } from '../../src/patch/registry.ts';
import { openaiAgents } from '../../src/providers/openai-agents/openai-agents.ts';
import { openai } from '../../src/providers/openai/openai.ts';
import { recordInMemory } from '../../src/testing/in-memory-recorder.ts';
import type { InMemoryOptions, InMemoryRecorder } from '../../src/testing/in-memory-recorder.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { Answer, Reply, StandIn, StandInRequest } from '../../src/testing/stand-in.ts';
import { chatCompletion, chatCompletionStream, responsesAnswer, responsesStream } from '../../src/testing/wire.ts';
import type { WireAnswer } from '../../src/testing/wire.ts';

export type AgentsSdk = typeof esm;
const require = createRequire(import.meta.url);
const cjs = require('@openai/agents') as AgentsSdk;
const openaiCjs = require('openai') as typeof openaiSdk;
/** Both formats; each exports all that its `@openai/agents-core` does. */
export const copies: readonly AgentsSdk[] = [esm, cjs];

export const TOKENS = { input: 10, output: 5, cached: 4, reasoning: 2 };
export const TEXT = 'The weather in Oslo is fine.';
export const LOOKUP = { id: 'call_abc', name: 'lookup', arguments: '{"city":"Oslo"}' };

/** An answer in the API and the form that the request asks for. */
export function answering(answer: WireAnswer, { path, json }: StandInRequest): Reply {
  const whole = { tokens: TOKENS, ...answer };
  if (path.endsWith('/responses')) return json.stream ? { pieces: responsesStream(whole) } : { body: responsesAnswer(whole) };
  return json.stream ? { pieces: chatCompletionStream(whole) } : { body: chatCompletion(whole) };
}

/** Whether there is nothing left for a tool to do. */
export const isAnswered = ({ json }: StandInRequest): boolean =>
  !json.tools?.length || /function_call_output|"role":"tool"/.test(JSON.stringify(json));
export const oneTurn: Answer = (request) => answering({ text: TEXT }, request);
/** First a call of `lookup`, then a text. */
export const twoTurns: Answer = (request) => answering(isAnswered(request) ? { text: TEXT } : { tools: [LOOKUP] }, request);

/** The tree of a run with two turns. */
export const RUN = [
  'Agent workflow ok',
  '  invoke_agent forecaster ok',
  '    turn 1 ok',
  '      chat gpt-5-mini ok',
  '      execute_tool lookup ok',
  '    turn 2 ok',
  '      chat gpt-5-mini ok',
];

/** A tool that calls what it is given. */
export const lookupOf = (sdk: AgentsSdk, run: (city: string) => unknown = (city) => `fine in ${city}`): any =>
  sdk.tool({
    name: 'lookup',
    description: 'The weather',
    parameters: z.object({ city: z.string() }),
    execute: async ({ city }) => run(city),
  });

const onPurpose = (fault: string): boolean => fault.includes('on purpose');
const faultsNow = (): string[] =>
  listFaults()
    .map(({ site, error, count }) => `${site} ${count} ${String(error)}`)
    .filter((fault) => !onPurpose(fault));

export class AgentsBench {
  recorder!: InMemoryRecorder;
  /** A model that is asked at the stand-in which was started last. */
  model: (name: string) => any = () => undefined;
  readonly #servers: StandIn[] = [];

  record(options: Partial<InMemoryOptions> = {}): InMemoryRecorder {
    return (this.recorder = recordInMemory(options));
  }

  async serve(answer: Answer, sdk: AgentsSdk = esm, api: 'responses' | 'chat_completions' = 'responses'): Promise<StandIn> {
    const server = await startStandIn(answer);
    this.#servers.push(server);
    const Client = sdk === esm ? OpenAI : openaiCjs.OpenAI;
    const client: any = new Client({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
    const Model = api === 'responses' ? sdk.OpenAIResponsesModel : sdk.OpenAIChatCompletionsModel;
    this.model = (name) => new Model(client, name);
    return server;
  }

  agent(more: object = {}, sdk: AgentsSdk = esm): any {
    const own = { name: 'forecaster', instructions: 'Be brief.', model: this.model('gpt-5-mini'), tools: [lookupOf(sdk)] };
    return new sdk.Agent({ ...own, ...more } as never);
  }

  async close(): Promise<void> {
    hub.recorder = null;
    undoAll();
    await Promise.all(this.#servers.splice(0).map((server) => server.close()));
  }
}

/** A bench for each test of a file, with the patches of both SDKs in place. No fault of ours may come up. */
export function useAgentsBench(): AgentsBench {
  const bench = new AgentsBench();
  let faults: string[];
  beforeEach(() => {
    faults = faultsNow();
    for (const namespace of copies) openaiAgents.patch({ namespace });
    for (const namespace of [openaiSdk, openaiCjs]) openai.patch({ namespace });
    for (const sdk of copies) sdk.setTraceProcessors([]);
    // The SDK's own default where NODE_ENV is `test` is to make no spans.
    for (const sdk of copies) sdk.setTracingDisabled(false);
    bench.record();
  });
  afterEach(async () => {
    await bench.close();
    expect(faultsNow()).toEqual(faults);
    expect(hub.bridges).toEqual([]);
  });
  return bench;
}
