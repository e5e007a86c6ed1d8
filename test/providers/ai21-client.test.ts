/** What is peculiar to AI21's SDK. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hub } from '../../src/events/ports.ts';
import { undoAll } from '../../src/patch/registry.ts';
import { ai21 } from '../../src/providers/ai21/ai21.ts';
import { recordInMemory } from '../../src/testing/in-memory-recorder.ts';
import type { InMemoryEvent, InMemoryRecorder } from '../../src/testing/in-memory-recorder.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { Answer, StandIn } from '../../src/testing/stand-in.ts';
import * as wire from '../../src/testing/wire-ai21.ts';

let server: StandIn;
let recorder: InMemoryRecorder;
const TEXT = 'The weather in Oslo is fine.';
const ask = { model: 'jamba-1.5-mini', messages: [{ role: 'user', content: 'How is the weather?' }] };

async function clientOf(answer: Answer): Promise<any> {
  const sdk = await import('ai21');
  expect(ai21.patch({ namespace: sdk }).missing).toEqual([]);
  server = await startStandIn(answer);
  return new sdk.AI21({ apiKey: 'k', baseURL: server.url });
}

function only(): InMemoryEvent {
  expect(recorder.calls).toHaveLength(1);
  return recorder.calls[0]!;
}

beforeEach(() => {
  recorder = recordInMemory();
});
afterEach(async () => {
  hub.recorder = null;
  undoAll();
  await server.close();
});

describe('ai21: a stream has no `return`', () => {
  const stream = async (): Promise<any> => {
    const client = await clientOf(() => ({ pieces: wire.ai21ChatStream({ text: TEXT, fragments: 5 }) }));
    return client.chat.completions.create({ ...ask, stream: true });
  };

  test('P5 a loop that is broken out of ends the event at once, and the app may read on', async () => {
    const given = await stream();
    for await (const _ of given) break;
    expect(only()).toMatchObject({ status: 'cancelled', outcome: { chunks: 1 } });
    let rest = 0;
    for await (const _ of given) rest++;
    expect(rest).toBe(6);
    expect(only().outcomes).toHaveLength(1);
  });

  test('P4 it has none for the app, which can give it one', async () => {
    const given = await stream();
    expect(given.return).toBeUndefined();
    expect(Object.keys(given)).toEqual(['response', 'decoder', 'iterator']);
    expect(only().ended).toBe(false);
    let called = 0;
    given.return = async () => {
      called++;
      return { done: true };
    };
    for await (const _ of given) break;
    expect(called).toBe(1);
  });

  test('P5 a throw out of the loop', async () => {
    const read = async (): Promise<void> => {
      for await (const _ of await stream()) throw new RangeError('mine');
    };
    await expect(read()).rejects.toThrow('mine');
    expect(only().status).toBe('cancelled');
  });
});

test('P7 the status of a refusal, and the code in it, out of the one sentence that the error is', async () => {
  const body = { error: { code: 'quota_exceeded', message: 'SECRET' } };
  const client = await clientOf(() => ({ status: 429, body }));
  await expect(client.chat.completions.create(ask)).rejects.toThrow('SECRET');
  expect(only().outcome!.error).toEqual({ type: 'AI21Error', code: 'quota_exceeded', status: 429 });
});

test('P1 conversational RAG', async () => {
  const choices = [{ role: 'assistant', content: 'It is in the handbook.' }];
  const client = await clientOf(() => ({ body: { id: 'rag-1', choices, context_retrieved: true, sources: [] } }));
  expect((await client.conversationalRag.create({ messages: ask.messages })).choices).toEqual(choices);
  expect(only()).toMatchObject({ status: 'ok', start: { name: 'chat' }, llm: { api: 'conversational_rag', provider: 'ai21' } });
  expect(only().outcome!.response).toEqual({ id: 'rag-1' });
  expect(only().exchanges).toMatchObject([{ status: 200, how: 'complete' }]);
});

test('P4 the client sends as ever when no call is under way', async () => {
  const client = await clientOf(() => ({ body: wire.ai21Chat() }));
  const { call } = client.fetch;
  const pending = [client.chat.completions.create(ask), client.chat.completions.create(ask)];
  expect(Object.keys(client.fetch)).toEqual([]);
  await Promise.all(pending);
  expect(Object.hasOwn(client.fetch, 'call')).toBe(false);
  expect(client.fetch.call).toBe(call);
  expect(recorder.calls.map(({ exchanges }) => exchanges.length)).toEqual([1, 1]);
});
