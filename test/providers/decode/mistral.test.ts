/** Mistral's operations: what they say, and that both forms say the same. */
import { describe, expect, test } from 'vitest';
import { mistralChat } from '../../../src/providers/mistral/mistral-chat.ts';
import { mistralConversations } from '../../../src/providers/mistral/mistral-conversations.ts';
import { mistralSamples } from './sample-mistral.ts';
import { fold, sample } from './samples.ts';

const pairs = mistralSamples.map((pair) => [pair.wire.name, pair] as const);

describe('both forms of a call', () => {
  test.each(pairs)('%s: one request', (_, { wire, sdk }) => {
    expect(sdk.operation.request(sdk.request)).toEqual(wire.operation.request(wire.request));
    expect(sdk.operation.input(sdk.request)).toEqual(wire.operation.input(wire.request));
  });

  test.each(pairs)('%s: one answer', (_, { wire, sdk }) => {
    expect(sdk.operation.response(sdk.answer)).toEqual(wire.operation.response(wire.answer));
    expect(sdk.operation.output(sdk.answer)).toEqual(wire.operation.output(wire.answer));
  });
});

describe('facts', () => {
  test('chat', () => {
    const { operation, request, answer } = sample('mistral chat');
    expect(operation.request(request)).toEqual({
      model: 'mistral-x',
      stream: true,
      maxTokens: 60,
      temperature: 0.5,
      topP: 0.9,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      seed: 7,
      choiceCount: 2,
      reasoningLevel: 'high',
      outputType: 'json',
      messageCount: 4,
      tools: ['weather', 'web_search'],
      toolResults: ['call_1'],
    });
    expect(operation.response(answer)).toEqual({
      response: {
        id: 'c1',
        model: 'mistral-x-2026',
        finishReasons: ['tool_calls'],
        toolCalls: [{ id: 'call_a', name: 'weather' }],
      },
      usage: { input: 20, output: 9, cacheRead: 5 },
    });
  });

  test('conversation: what connectors have brought counts as input', () => {
    const { operation, request, answer } = sample('mistral conversation');
    expect(operation.request(request)).toEqual({
      model: 'mistral-x',
      stream: true,
      maxTokens: 60,
      temperature: 0.5,
      seed: 7,
      messageCount: 4,
      tools: ['weather', 'web_search'],
      toolResults: ['call_1'],
    });
    expect(operation.response(answer)).toEqual({
      response: {
        id: 'conv_1',
        model: 'mistral-x-2026',
        finishReasons: ['function_call'],
        toolCalls: [
          { id: 'te_1', name: 'web_search' },
          { id: 'call_a', name: 'weather' },
        ],
      },
      usage: { input: 40, output: 9 },
    });
    expect(mistralConversations.request({ inputs: 'hello' })).toEqual({ messageCount: 1 });
  });

  test('the rest', () => {
    const facts = (name: string): unknown => {
      const { operation, answer } = sample(name);
      return operation.response(answer);
    };
    expect(facts('mistral fim')).toMatchObject({ response: { finishReasons: ['model_length'] }, usage: { input: 2, output: 3 } });
    expect(facts('mistral embeddings')).toMatchObject({ response: { dimensions: 3 }, usage: { input: 2 } });
    expect(facts('mistral ocr')).toEqual({ response: { model: 'read-x' } });
    expect(facts('mistral transcriptions')).toEqual({ response: { model: 'hear-x' }, usage: { input: 4, output: 3 } });
    expect(facts('mistral moderations')).toEqual({ response: { id: 'm1', model: 'judge-x' } });
  });

  test('the zeros that the SDK puts for what was not said are no tokens', () => {
    const zeros = { promptTokens: 0, completionTokens: 0, totalTokens: 0 };
    expect(mistralChat.response({ id: 'x', choices: [], usage: zeros })).toEqual({ response: { id: 'x' } });
    expect(mistralChat.response({ id: 'x', usage: { prompt_tokens: 0 } })).toMatchObject({ usage: { input: 0 } });
  });

  test('details of usage, as version 1 of the SDK has them, or spelt otherwise', () => {
    const counts = { promptTokens: 9, completionTokens: 1, totalTokens: 10 };
    const details = { prompt_tokens_details: { cached_tokens: 4 } };
    expect(mistralChat.response({ usage: { ...counts, additionalProperties: details } }).usage).toMatchObject({ cacheRead: 4 });
    const odd = { prompt_tokens: 9, prompt_tokens_details: null, prompt_token_details: { cached_tokens: 3 } };
    expect(mistralChat.response({ usage: odd }).usage).toEqual({ input: 9, cacheRead: 3 });
  });

  test('errors: flat in an answer, and as an event of a conversation', () => {
    const flat = { object: 'error', message: 'SECRET', type: 'rate_limited', param: null, code: '1300', raw_status_code: 429 };
    expect(mistralChat.response(flat).error).toEqual({ type: 'rate_limited', code: '1300', status: 429 });
    const cut = sample('mistral conversation').stream!.slice(0, 6);
    const { body, complete } = fold(mistralConversations, [
      ...cut,
      { event: 'conversation.response.error', data: { type: 'conversation.response.error', message: 'SECRET', code: 500 } },
    ]);
    expect(complete).toBe(false);
    const { error, response } = mistralConversations.response(body);
    expect(error).toEqual({ type: 'conversation.response.error', code: '500', status: 500 });
    expect(response.finishReasons).toBeUndefined();
  });

  test("the SDK's word for no id is none", () => {
    const toolCalls = [{ id: 'null', function: { name: 'weather', arguments: '{}' } }];
    const { response } = mistralChat.response({ choices: [{ message: { toolCalls }, finishReason: 'tool_calls' }] });
    expect(response.toolCalls).toEqual([{ name: 'weather' }]);
  });
});

describe('content', () => {
  test('chat', () => {
    const { operation, request, answer } = sample('mistral chat');
    expect(operation.input(request).input).toEqual([
      { role: 'system', parts: [{ type: 'text', content: 'be brief' }] },
      {
        role: 'user',
        parts: [
          { type: 'text', content: 'what is this?' },
          { type: 'uri', modality: 'image', uri: 'https://example.org/cat.png' },
          { type: 'uri', modality: 'document', uri: 'https://example.org/cat.pdf' },
          { type: 'file', modality: 'document', file_id: 'file_1' },
          { type: 'blob', modality: 'audio', content: 'AAAA' },
        ],
      },
      { role: 'assistant', parts: [{ type: 'tool_call', id: 'call_1', name: 'weather', arguments: { city: 'Bern' } }] },
      { role: 'tool', name: 'weather', parts: [{ type: 'tool_call_response', id: 'call_1', response: 'sunny' }] },
    ]);
    // What the app has named stays as it is.
    expect(operation.input(request).tools![0]!.parameters).toEqual({ topLevel: { minItems: 1 } });
    expect(operation.output(answer)).toEqual([
      {
        role: 'assistant',
        finish_reason: 'tool_call',
        parts: [
          { type: 'reasoning', content: 'hm, hm' },
          { type: 'text', content: 'Hello world' },
          { type: 'tool_call', id: 'call_a', name: 'weather', arguments: { city: 'Bern' } },
        ],
      },
    ]);
  });

  test('conversation', () => {
    const { operation, request, answer } = sample('mistral conversation');
    const { system, input } = operation.input(request);
    expect(system).toEqual([{ type: 'text', content: 'be brief' }]);
    expect(input!.map(({ role, parts }) => [role, parts[0]!.type])).toEqual([
      ['user', 'text'],
      ['assistant', 'text'],
      ['assistant', 'tool_call'],
      ['tool', 'tool_call_response'],
    ]);
    const [message] = operation.output(answer);
    expect(message!.finish_reason).toBe('tool_call');
    expect(message!.parts.map(({ type, content }) => content ?? type)).toEqual([
      'server_tool_call',
      'server_tool_call_response',
      'hm, hm',
      'Hello',
      ' world',
      expect.stringContaining('agent.handoff'),
      'tool_call',
    ]);
    expect(message!.parts[1]!.server_tool_call_response).toEqual({ type: 'tool.execution', info: { theHits: 2 } });
  });

  test('the rest', () => {
    const output = (name: string): unknown => {
      const { operation, answer } = sample(name);
      return operation.output(answer)[0]!.parts[0];
    };
    expect(output('mistral ocr')).toEqual({ type: 'text', content: '# Hi' });
    expect(output('mistral transcriptions')).toEqual({ type: 'text', content: 'hello you' });
    expect(output('mistral speech')).toEqual({ type: 'blob', modality: 'audio', content: 'QUJD' });
    const { operation, request } = sample('mistral moderations');
    expect(operation.input(request).input).toHaveLength(2);
    expect(sample('mistral fim').operation.input(sample('mistral fim').request).input![0]!.parts).toHaveLength(2);
  });
});
