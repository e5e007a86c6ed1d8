/** The SDK takes and gives other names than the wire has. Both forms are read: what was said is the same in either, by the SDK's own translation. */
import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hub } from '../../src/events/ports.ts';
import { undoAll } from '../../src/patch/registry.ts';
import { cohere } from '../../src/providers/cohere/cohere.ts';
import { recordInMemory } from '../../src/testing/in-memory-recorder.ts';
import type { InMemoryRecorder } from '../../src/testing/in-memory-recorder.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { Reply, StandIn } from '../../src/testing/stand-in.ts';
import * as wire from '../../src/testing/wire-cohere.ts';
import type { Sample } from './decode/sample.ts';
import { fold, sample, sse } from './decode/samples.ts';

const require = createRequire(import.meta.url);
const VERSIONS = ['cohere-ai', 'cohere-7'] as const;
const model = 'command-a-03-2025';

const weather = {
  name: 'weather',
  description: 'Looks',
  parameters: { type: 'object', properties: { city_name: { type: 'string' } } },
};
const callOfV1 = { name: 'weather', parameters: { city_name: 'Bern' } };
const image = 'data:image/png;base64,AAAA';
/** Requests as an app makes them, and the sample whose answer they get. */
const ASKED: Record<string, { request: any; ask: (client: any, request: any) => Promise<any> }> = {
  'cohere chat': {
    request: {
      model,
      maxTokens: 60,
      k: 3,
      frequencyPenalty: 0.5,
      responseFormat: { type: 'json_object', jsonSchema: { type: 'object' } },
      documents: ['red', { id: 'doc:1', data: { some_title: 'Foxes' } }],
      tools: [{ type: 'function', function: weather }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'hi' },
            { type: 'image_url', imageUrl: { url: image } },
          ],
        },
        {
          role: 'assistant',
          toolPlan: 'I will look.',
          toolCalls: [{ id: 'weather_0', type: 'function', function: { name: 'weather', arguments: '{"city_name":"Bern"}' } }],
        },
        { role: 'tool', toolCallId: 'weather_0', content: [{ type: 'document', document: { data: { some_sky: 'sunny' } } }] },
      ],
    },
    ask: (client, request) => client.v2.chat(request),
  },
  'cohere chat, version 1': {
    request: {
      model,
      message: 'hi',
      preamble: 'be brief',
      maxTokens: 60,
      chatHistory: [
        { role: 'USER', message: 'hello' },
        { role: 'CHATBOT', message: 'I will look.', toolCalls: [callOfV1] },
        { role: 'TOOL', toolResults: [{ call: callOfV1, outputs: [{ some_sky: 'sunny' }] }] },
      ],
      documents: [{ id: 'doc:1', some_title: 'Foxes' }],
      tools: [{ name: 'weather', description: 'Looks', parameterDefinitions: { city_name: { type: 'str' } } }],
      toolResults: [{ call: callOfV1, outputs: [{ some_sky: 'sunny' }] }],
    },
    ask: (client, request) => client.chat(request),
  },
  'cohere generate': {
    request: { model, prompt: 'once', numGenerations: 2, maxTokens: 5, presencePenalty: 0.5 },
    ask: (client, request) => client.generate(request),
  },
  'cohere embed': {
    request: {
      model,
      inputType: 'image',
      embeddingTypes: ['int8', 'float'],
      inputs: [
        {
          content: [
            { type: 'text', text: 'hi' },
            { type: 'image_url', imageUrl: { url: image } },
          ],
        },
      ],
    },
    ask: (client, request) => client.v2.embed(request),
  },
};

const STREAMED: Record<string, (client: any, request: any) => Promise<AsyncIterable<unknown>>> = {
  'cohere chat': (client, request) => client.v2.chatStream(request),
  'cohere chat, version 1': (client, request) => client.chatStream(request),
  'cohere generate': (client, request) => client.generateStream(request),
};

let server: StandIn;
let recorder: InMemoryRecorder;

async function clientOf(name: string, reply: Reply): Promise<any> {
  server = await startStandIn(() => reply);
  return new (require(name).CohereClient)({ token: 't', environment: server.url, maxRetries: 0 });
}

beforeEach(() => {
  recorder = recordInMemory();
  for (const name of VERSIONS) cohere.patch({ namespace: require(name) });
});
afterEach(async () => {
  hub.recorder = null;
  undoAll();
  await server.close();
});

/** What an answer said; of a part that is kept as JSON, only what it is, as its members have other names in the other form. */
function said({ operation }: Sample, body: unknown): unknown {
  return operation.output(body).map((message) => ({
    ...message,
    parts: message.parts.map((part) => (part.type === 'generic' ? part.name : part)),
  }));
}

describe.each(VERSIONS)('P6 what %s takes and gives', (name) => {
  test.each(Object.keys(ASKED))('%s: says the same as the wire', async (of) => {
    const one = sample(of);
    const { operation, answer } = one;
    const { request, ask } = ASKED[of]!;
    const given = await ask(await clientOf(name, { body: answer as object }), request);
    const { stream: _, ...sent } = server.requests[0]!.json;
    expect(operation.request(request)).toEqual(operation.request(sent));
    expect(operation.input(request)).toEqual(operation.input(sent));
    expect(operation.response(given)).toEqual(operation.response(answer));
    expect(said(one, given)).toEqual(said(one, answer));
    expect(recorder.calls.map(({ outcome }) => outcome)).toMatchObject([operation.response(answer)]);
  });

  test.each(Object.keys(STREAMED))('%s: a stream says the same as the wire', async (of) => {
    const one = sample(of);
    const { operation, answer, stream } = one;
    const events = of === 'cohere chat' ? sse(stream!) : stream!.map((event) => `${JSON.stringify(event)}\n`).join('');
    const chunks: unknown[] = [];
    const client = await clientOf(name, { body: events, headers: wire.COHERE_LINES });
    for await (const chunk of await STREAMED[of]!(client, ASKED[of]!.request)) chunks.push(chunk);
    const { body, complete } = fold(operation, chunks);
    expect(complete).toBe(true);
    expect(operation.response(body)).toEqual(operation.response(answer));
    expect(said(one, body)).toEqual(said(one, answer));
    expect(recorder.calls.map(({ outcome }) => outcome)).toMatchObject([
      { ...operation.response(answer), chunks: stream!.length },
    ]);
  });
});
