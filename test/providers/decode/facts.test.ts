/** What each operation says of a request and of a plain answer. */
import { describe, expect, test } from 'vitest';
import { chatCompletions } from '../../../src/providers/openai/chat-completions.ts';
import { embeddings } from '../../../src/providers/openai/embeddings.ts';
import { messages } from '../../../src/providers/anthropic/messages.ts';
import { responses } from '../../../src/providers/openai/responses.ts';
import { sample, samples } from './samples.ts';

describe('requests', () => {
  test('chat completions', () => {
    expect(chatCompletions.request(sample('chat completions').request)).toEqual({
      model: 'gpt-x',
      stream: true,
      maxTokens: 60,
      temperature: 0.5,
      topP: 0.9,
      frequencyPenalty: 0.1,
      presencePenalty: -0.1,
      seed: 7,
      choiceCount: 2,
      reasoningLevel: 'low',
      outputType: 'json',
      serviceTier: 'auto',
      messageCount: 4,
      tools: ['weather', 'sql'],
      toolResults: ['call_1'],
    });
  });

  test('responses', () => {
    expect(responses.request(sample('responses').request)).toEqual({
      model: 'gpt-x',
      maxTokens: 99,
      reasoningLevel: 'high',
      outputType: 'json',
      previousResponseId: 'resp_0',
      messageCount: 5,
      tools: ['weather', 'web_search', 'docs'],
      toolResults: ['call_0'],
    });
  });

  test('messages', () => {
    expect(messages.request(sample('messages').request)).toEqual({
      model: 'claude-x',
      maxTokens: 100,
      temperature: 1,
      topK: 5,
      reasoningLevel: 'medium',
      outputType: 'json',
      messageCount: 3,
      tools: ['weather', 'web_search'],
      toolResults: ['toolu_0'],
    });
  });

  test('one choice is not said, audio is speech', () => {
    expect(chatCompletions.request({ n: 1, modalities: ['text', 'audio'], messages: [] })).toEqual({
      outputType: 'speech',
      messageCount: 0,
    });
  });

  test.each(samples.map((one) => [one.name, one] as const))('%s: no content among the facts', (_, { operation, request }) => {
    const facts = JSON.stringify(operation.request(request));
    for (const said of ['SECRET', 'be brief', 'what is', 'sunny', 'Looks', 'fox', 'once', 'Human', 'hello'])
      expect(facts).not.toContain(said);
  });
});

describe('answers', () => {
  test('chat completions', () => {
    expect(chatCompletions.response(sample('chat completions').answer)).toEqual({
      response: {
        id: 'chatcmpl-1',
        model: 'gpt-x-2026',
        finishReasons: ['tool_calls', 'stop'],
        toolCalls: [
          { id: 'call_a', name: 'weather' },
          { id: 'call_b', name: 'sql' },
        ],
        serviceTier: 'default',
        systemFingerprint: 'fp_1',
      },
      usage: { input: 20, output: 9, cacheRead: 5, reasoning: 4, audioInput: 0 },
    });
  });

  test('responses', () => {
    expect(responses.response(sample('responses').answer)).toEqual({
      response: {
        id: 'resp_1',
        model: 'gpt-x-2026',
        status: 'completed',
        finishReasons: ['function_call'],
        toolCalls: [
          { id: 'ws_1', name: 'web_search_call' },
          { id: 'call_1', name: 'weather' },
        ],
        serviceTier: 'default',
      },
      usage: { input: 30, output: 12, cacheRead: 10, cacheWrite: 2, reasoning: 6 },
    });
  });

  test('messages: input is the sum of fresh and cached', () => {
    expect(messages.response(sample('messages').answer)).toEqual({
      response: {
        id: 'msg_1',
        model: 'claude-x-2026',
        finishReasons: ['tool_use'],
        toolCalls: [
          { id: 'srv_1', name: 'web_search' },
          { id: 'toolu_1', name: 'weather' },
        ],
        serviceTier: 'standard',
      },
      usage: { input: 18, output: 25, cacheRead: 3, cacheWrite: 4, reasoning: 8 },
    });
  });

  test('the small operations', () => {
    const facts = (name: string) => sample(name).operation.response(sample(name).answer);
    expect(facts('text completions')).toEqual({
      response: { id: 'cmpl-1', model: 'babbage-x', finishReasons: ['length', 'stop'] },
      usage: { input: 2, output: 4 },
    });
    expect(facts('responses compact').response.finishReasons).toEqual(['compaction']);
    expect(facts('fetch response').usage).toBeUndefined();
    expect(facts('fetch response').response.status).toBe('completed');
    expect(facts('embeddings')).toEqual({ response: { model: 'embed-x', dimensions: 3 }, usage: { input: 2 } });
    expect(facts('images').usage).toEqual({ input: 5, output: 100 });
    expect(facts('moderations')).toEqual({ response: { id: 'modr-1', model: 'mod-x' } });
    expect(facts('speech')).toEqual({ response: {} });
    expect(facts('transcriptions').usage).toEqual({ input: 14, output: 3, audioInput: 14 });
    expect(facts('count tokens')).toEqual({ response: {} });
    expect(facts('complete').response.finishReasons).toEqual(['stop_sequence']);
  });

  test('dimensions of a base64 vector', () => {
    const vector = Buffer.from(new Float32Array(1536).buffer).toString('base64');
    expect(embeddings.response({ data: [{ embedding: vector }] }).response.dimensions).toBe(1536);
  });
});

describe('P5 usage is there, or said to be absent, never 0 by default', () => {
  test.each([undefined, null, {}, 'many', { prompt_tokens: null }, { prompt_tokens: '7' }, { prompt_tokens: -1 }, []])(
    '%j is none',
    (usage) => {
      expect(chatCompletions.response({ choices: [], usage })).toEqual({ response: {} });
      expect(responses.response({ output: [], usage }).usage).toBeUndefined();
      expect(messages.response({ content: [], usage }).usage).toBeUndefined();
    },
  );

  test('one figure alone stays alone', () => {
    expect(chatCompletions.response({ usage: { completion_tokens: 3 } }).usage).toEqual({ output: 3 });
    expect(messages.response({ usage: { cache_read_input_tokens: 3 } }).usage).toEqual({ input: 3, cacheRead: 3 });
  });

  test.each([
    ['DeepSeek', { prompt_tokens: 9, completion_tokens: 1, prompt_cache_hit_tokens: 8 }, { input: 9, output: 1, cacheRead: 8 }],
    ['Together', { prompt_tokens: 9, completion_tokens: 1, cached_tokens: 8 }, { input: 9, output: 1, cacheRead: 8 }],
    [
      'OpenRouter',
      { prompt_tokens: 9, completion_tokens: 1, prompt_tokens_details: { cache_write_tokens: 4 } },
      { input: 9, output: 1, cacheWrite: 4 },
    ],
    [
      'xAI, which bills reasoning beside the completion',
      { prompt_tokens: 9, completion_tokens: 1, total_tokens: 30, completion_tokens_details: { reasoning_tokens: 20 } },
      { input: 9, output: 21, reasoning: 20 },
    ],
    [
      'OpenAI audio',
      {
        prompt_tokens: 9,
        completion_tokens: 8,
        prompt_tokens_details: { audio_tokens: 2 },
        completion_tokens_details: { audio_tokens: 6 },
      },
      { input: 9, output: 8, audioInput: 2, audioOutput: 6 },
    ],
  ])('%s', (_, usage, expected) => {
    expect(chatCompletions.response({ usage }).usage).toEqual(expected);
  });

  test('Groq says its usage in a place of its own', () => {
    expect(chatCompletions.response({ x_groq: { usage: { prompt_tokens: 2, completion_tokens: 3 } } }).usage).toEqual({
      input: 2,
      output: 3,
    });
  });

  test('Anthropic: cache writes by lifetime only', () => {
    const usage = {
      input_tokens: 1,
      output_tokens: 2,
      cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 },
    };
    expect(messages.response({ usage }).usage).toEqual({ input: 8, output: 2, cacheWrite: 7, cacheWriteHour: 4 });
  });
});

describe('P7 errors inside a successful answer', () => {
  test.each([
    [
      'OpenAI',
      { error: { message: 'SECRET', type: 'server_error', code: 'boom', param: null } },
      { type: 'server_error', code: 'boom' },
    ],
    ['OpenRouter', { error: { code: 429, message: 'SECRET' } }, { type: 'error', status: 429 }],
    [
      'Groq',
      { error: { type: 'invalid_request_error', code: 'tool_use_failed', status_code: 400 } },
      { type: 'invalid_request_error', code: 'tool_use_failed', status: 400 },
    ],
    ['xAI', { code: 'invalid-argument', error: 'SECRET words' }, { type: 'invalid-argument', code: 'invalid-argument' }],
    ['Ollama', { error: 'SECRET words' }, { type: 'error' }],
    [
      'a choice',
      { choices: [{ finish_reason: 'error', error: { code: 502, message: 'SECRET' } }] },
      { type: 'error', status: 502 },
    ],
    ['a sentence for a code', { error: { type: 'SECRET words', code: 'SECRET words' } }, { type: 'error' }],
  ])('%s', (_, body, expected) => {
    const facts = chatCompletions.response(body);
    expect(facts.error).toEqual(expected);
    expect(JSON.stringify(facts)).not.toContain('SECRET');
  });

  test('a failed and an incomplete response', () => {
    expect(responses.response({ status: 'failed', error: { code: 'server_error', message: 'SECRET' } })).toEqual({
      response: { status: 'failed', finishReasons: ['failed'] },
      error: { type: 'server_error', code: 'server_error' },
    });
    expect(
      responses.response({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }).response.finishReasons,
    ).toEqual(['max_output_tokens']);
    expect(responses.response({ status: 'queued', output: [] })).toEqual({ response: { status: 'queued' } });
  });

  test('Anthropic', () => {
    expect(
      messages.response({ type: 'error', error: { type: 'overloaded_error', message: 'SECRET' }, request_id: 'req_1' }),
    ).toEqual({
      response: {},
      error: { type: 'overloaded_error', requestId: 'req_1' },
    });
  });
});

test('a choice without a finish reason among finished ones ended abnormally', () => {
  expect(
    chatCompletions.response({ choices: [{ finish_reason: 'stop' }, { finish_reason: null }] }).response.finishReasons,
  ).toEqual(['stop', 'error']);
  expect(chatCompletions.response({ choices: [{ finish_reason: null }] }).response.finishReasons).toBeUndefined();
});

test('a long conversation does not make its event long', () => {
  const results = Array.from({ length: 1000 }, (_, i) => ({ role: 'tool', tool_call_id: `call_${i}`, content: 'x' }));
  const facts = chatCompletions.request({ messages: results });
  expect(facts.messageCount).toBe(1000);
  expect(facts.toolResults).toHaveLength(256);
  expect(facts.toolResults!.at(-1)).toBe('call_999');
});
