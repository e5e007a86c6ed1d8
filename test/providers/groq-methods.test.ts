/** What the contract suite does not call of the SDKs of Groq and Llama Stack. */
import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hub } from '../../src/events/ports.ts';
import { undoAll } from '../../src/patch/registry.ts';
import { groq } from '../../src/providers/groq/groq.ts';
import { llamaStack } from '../../src/providers/llama-stack/llama-stack.ts';
import { recordInMemory } from '../../src/testing/in-memory-recorder.ts';
import type { InMemoryRecorder } from '../../src/testing/in-memory-recorder.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { Answer, StandIn } from '../../src/testing/stand-in.ts';
import { groqChatStream } from '../../src/testing/wire-groq.ts';
import * as wire from '../../src/testing/wire.ts';

const require = createRequire(import.meta.url);
let server: StandIn;
let recorder: InMemoryRecorder;

beforeEach(() => {
  recorder = recordInMemory();
});
afterEach(async () => {
  hub.recorder = null;
  undoAll();
  await server.close();
});

/** Name, API and end of each event. */
const told = (): unknown[] => recorder.calls.map(({ start, llm, status }) => [start.name, llm!.api, status]);

describe.each([
  { label: '1, CommonJS', load: () => require('groq-sdk') },
  { label: '1, ES module', load: async () => (await import('groq-sdk')).default },
  { label: '0, CommonJS', load: () => require('groq-0') },
  { label: '0, ES module', load: async () => (await import('groq-0')).default },
])('groq $label', ({ load }) => {
  const clientOf = async (answer: Answer): Promise<any> => {
    const Groq: any = await load();
    expect(groq.patch({ namespace: Groq }).missing).toEqual([]);
    server = await startStandIn(answer);
    return new Groq({ apiKey: 'k', baseURL: server.url, maxRetries: 0 });
  };

  test('P1 sound, in and out', async () => {
    const client = await clientOf(({ path }) =>
      path.endsWith('speech')
        ? { body: new Uint8Array([1, 2, 3]), headers: { 'content-type': 'audio/wav' } }
        : { body: { text: 'hello you', x_groq: { id: 'req_1' } } },
    );
    const file = new File([new Uint8Array([1])], 'a.wav');
    await client.audio.transcriptions.create({ model: 'whisper-x', file });
    await client.audio.translations.create({ model: 'whisper-x', file });
    const sound = await client.audio.speech.create({ model: 'orpheus-x', input: 'hello', voice: 'v' });
    expect(Buffer.from(await sound.arrayBuffer())).toEqual(Buffer.from([1, 2, 3]));
    expect(told()).toEqual([
      ['generate_content whisper-x', 'audio_transcriptions', 'ok'],
      ['generate_content whisper-x', 'audio_transcriptions', 'ok'],
      ['generate_content orpheus-x', 'audio_speech', 'ok'],
    ]);
    for (const { llm, exchanges } of recorder.calls) {
      expect(llm!.provider).toBe('groq');
      expect(exchanges).toMatchObject([{ status: 200, how: 'complete' }]);
    }
  });

  test('P5 tokens of a stream, which come without having been asked for', async () => {
    const tokens = { input: 40, output: 2, cached: 8, reasoning: 1 };
    const client = await clientOf(() => ({ pieces: groqChatStream({ tokens }) }));
    for await (const _ of await client.chat.completions.create({ model: 'm', messages: [], stream: true }));
    expect(recorder.calls[0]!.outcome!.usage).toEqual({ input: 40, output: 2, cacheRead: 8, reasoning: 1 });
  });
});

describe.each([
  { label: '0.7, CommonJS', load: () => require('llama-stack-client') },
  { label: '0.7, ES module', load: async () => (await import('llama-stack-client')).default },
])('llama_stack $label', ({ load }) => {
  const clientOf = async (answer: Answer): Promise<any> => {
    const Client: any = await load();
    expect(llamaStack.patch({ namespace: Client }).missing).toEqual([]);
    server = await startStandIn(answer);
    return new Client({ baseURL: server.url, maxRetries: 0 });
  };

  test('P1 responses, whole and streamed; an answer that is fetched again costs nothing', async () => {
    const client = await clientOf(({ json }) =>
      json?.stream ? { pieces: wire.responsesStream({ text: 'Hm.' }) } : { body: wire.responsesAnswer({ text: 'Hm.' }) },
    );
    await client.responses.create({ model: 'm', input: 'hi' });
    for await (const _ of await client.responses.create({ model: 'm', input: 'hi', stream: true }));
    await client.responses.retrieve('resp_1');
    expect(told()).toEqual([
      ['chat m', 'responses', 'ok'],
      ['chat m', 'responses', 'ok'],
      ['fetch_response', 'responses', 'ok'],
    ]);
    const usage = recorder.calls.map(({ outcome }) => outcome!.usage);
    expect(usage).toEqual([{ input: 12, output: 5, cacheRead: 0, reasoning: 0 }, usage[0], undefined]);
  });

  test('P1 completions, moderations, shields, reranking', async () => {
    const answers: Record<string, object> = {
      '/v1/completions': { id: 'c', model: 'm', choices: [{ index: 0, text: 'a', finish_reason: 'stop' }] },
      '/v1/moderations': { id: 'x', model: 'guard', results: [{ flagged: false }] },
      '/v1/safety/run-shield': { violation: { violation_level: 'error', user_message: 'No.', metadata: {} } },
      '/v1alpha/inference/rerank': { data: [{ index: 1, relevance_score: 0.5 }] },
    };
    const client = await clientOf(({ path }) => ({ body: answers[path]! }));
    await client.completions.create({ model: 'm', prompt: 'x' });
    await client.moderations.create({ model: 'guard', input: 'x' });
    await client.safety.runShield({ shield_id: 'guard', messages: [{ role: 'user', content: 'x' }] });
    expect(await client.alpha.inference.rerank({ model: 'ranker', query: 'q', items: ['a', 'b'] })).toEqual([
      { index: 1, relevance_score: 0.5 },
    ]);
    expect(told()).toEqual([
      ['text_completion m', 'completions', 'ok'],
      ['moderation guard', 'moderations', 'ok'],
      ['moderation', 'run_shield', 'ok'],
      ['rerank ranker', 'llama_stack_rerank', 'ok'],
    ]);
    for (const { llm } of recorder.calls) expect(llm!.provider).toBe('llama_stack');
  });
});
