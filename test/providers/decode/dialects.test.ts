/** What those who speak OpenAI's dialects say beside it. */
import { describe, expect, test } from 'vitest';
import { chatCompletions } from '../../../src/providers/openai/chat-completions.ts';
import { fold, sample } from './samples.ts';

describe('groq', () => {
  test('tools that it ran itself are calls, and what came of them', () => {
    const { answer } = sample('groq compound');
    expect(chatCompletions.response(answer)).toEqual({
      response: { id: 'chatcmpl-1', model: 'compound-x', finishReasons: ['stop'], toolCalls: [{ name: 'search' }] },
      usage: { input: 40, output: 12 },
    });
    expect(chatCompletions.output(answer)[0]!.parts).toEqual([
      { type: 'reasoning', content: 'hm' },
      {
        type: 'server_tool_call',
        name: 'search',
        server_tool_call: { type: 'search', arguments: '{"query":"bern"}' },
      },
      { type: 'server_tool_call_response', server_tool_call_response: { type: 'search', output: 'a city' } },
      { type: 'text', content: 'Hello world' },
    ]);
  });

  test('what its caches did is no usage', () => {
    const body = { choices: [], x_groq: { usage: { dram_cached_tokens: 3 } } };
    expect(chatCompletions.response(body)).not.toHaveProperty('usage');
  });

  test('why it stopped a stream', () => {
    const { body } = fold(chatCompletions, [{ id: 'x', choices: [], x_groq: { id: 'req_1', error: 'over capacity, sorry' } }]);
    expect(chatCompletions.response(body).error).toEqual({ type: 'error' });
  });
});

describe('llama stack', () => {
  test('a shield that found nothing has nothing to say', () => {
    const { operation, answer, request } = sample('run shield');
    expect(operation.request(request)).toEqual({ messageCount: 1 });
    expect(operation.output({ violation: null })).toEqual([]);
    expect(operation.output(answer)[0]!.parts[0]!.content).toContain('No.');
    expect(operation.input(request).input).toEqual([{ role: 'user', parts: [{ type: 'text', content: 'what is this?' }] }]);
  });

  test('reranking, as on the wire and as the SDK gives it', () => {
    const { operation, answer, request } = sample('llama stack rerank');
    expect(operation.output((answer as any).data)).toEqual(operation.output(answer));
    expect(operation.input(request).input!.map(({ parts }) => parts[0]!.content)).toEqual(['what is this?', 'a', 'sunny']);
    expect(operation.request(request)).toEqual({ model: 'rank-x' });
  });
});

test('ai21: a chat about files', () => {
  const { operation, answer, request } = sample('conversational rag');
  expect(operation.request(request)).toEqual({ messageCount: 1 });
  expect(operation.output(answer)).toEqual([
    { role: 'assistant', parts: [{ type: 'text', content: 'Hello' }], finish_reason: 'stop' },
  ]);
});
