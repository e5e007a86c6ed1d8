import { describe, expect, test } from 'vitest';
import { chatCompletions } from '../../../src/providers/openai/chat-completions.ts';
import { messages } from '../../../src/providers/anthropic/messages.ts';
import { responses } from '../../../src/providers/openai/responses.ts';
import { decodeBody } from '../../../src/providers/wire-body.ts';
import { fold, frozen, sample, samples, sse } from './samples.ts';

const streaming = samples.filter((one) => one.stream !== undefined).map((one) => [one.name, one] as const);

/** How many chunks from the end the stream is already closed: what may follow is usage and `[DONE]`. */
const TRAILER: Record<string, number> = {
  'chat completions': 2,
  'text completions': 2,
  converse: 1,
  'invoke nova': 1,
  'invoke chat completions': 1,
};

describe('P5 streams', () => {
  test.each(streaming)('%s: a folded stream says what the plain answer says', (_, { operation, answer, stream }) => {
    const { body, complete } = fold(operation, frozen(structuredClone(stream!)));
    expect(complete).toBe(true);
    expect(operation.response(body)).toEqual(operation.response(answer));
    expect(operation.output(body)).toEqual(operation.output(answer));
  });

  test.each(streaming)(
    '%s: every proper prefix is readable, and incomplete until it is closed',
    (name, { operation, stream }) => {
      for (let length = 0; length < stream!.length; length++) {
        const { body, complete } = fold(operation, stream!.slice(0, length));
        expect(complete, `after ${length} of ${stream!.length}`).toBe(stream!.length - length <= (TRAILER[name] ?? 0));
        expect(operation.response(body).error).toBeUndefined();
        for (const message of operation.output(body)) expect(typeof message.finish_reason).toBe('string');
      }
    },
  );

  test.each(streaming)('%s: nothing of a chunk is kept', (_, { operation, stream }) => {
    const chunks = JSON.parse(JSON.stringify(stream)) as unknown[];
    const assembler = operation.assembler!();
    const wreck = (value: any): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const key of Object.keys(value)) {
        wreck(value[key]);
        value[key] = Array.isArray(value) ? undefined : 'WRECKED';
      }
    };
    for (const chunk of chunks) {
      assembler.push(chunk);
      wreck(chunk);
    }
    expect(JSON.stringify(assembler.result().body)).not.toContain('WRECKED');
    expect(assembler.result()).toEqual(fold(operation, stream!));
  });

  test.each(streaming)('%s: over the wire', (_, { operation, stream }) => {
    const text = `: hello\n\n${sse(stream!)}`;
    expect(decodeBody(operation, text, 'text/event-stream; charset=utf-8')).toEqual(fold(operation, stream!));
    expect(decodeBody(operation, text.replaceAll('\n', '\r\n'), undefined)).toEqual(fold(operation, stream!));
    for (let cut = 0; cut < text.length; cut += 7)
      expect(() => decodeBody(operation, text.slice(0, cut), 'text/event-stream')).not.toThrow();
  });

  test('a stream that was left early says what it said', () => {
    const { stream, operation } = sample('responses');
    const early = fold(operation, stream!.slice(0, 13));
    expect(early.complete).toBe(false);
    expect(operation.response(early.body).response).toMatchObject({ id: 'resp_1', model: 'gpt-x-2026', status: 'in_progress' });
    expect(operation.output(early.body)[0]!.parts.at(-1)).toEqual({ type: 'text', content: 'Hello ' });
    const half = fold(messages, sample('messages').stream!.slice(0, 19));
    expect(messages.response(half.body).usage).toMatchObject({ input: 18, output: 1 });
    expect(messages.output(half.body)[0]!.parts.at(-1)).toEqual({
      type: 'tool_call',
      id: 'toolu_1',
      name: 'weather',
      arguments: '{"city":',
    });
  });

  test('a closing event with an empty output does not wipe out what was streamed', () => {
    const chunks = structuredClone(sample('responses').stream!) as any[];
    chunks.at(-1).response.output = [];
    expect(responses.response(fold(responses, chunks).body).response.toolCalls).toHaveLength(2);
  });

  test.each([
    [chatCompletions, { error: { message: 'x', type: 'server_error', code: 'boom' } }],
    [responses, { type: 'error', code: 'server_error', message: 'x' }],
    [messages, { type: 'error', error: { type: 'overloaded_error', message: 'x' } }],
  ])('an error chunk is the error of the answer (%#)', (operation, chunk) => {
    const { body, complete } = fold(operation, [chunk]);
    expect(complete).toBe(false);
    expect(operation.response(body).error?.type).toMatch(/server_error|overloaded_error|^error$/);
  });
});

const call = (index: number | undefined, id: string | undefined, name: string | undefined, args: unknown) => ({
  choices: [{ index: 0, delta: { tool_calls: [{ index, id, function: { name, arguments: args } }] } }],
});
const callsOf = (chunks: unknown[]) => chatCompletions.output(fold(chatCompletions, chunks).body)[0]!.parts;

describe('P6 fragmented tool calls', () => {
  test('without an index', () => {
    expect(
      callsOf([call(undefined, 'a', 'f', '{"x"'), call(undefined, undefined, undefined, ':1}'), call(undefined, 'b', 'g', '{}')]),
    ).toEqual([
      { type: 'tool_call', id: 'a', name: 'f', arguments: { x: 1 } },
      { type: 'tool_call', id: 'b', name: 'g', arguments: {} },
    ]);
  });

  test('one index for two calls', () => {
    expect(callsOf([call(0, 'a', 'f', '{}'), call(0, 'b', 'f', '{"x":2}')])).toHaveLength(2);
  });

  test('a repeated id, an empty id, a gap in the indexes, arguments as a value', () => {
    expect(
      callsOf([call(5, 'a', 'f', '{"x"'), call(5, 'a', '', ':1}'), call(9, 'b', 'g', ''), call(9, '', undefined, { y: 2 })]),
    ).toEqual([
      { type: 'tool_call', id: 'a', name: 'f', arguments: { x: 1 } },
      { type: 'tool_call', id: 'b', name: 'g', arguments: { y: 2 } },
    ]);
  });

  test('the old function call', () => {
    const delta = (function_call: unknown, finish_reason: string | null = null) => ({
      choices: [{ index: 0, delta: { function_call }, finish_reason }],
    });
    const { body } = fold(chatCompletions, [
      delta({ name: 'f', arguments: '{"x"' }),
      delta({ arguments: ':1}' }),
      delta(undefined, 'function_call'),
    ]);
    expect(chatCompletions.response(body).response).toEqual({ finishReasons: ['function_call'], toolCalls: [{ name: 'f' }] });
    expect(chatCompletions.output(body)).toEqual([
      { role: 'assistant', parts: [{ type: 'tool_call', name: 'f', arguments: { x: 1 } }], finish_reason: 'tool_call' },
    ]);
  });
});

describe('what else a chat stream may hold', () => {
  const delta = (value: unknown) => ({ choices: [{ index: 0, delta: value }] });
  test('audio in pieces, each padded by itself', () => {
    const piece = (text: string) => Buffer.from(text).toString('base64');
    const { body } = fold(chatCompletions, [
      delta({ audio: { id: 'audio_1', transcript: 'hel' } }),
      delta({ audio: { data: piece('ab') } }),
      delta({ audio: { data: piece('cdef'), transcript: 'lo' } }),
    ]);
    expect(chatCompletions.output(body)[0]!.parts).toEqual([
      { type: 'blob', modality: 'audio', content: piece('abcdef') },
      { type: 'text', content: 'hello' },
    ]);
  });

  test('content as parts, reasoning under two names', () => {
    const { body } = fold(chatCompletions, [
      delta({
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
          { type: 'text', text: 'A' },
        ],
      }),
      delta({ reasoning: ' hm', reasoning_content: ' hm' }),
    ]);
    expect(chatCompletions.output(body)[0]!.parts).toEqual([
      { type: 'reasoning', content: 'hm hm' },
      { type: 'text', content: 'A' },
    ]);
  });

  test('usage in Groq’s own place, and on every chunk', () => {
    const usage = (completion_tokens: number) => ({ choices: [], x_groq: { usage: { prompt_tokens: 1, completion_tokens } } });
    expect(chatCompletions.response(fold(chatCompletions, [usage(1), usage(2)]).body).usage).toEqual({ input: 1, output: 2 });
  });
});
