/** P1 Who really answers: the SDKs of OpenAI and Anthropic are often pointed at somebody else. */
import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hub } from '../../src/events/ports.ts';
import { undoAll } from '../../src/patch/registry.ts';
import { anthropic } from '../../src/providers/anthropic/anthropic.ts';
import { gatewayCost, gatewayOf, providerOf, providerOfClient } from '../../src/providers/hosts.ts';
import { openai } from '../../src/providers/openai/openai.ts';
import { recordInMemory } from '../../src/testing/in-memory-recorder.ts';
import type { InMemoryEvent, InMemoryRecorder } from '../../src/testing/in-memory-recorder.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { Answer, Reply, StandIn, StandInRequest } from '../../src/testing/stand-in.ts';
import * as wire from '../../src/testing/wire.ts';

const require = createRequire(import.meta.url);

/** Base URLs as the providers' own documentation gives them. */
const HOSTS = [
  ['https://api.openai.com/v1', 'openai'],
  ['https://eu.api.openai.com/v1', 'openai'],
  ['https://mine.openai.azure.com/openai/v1/', 'azure.ai.openai'],
  ['https://mine.cognitiveservices.azure.com/openai/v1', 'azure.ai.openai'],
  ['https://mine.services.ai.azure.com/openai/v1', 'azure.ai.openai'],
  ['https://mine.services.ai.azure.com/models', 'azure.ai.inference'],
  ['https://mine.eastus.models.ai.azure.com/v1', 'azure.ai.inference'],
  ['https://models.inference.ai.azure.com', 'azure.ai.inference'],
  ['https://openrouter.ai/api/v1', 'openrouter'],
  ['https://api.deepseek.com', 'deepseek'],
  ['https://api.x.ai/v1', 'x_ai'],
  ['https://eu-west-1.api.x.ai/v1', 'x_ai'],
  ['https://api.together.xyz/v1', 'together'],
  ['https://api.perplexity.ai', 'perplexity'],
  ['https://api.cerebras.ai/v1', 'cerebras'],
  ['https://api.fireworks.ai/inference/v1', 'fireworks'],
  ['https://api.groq.com/openai/v1', 'groq'],
  ['https://api.mistral.ai/v1', 'mistral_ai'],
  ['https://generativelanguage.googleapis.com/v1beta/openai/', 'gcp.gemini'],
  ['https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/endpoints/openapi', 'gcp.vertex_ai'],
  ['https://aiplatform.googleapis.com/v1/projects/p/locations/global/endpoints/openapi', 'gcp.vertex_ai'],
  ['https://aiplatform.eu.rep.googleapis.com/v1', 'gcp.vertex_ai'],
  ['https://bedrock-runtime.us-west-2.amazonaws.com/openai/v1', 'aws.bedrock'],
  ['https://bedrock-mantle.us-east-1.api.aws/v1', 'aws.bedrock'],
  ['https://api.cohere.ai/compatibility/v1', 'cohere'],
  ['https://api.ai21.com/studio/v1', 'ai21'],
  ['https://api.deepinfra.com/v1/openai', 'deepinfra'],
  ['https://router.huggingface.co/v1', 'huggingface'],
  ['https://ollama.com/v1', 'ollama'],
  ['http://localhost:11434/v1', 'ollama'],
  ['http://ollama:11434/v1', 'ollama'],
  ['http://localhost:1234/v1', 'lm_studio'],
  // Nothing tells vLLM, or what else may listen there: it is OpenAI's dialect, and no more is said.
  ['http://localhost:8000/v1', 'openai'],
  ['http://gpu.internal:1234/v1', 'openai'],
  ['https://mine-alb-1.us-east-1.elb.amazonaws.com/v1', 'openai'],
  ['https://api.openai.com.evil.example', 'openai'],
  ['https://notopenai.azure.com', 'openai'],
] as const;

const PORTS: Record<string, number> = { 'http:': 80, 'https:': 443 };

describe('P1 hosts', () => {
  test.each(HOSTS)('%s: %s', (url, provider) => {
    const { hostname, port, protocol } = new URL(url);
    const server = { address: hostname, port: port === '' ? PORTS[protocol]! : Number(port) };
    expect(providerOf(url, 'openai')).toEqual({ provider, server });
    // What is remembered is the same.
    expect(providerOf(url, 'openai')).toEqual({ provider, server });
  });

  test('an address without brackets', () => {
    expect(providerOf('http://[::1]:8080', 'given')).toEqual({ provider: 'given', server: { address: '::1', port: 8080 } });
  });

  test('what is no URL says nothing', () => {
    for (const url of ['nonsense', '', undefined, 7, null]) expect(providerOf(url, 'given')).toEqual({ provider: 'given' });
  });

  test('the class of the client says it before the host does', () => {
    class AzureOpenAI {
      baseURL = 'http://127.0.0.1:9/openai';
    }
    expect(providerOfClient(new AzureOpenAI(), 'openai')).toEqual({
      provider: 'azure.ai.openai',
      server: { address: '127.0.0.1', port: 9 },
    });
    expect(providerOfClient(undefined, 'openai')).toEqual({ provider: 'openai' });
    expect(providerOfClient({ constructor: { name: 'toString' } }, 'openai')).toEqual({ provider: 'openai' });
  });

  test('gateways, and what they say of the cost', () => {
    expect(gatewayOf(new Headers({ 'x-litellm-call-id': '1' }))).toBe('litellm');
    expect(gatewayOf({ server: 'x' })).toBeUndefined();
    const said = (cost: string): unknown => gatewayCost({ 'x-litellm-response-cost': cost });
    expect(['2.85e-05', '0.0', '0'].map(said)).toEqual([2.85e-5, 0, 0]);
    expect(['', 'None', '-1', 'Infinity'].map(said)).toEqual([undefined, undefined, undefined, undefined]);
    expect(gatewayCost({})).toBeUndefined();
  });
});

let server: StandIn;
let recorder: InMemoryRecorder;

/** A client that believes to talk to `baseURL`, and talks to a stand-in. */
async function clientAt(baseURL: string, answer: Answer): Promise<any> {
  server = await startStandIn(answer);
  const { OpenAI } = require('openai');
  const detour = (url: string, init: RequestInit): Promise<Response> => fetch(server.url + new URL(url).pathname, init);
  return new OpenAI({ apiKey: 'k', baseURL, maxRetries: 0, fetch: detour });
}

function only(): InMemoryEvent {
  expect(recorder.calls).toHaveLength(1);
  return recorder.calls[0]!;
}

beforeEach(() => {
  recorder = recordInMemory();
  openai.patch({ namespace: require('openai') });
  anthropic.patch({ namespace: require('@anthropic-ai/sdk') });
});
afterEach(async () => {
  hub.recorder = null;
  undoAll();
  await server?.close();
});

const chat = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }] };
const dialects = ({ path, json }: StandInRequest): Reply => {
  if (path.endsWith('/embeddings')) return { body: wire.embedding([[1, 2]]) };
  if (path.endsWith('/responses')) return { body: wire.responsesAnswer() };
  return json.stream ? { pieces: wire.chatCompletionStream() } : { body: wire.chatCompletion() };
};

describe('P1 each of the calls of one client is told to be of the same provider', () => {
  test.each(HOSTS)('%s: %s', async (url, provider) => {
    const client = await clientAt(url, dialects);
    await client.chat.completions.create(chat);
    for await (const _ of await client.chat.completions.create({ ...chat, stream: true }));
    await client.responses.create({ model: 'm', input: 'hi' });
    await client.embeddings.create({ model: 'm', input: 'hi', encoding_format: 'float' });
    expect(recorder.calls.map(({ llm, status }) => [llm!.api, llm!.provider, status])).toEqual([
      ['chat_completions', provider, 'ok'],
      ['chat_completions', provider, 'ok'],
      ['responses', provider, 'ok'],
      ['embeddings', provider, 'ok'],
    ]);
  });
});

describe('P1 what the answer says', () => {
  const ollama = { ...wire.chatCompletion(), system_fingerprint: 'fp_ollama' };

  test('Ollama, wherever it runs', async () => {
    await (await clientAt('https://models.internal/v1', () => ({ body: ollama }))).chat.completions.create(chat);
    expect(only().llm!.provider).toBe('ollama');
  });

  test('but whoever is known by the host is not taken for what is behind', async () => {
    await (await clientAt('https://openrouter.ai/api/v1', () => ({ body: ollama }))).chat.completions.create(chat);
    expect(only().llm!.provider).toBe('openrouter');
  });

  test('OpenRouter: whom it asked, and what it took, in plain answers and in streams', async () => {
    const usage = { prompt_tokens: 12, completion_tokens: 1, total_tokens: 13, cost: 0.00095, is_byok: false };
    const body = { ...wire.chatCompletion(), provider: 'Amazon Bedrock', usage };
    const last = { id: 'x', provider: 'Amazon Bedrock', choices: [], usage };
    const client = await clientAt('https://openrouter.ai/api/v1', ({ json }) =>
      json.stream ? { pieces: [...wire.chatCompletionStream().slice(0, -1), wire.sse(last), wire.sse('[DONE]')] } : { body },
    );
    await client.chat.completions.create(chat);
    for await (const _ of await client.chat.completions.create({ ...chat, stream: true }));
    for (const { outcome } of recorder.calls) {
      expect(outcome).toMatchObject({ status: 'ok', costUsd: 0.00095, response: { servedBy: 'Amazon Bedrock' } });
    }
    expect(recorder.calls).toHaveLength(2);
  });
});

describe('P1 the LiteLLM proxy', () => {
  const headers = {
    'x-litellm-call-id': 'a1',
    'x-litellm-model-id': 'b2',
    'x-litellm-version': '1.80.0',
    'x-litellm-response-cost': '2.85e-05',
  };
  const tokens = { input: 12, output: 5 };

  test.each(['openai', 'openai-6', 'openai-5', 'openai-4'])(
    'through %s: its name, and what it says of the cost',
    async (name) => {
      const { OpenAI } = require(name);
      openai.patch({ namespace: require(name) });
      server = await startStandIn((request) => ({ ...dialects(request), headers }));
      const client = new OpenAI({ apiKey: 'k', baseURL: server.url, maxRetries: 0 });
      await client.chat.completions.create(chat);
      await client.responses.create({ model: 'm', input: 'hi' });
      await client.embeddings.create({ model: 'm', input: 'hi', encoding_format: 'float' });
      expect(recorder.calls.map(({ llm, outcome }) => [llm!.provider, llm!.server!.port, outcome!.costUsd])).toEqual(
        Array.from({ length: 3 }, () => ['litellm', server.port, 2.85e-5]),
      );
    },
  );

  test('a stream: what it cost stands at its end, if anywhere', async () => {
    const usage = { prompt_tokens: 12, completion_tokens: 5, cost: 0.0001 };
    const pieces = (more: string[]): string[] => [...wire.chatCompletionStream().slice(0, -1), ...more, wire.sse('[DONE]')];
    server = await startStandIn((_, index) => ({
      pieces: pieces(index === 0 ? [] : [wire.sse({ id: 'x', choices: [], usage })]),
      headers: { ...headers, 'x-litellm-response-cost': '0.0' },
    }));
    const client = new (require('openai').OpenAI)({ apiKey: 'k', baseURL: server.url });
    for (let calls = 0; calls < 2; calls++)
      for await (const _ of await client.chat.completions.create({ ...chat, stream: true }));
    expect(recorder.calls.map(({ llm, outcome }) => [llm!.provider, outcome!.costUsd])).toEqual([
      ['litellm', undefined],
      ['litellm', 0.0001],
    ]);
  });

  test('through the SDK of Anthropic', async () => {
    server = await startStandIn(({ json }) =>
      json.stream ? { pieces: wire.anthropicStream({ tokens }), headers } : { body: wire.anthropicMessage({ tokens }), headers },
    );
    const client = new (require('@anthropic-ai/sdk').Anthropic)({ apiKey: 'k', baseURL: server.url, maxRetries: 0 });
    const ask = { ...chat, model: 'claude-opus-4-6', max_tokens: 9 };
    await client.messages.create(ask);
    for await (const _ of await client.messages.create({ ...ask, stream: true }));
    expect(recorder.calls.map(({ llm, outcome }) => [llm!.provider, llm!.api, outcome!.usage, outcome!.costUsd])).toEqual([
      ['litellm', 'messages', { input: 12, output: 5, cacheRead: 0, cacheWrite: 0 }, 2.85e-5],
      ['litellm', 'messages', { input: 12, output: 5, cacheRead: 0, cacheWrite: 0 }, undefined],
    ]);
  });

  test('a refusal names it too, and costs nothing', async () => {
    server = await startStandIn(() => {
      const reply = wire.openaiError({ status: 429, code: 'budget_exceeded' });
      return { ...reply, headers: { ...reply.headers, ...headers } };
    });
    const client = new (require('openai').OpenAI)({ apiKey: 'k', baseURL: server.url, maxRetries: 0 });
    await expect(client.chat.completions.create(chat)).rejects.toThrow();
    expect(only()).toMatchObject({ status: 'error', llm: { provider: 'litellm' }, outcome: { error: { status: 429 } } });
    expect(only().outcome).not.toHaveProperty('costUsd');
  });
});
