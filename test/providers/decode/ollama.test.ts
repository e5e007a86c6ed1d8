/** What Ollama's own APIs say, and streams that have one JSON text a line. */
import { describe, expect, test } from 'vitest';
import { chatCompletions } from '../../../src/providers/openai/chat-completions.ts';
import { ollamaChat } from '../../../src/providers/ollama/ollama-chat.ts';
import { ollamaEmbed, ollamaGenerate } from '../../../src/providers/ollama/ollama-generate.ts';
import { decodeBody } from '../../../src/providers/wire-body.ts';
import { fold, sample } from './samples.ts';

const lines = (chunks: readonly unknown[]): string => chunks.map((one) => `${JSON.stringify(one)}\n`).join('');

describe('ollama: facts', () => {
  test('chat', () => {
    const { request, answer } = sample('ollama chat');
    expect(ollamaChat.request(request)).toEqual({
      model: 'qwen-x',
      stream: true,
      maxTokens: 60,
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      seed: 7,
      reasoningLevel: 'low',
      outputType: 'json',
      messageCount: 4,
      tools: ['weather'],
      toolResults: ['call_0'],
    });
    expect(ollamaChat.response(answer)).toEqual({
      response: { model: 'qwen-x', finishReasons: ['stop'], toolCalls: [{ id: 'call_a', name: 'weather' }, { name: 'time' }] },
      usage: { input: 20, output: 9 },
    });
  });

  test('generate: no limit is no number, and thinking is no level', () => {
    const { request, answer } = sample('ollama generate');
    expect(ollamaGenerate.request(request)).toEqual({ model: 'qwen-x', stream: true, outputType: 'json' });
    expect(ollamaGenerate.response(answer)).toEqual({
      response: { model: 'qwen-x', finishReasons: ['length'] },
      usage: { input: 20, output: 9 },
    });
  });

  test('vectors', () => {
    expect(ollamaEmbed.response(sample('ollama embed').answer)).toEqual({
      response: { model: 'embed-x', dimensions: 3 },
      usage: { input: 2 },
    });
    const { operation, answer } = sample('ollama embeddings');
    expect(operation.response(answer)).toEqual({ response: { dimensions: 2 } });
  });

  test('what an older server leaves out is left out', () => {
    const old = { model: 'm', message: { role: 'assistant', content: 'hi' }, done: true, eval_count: 3 };
    expect(ollamaChat.response(old)).toEqual({ response: { model: 'm' }, usage: { output: 3 } });
    expect(ollamaChat.output(old)[0]!.finish_reason).toBe('stop');
  });

  test('an answer that stopped before it was done', () => {
    const { stream } = sample('ollama chat');
    const { body, complete } = fold(ollamaChat, stream!.slice(0, 4));
    expect(complete).toBe(false);
    expect(ollamaChat.response(body)).toEqual({ response: { model: 'qwen-x' } });
    expect(ollamaChat.output(body)).toEqual([
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', content: 'hm, hm' },
          { type: 'text', content: 'Hello world' },
        ],
        finish_reason: 'error',
      },
    ]);
  });
});

test('ollama: content', () => {
  const { request, answer } = sample('ollama chat');
  expect(ollamaChat.input(request)).toEqual({
    input: [
      { role: 'system', parts: [{ type: 'text', content: 'be brief' }] },
      {
        role: 'user',
        parts: [
          { type: 'text', content: 'what is this?' },
          { type: 'blob', modality: 'image', content: 'AAAA' },
        ],
      },
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', content: 'hm' },
          { type: 'tool_call', id: 'call_0', name: 'weather', arguments: { city: 'Bern' } },
        ],
      },
      { role: 'tool', name: 'weather', parts: [{ type: 'tool_call_response', id: 'call_0', response: 'sunny' }] },
    ],
    tools: [{ type: 'function', name: 'weather', description: 'Looks', parameters: { type: 'object' } }],
  });
  expect(ollamaChat.output(answer)[0]!.parts.map(({ type }) => type)).toEqual(['reasoning', 'text', 'tool_call', 'tool_call']);
  expect(ollamaGenerate.input(sample('ollama generate').request)).toEqual({
    system: [{ type: 'text', content: 'be brief' }],
    input: [{ role: 'user', parts: [{ type: 'text', content: 'once' }] }],
  });
});

describe('P5 streams in lines', () => {
  const { operation, stream, answer } = sample('ollama chat');
  const text = lines(stream!);

  test.each(['application/x-ndjson', 'application/json', undefined, 'application/stream+json; charset=utf-8'])('%s', (type) => {
    const { body, complete } = decodeBody(operation, text, type);
    expect(complete).toBe(true);
    expect(operation.response(body)).toEqual(operation.response(answer));
    expect(operation.output(body)).toEqual(operation.output(answer));
    expect(decodeBody(operation, text.replaceAll('\n', '\r\n'), type)).toEqual({ body, complete });
    expect(decodeBody(operation, text.trimEnd(), type)).toEqual({ body, complete });
  });

  test('a stream of one line', () => {
    expect(decodeBody(operation, lines(stream!.slice(-1)), 'application/x-ndjson').complete).toBe(true);
  });

  test('each cut is readable, and incomplete', () => {
    const last = text.lastIndexOf('}');
    for (let cut = 0; cut < last; cut += 3) {
      const { body, complete } = decodeBody(operation, text.slice(0, cut), 'application/x-ndjson');
      expect(complete).toBe(false);
      expect(operation.response(body).error).toBeUndefined();
    }
  });

  test('a plain body is no stream, however it is printed, and an operation that cannot stream has none', () => {
    const pretty = JSON.stringify(sample('chat completions').answer, null, 2);
    expect(decodeBody(chatCompletions, pretty, 'application/json')).toEqual({
      body: sample('chat completions').answer,
      complete: true,
    });
    expect(decodeBody(chatCompletions, pretty.slice(0, -2), 'application/json')).toEqual({ body: undefined, complete: false });
    expect(decodeBody(ollamaEmbed, '{"embeddings":[[1]]}\n', 'application/x-ndjson').complete).toBe(true);
  });
});
