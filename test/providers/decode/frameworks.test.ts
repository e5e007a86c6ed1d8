/** What frameworks tell of calls of models, in their own words. */
import { describe, expect, test } from 'vitest';
import { usageOf } from '../../../src/providers/ai-sdk/ai-sdk-facts.ts';
import {
  aiSdkChat,
  aiSdkDecision,
  aiSdkEmbeddings,
  aiSdkRerank,
  aiSdkSpeech,
} from '../../../src/providers/ai-sdk/ai-sdk-operations.ts';
import { serialise } from '../../../src/core/serialise.ts';
import { agentsGeneration } from '../../../src/providers/openai-agents/openai-agents-generation.ts';
import { fold, sample } from './samples.ts';

describe('Vercel AI SDK', () => {
  test('facts of a call', () => {
    const { request, answer } = sample('ai sdk chat');
    expect(aiSdkChat.request(request)).toEqual({
      model: 'claude-x',
      stream: true,
      maxTokens: 60,
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      seed: 7,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      reasoningLevel: 'low',
      messageCount: 3,
      tools: ['weather', 'search'],
      toolResults: ['call_0'],
    });
    expect(aiSdkChat.response(answer)).toEqual({
      response: { id: 'msg_1', model: 'claude-x-1', finishReasons: ['tool_use'], toolCalls: [{ id: 'call_a', name: 'weather' }] },
      usage: { input: 20, output: 9, cacheRead: 8, cacheWrite: 0, reasoning: 5 },
    });
  });

  test('content of a call, as the app gave it and as a recording holds it', () => {
    const { request, answer } = sample('ai sdk chat');
    const input = aiSdkChat.input(request);
    expect(input).toEqual({
      system: [{ type: 'text', content: 'be brief' }],
      input: [
        {
          role: 'user',
          parts: [
            { type: 'text', content: 'what is this?' },
            { type: 'blob', modality: 'image', mime_type: 'image/png', content: 'AAAA' },
            { type: 'uri', modality: 'document', uri: 'https://example.com/a.pdf' },
            { type: 'blob', modality: 'image', mime_type: 'image/*', content: 'BBBB' },
          ],
        },
        {
          role: 'assistant',
          parts: [
            { type: 'reasoning', content: 'hm' },
            { type: 'tool_call', id: 'call_0', name: 'weather', arguments: { city: 'Bern' } },
          ],
        },
        {
          role: 'tool',
          parts: [
            { type: 'tool_call_response', id: 'call_0', response: { sky: 'clear' } },
            { type: 'generic', name: 'tool-approval-response', content: expect.stringContaining('a1') },
          ],
        },
      ],
      tools: [
        { type: 'function', name: 'weather', description: 'Looks', parameters: { type: 'object' } },
        { type: 'provider', name: 'search' },
      ],
    });
    expect(aiSdkChat.input(serialise(request))).toEqual(input);
    expect(aiSdkChat.output(answer)).toEqual([
      {
        role: 'assistant',
        finish_reason: 'tool_call',
        parts: [
          { type: 'reasoning', content: 'hm, hm' },
          { type: 'text', content: 'Hello world' },
          { type: 'server_tool_call', id: 'srv_1', name: 'search', server_tool_call: { type: 'search', arguments: '{}' } },
          { type: 'server_tool_call_response', id: 'srv_1', server_tool_call_response: { type: 'search', result: ['a'] } },
          { type: 'blob', modality: 'image', mime_type: 'image/png', content: 'AAAA' },
          { type: 'tool_call', id: 'call_a', name: 'weather', arguments: { city: 'Bern' } },
        ],
      },
    ]);
  });

  test('tokens in the words of each version; what is not said is not 0', () => {
    expect(usageOf({ inputTokens: 5, outputTokens: 2, reasoningTokens: 1, cachedInputTokens: 3 })).toEqual({
      input: 5,
      output: 2,
      reasoning: 1,
      cacheRead: 3,
    });
    expect(
      usageOf({
        inputTokens: 5,
        inputTokenDetails: { cacheReadTokens: 3, cacheWriteTokens: 1 },
        outputTokenDetails: { reasoningTokens: 2 },
      }),
    ).toEqual({ input: 5, cacheRead: 3, cacheWrite: 1, reasoning: 2 });
    expect(
      usageOf({
        inputTokens: 9,
        inputTokenDetails: { cacheWriteTokens: 5 },
        raw: { cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 2 } },
      }),
    ).toEqual({ input: 9, cacheWrite: 5, cacheWriteHour: 2 });
    expect(usageOf({ inputTokens: { total: undefined }, outputTokens: {} })).toBeUndefined();
    expect(usageOf({ tokens: Number.NaN })).toBeUndefined();
    expect(usageOf(undefined)).toBeUndefined();
  });

  test('a stream that its provider cut off is not whole, though the SDK says finish', () => {
    const cut = (finishReason: unknown, usage: object = {}): boolean =>
      fold(aiSdkChat, [{ type: 'finish', finishReason, usage }]).complete;
    expect(cut({ unified: 'interrupted', raw: undefined })).toBe(false);
    expect(cut({ unified: 'other', raw: undefined })).toBe(false);
    expect(cut('unknown')).toBe(false);
    expect(cut({ unified: 'other', raw: 'paused' })).toBe(true);
    expect(cut({ unified: 'other', raw: undefined }, { inputTokens: 5 })).toBe(true);
    expect(cut('stop')).toBe(true);
  });

  test('a tool that a user refused, one that failed, one that gave several things', () => {
    const result = (output: object): object => ({ type: 'tool-result', toolCallId: 'c', toolName: 't', output });
    const { input } = aiSdkChat.input({
      messages: [
        {
          role: 'tool',
          content: [
            result({ type: 'execution-denied', reason: 'no' }),
            result({ type: 'error-text', value: 'broken' }),
            result({ type: 'content', value: [{ type: 'text', text: 'a' }] }),
            result({ type: 'json', value: false }),
          ],
        },
      ],
    });
    expect(input![0]!.parts.map(({ response }) => response)).toEqual([
      { denied: true, reason: 'no' },
      'broken',
      [{ type: 'text', content: 'a' }],
      false,
    ]);
  });

  test('the other models', () => {
    expect(aiSdkEmbeddings.response(sample('ai sdk embeddings').answer)).toEqual({
      response: { dimensions: 3 },
      usage: { input: 2 },
    });
    expect(aiSdkEmbeddings.response({ embedding: [1, 2] })).toEqual({ response: { dimensions: 2 } });
    expect(aiSdkEmbeddings.input(sample('ai sdk embeddings').request).input).toHaveLength(2);
    expect(aiSdkRerank.input(sample('ai sdk rerank').request).input!.map(({ parts }) => parts[0]!.type)).toEqual([
      'text',
      'text',
      'generic',
    ]);
    expect(aiSdkSpeech.request(sample('ai sdk speech').request)).toEqual({ model: 'tts-x', outputType: 'speech' });
    expect(aiSdkDecision.response(sample('ai sdk decision').answer)).toEqual({
      response: { model: 'judge-x' },
      usage: { input: 4, output: 1 },
    });
  });
});

describe('OpenAI Agents SDK', () => {
  test('a generation span', () => {
    const { request, answer } = sample('agents generation');
    expect(agentsGeneration.request(request)).toEqual({
      model: 'chat-x',
      temperature: 0.5,
      topP: 0.9,
      reasoningLevel: 'low',
      messageCount: 2,
    });
    expect(agentsGeneration.response(answer)).toEqual({
      response: { toolCalls: [{ id: 'call_a', name: 'weather' }] },
      usage: { input: 20, output: 9, cacheRead: 8 },
    });
    expect(agentsGeneration.output(answer)).toEqual([
      { role: 'assistant', parts: [{ type: 'text', content: 'Hello world' }], finish_reason: 'stop' },
    ]);
  });

  test('one that holds a whole chat completion, and the tokens beside it', () => {
    const choices = [{ message: { role: 'assistant', content: 'hi' }, finish_reason: 'length' }];
    const given = {
      output: [{ id: 'c1', model: 'm', choices }],
      usage: { input_tokens: 3, output_tokens: 1, cached_input_tokens: 0 },
    };
    expect(agentsGeneration.response(given)).toEqual({
      response: { id: 'c1', model: 'm', finishReasons: ['length'] },
      usage: { input: 3, output: 1 },
    });
    expect(agentsGeneration.output(given)[0]).toMatchObject({ parts: [{ content: 'hi' }], finish_reason: 'length' });
  });
});
