import { describe, expect, test } from 'vitest';
import { langchainChat, langchainCompletion } from '../../../src/providers/langchain/langchain-chat.ts';
import { providerOfModel } from '../../../src/providers/langchain/langchain-names.ts';
import { sample } from './samples.ts';

describe('LangChain', () => {
  const { request, answer } = sample('langchain chat');

  test('facts of a call', () => {
    expect(langchainChat.request(request)).toEqual({
      model: 'house-1',
      stream: true,
      temperature: 0.5,
      maxTokens: 60,
      choiceCount: 2,
      messageCount: 6,
      tools: ['weather', 'time'],
      toolResults: ['call_0'],
    });
    expect(langchainChat.response(answer)).toEqual({
      response: {
        id: 'msg_1',
        model: 'house-1-2026',
        finishReasons: ['tool_calls'],
        toolCalls: [{ id: 'call_a', name: 'weather' }],
        systemFingerprint: 'fp_1',
      },
      usage: { input: 20, output: 9, cacheRead: 8, cacheWrite: 2, reasoning: 3 },
    });
  });

  test('what was said', () => {
    expect(langchainChat.input(request)).toEqual({
      input: [
        { role: 'system', parts: [{ type: 'text', content: 'be brief' }] },
        { role: 'user', parts: [{ type: 'text', content: 'what is this?' }] },
        { role: 'user', parts: [{ type: 'blob', modality: 'image', content: 'AAAA', mime_type: 'image/png' }] },
        { role: 'assistant', parts: [{ type: 'tool_call', id: 'call_0', name: 'weather', arguments: { city: 'Bern' } }] },
        { role: 'tool', parts: [{ type: 'tool_call_response', id: 'call_0', response: 'sunny' }], name: 'weather' },
        {
          role: 'user',
          parts: [
            { type: 'blob', modality: 'document', content: 'BBBB', mime_type: 'application/pdf' },
            { type: 'file', modality: 'audio', file_id: 'f_1' },
          ],
        },
      ],
      tools: [
        { type: 'function', name: 'weather', description: 'Looks', parameters: { type: 'object' } },
        { type: 'function', name: 'time', parameters: { type: 'object' } },
      ],
    });
    expect(langchainChat.output(answer)).toEqual([
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', content: 'hm, hm' },
          { type: 'text', content: 'Hello world' },
          { type: 'tool_call', id: 'call_a', name: 'weather', arguments: { city: 'Bern' } },
        ],
        finish_reason: 'tool_call',
      },
    ]);
  });

  test('a text model has prompts, and totals for all of them', () => {
    const { request: asked, answer: answered } = sample('langchain text completions');
    expect(langchainCompletion.input(asked).input).toEqual(
      ['once', 'twice'].map((content) => ({ role: 'user', parts: [{ type: 'text', content }] })),
    );
    expect(langchainCompletion.response(answered)).toEqual({
      response: { finishReasons: ['length', 'error'] },
      usage: { input: 2, output: 4 },
    });
    expect(langchainCompletion.output(answered).map(({ parts }) => parts[0]?.content)).toEqual([' upon a', ' bitten']);
  });

  test('an id that LangChain made up is none, and what is not said is not there', () => {
    const generations = [[{ message: { type: 'ai', id: 'run-1', content: '' } }]];
    expect(langchainChat.response({ generations })).toEqual({ response: {} });
  });

  test('text pieces of a text model are joined', () => {
    const assembler = langchainCompletion.assembler!();
    for (const piece of ['on', 'ce']) assembler.push(piece);
    expect(langchainCompletion.output(assembler.result().body)[0]?.parts).toEqual([{ type: 'text', content: 'once' }]);
  });

  test('providers by the words of LangChain and of the conventions', () => {
    const names = { openai: 'openai', 'google-vertexai': 'gcp.vertex_ai', amazon_bedrock: 'aws.bedrock', FakeList: 'fakelist' };
    for (const [given, name] of Object.entries(names)) expect(providerOfModel(given)).toBe(name);
    expect(providerOfModel(undefined)).toBe('unknown');
  });
});
