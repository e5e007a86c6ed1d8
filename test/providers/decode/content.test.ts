/** What was said, in the shape of the conventions' message schemas. */
import { describe, expect, test } from 'vitest';
import type { SpanEvent } from '../../../src/events/model.ts';
import { chatCompletions } from '../../../src/providers/openai/chat-completions.ts';
import { messageContent } from '../../../src/providers/decode.ts';
import { messages } from '../../../src/providers/anthropic/messages.ts';
import { responses } from '../../../src/providers/openai/responses.ts';
import type { Sample } from './sample.ts';
import { sample, sse } from './samples.ts';

const said = ({ operation, request, answer }: Sample) => ({ ...operation.input(request), output: operation.output(answer) });

describe('P6 messages', () => {
  test('chat completions', () => {
    expect(said(sample('chat completions'))).toEqual({
      input: [
        { role: 'system', parts: [{ type: 'text', content: 'be brief' }] },
        {
          role: 'user',
          name: 'ann',
          parts: [
            { type: 'text', content: 'what is this?' },
            { type: 'blob', modality: 'image', mime_type: 'image/png', content: 'AAAA' },
            { type: 'uri', modality: 'image', uri: 'https://example.org/cat.png' },
            { type: 'blob', modality: 'audio', mime_type: 'audio/mp3', content: 'BBBB' },
            { type: 'file', modality: 'document', file_id: 'file-1' },
            { type: 'generic', name: 'hologram', content: '{"type":"hologram","beam":1}' },
          ],
        },
        { role: 'assistant', parts: [{ type: 'tool_call', id: 'call_1', name: 'weather', arguments: { city: 'Bern' } }] },
        { role: 'tool', parts: [{ type: 'tool_call_response', id: 'call_1', response: 'sunny' }] },
      ],
      tools: [
        {
          type: 'function',
          name: 'weather',
          description: 'Looks out of the window',
          parameters: { type: 'object', properties: { city: { type: 'string' } } },
        },
        { type: 'custom', name: 'sql', description: 'Runs SQL' },
      ],
      output: [
        {
          role: 'assistant',
          finish_reason: 'tool_call',
          parts: [
            { type: 'reasoning', content: 'hm, hm' },
            { type: 'text', content: 'Hello world' },
            { type: 'tool_call', id: 'call_a', name: 'weather', arguments: { city: 'Bern' } },
            { type: 'tool_call', id: 'call_b', name: 'sql', arguments: 'select 1' },
          ],
        },
        { role: 'assistant', finish_reason: 'stop', parts: [{ type: 'text', content: 'I will not.' }] },
      ],
    });
  });

  test('responses', () => {
    expect(said(sample('responses'))).toEqual({
      system: [{ type: 'text', content: 'be brief' }],
      input: [
        {
          role: 'user',
          parts: [
            { type: 'text', content: 'hi' },
            { type: 'uri', modality: 'image', uri: 'https://example.org/a.png' },
            { type: 'blob', modality: 'document', mime_type: 'application/pdf', content: 'AAAA' },
          ],
        },
        { role: 'assistant', parts: [{ type: 'tool_call', id: 'call_0', name: 'weather', arguments: { city: 'Bern' } }] },
        { role: 'tool', parts: [{ type: 'tool_call_response', id: 'call_0', response: 'sunny' }] },
        {
          role: 'assistant',
          parts: [{ type: 'generic', name: 'item_reference', content: '{"type":"item_reference","id":"msg_0"}' }],
        },
      ],
      tools: [
        { type: 'function', name: 'weather', description: 'Looks', parameters: { type: 'object' } },
        { type: 'web_search', name: 'web_search' },
        { type: 'mcp', name: 'docs' },
      ],
      output: [
        {
          role: 'assistant',
          finish_reason: 'tool_call',
          parts: [
            { type: 'reasoning', content: 'Think twice' },
            {
              type: 'server_tool_call',
              id: 'ws_1',
              name: 'web_search_call',
              server_tool_call: {
                type: 'web_search_call',
                id: 'ws_1',
                status: 'completed',
                action: { type: 'search', query: 'bern' },
              },
            },
            { type: 'text', content: 'Hello world' },
            { type: 'tool_call', id: 'call_1', name: 'weather', arguments: { city: 'Bern' } },
          ],
        },
      ],
    });
  });

  test('messages', () => {
    const content = said(sample('messages'));
    expect(content.system).toEqual([{ type: 'text', content: 'be brief' }]);
    expect(content.tools).toEqual([
      { type: 'function', name: 'weather', description: 'Looks', parameters: { type: 'object' } },
      { type: 'web_search_20250305', name: 'web_search' },
    ]);
    expect(content.input).toEqual([
      {
        role: 'user',
        parts: [
          { type: 'blob', modality: 'image', mime_type: 'image/png', content: 'AAAA' },
          { type: 'text', content: 'hi' },
        ],
      },
      { role: 'assistant', parts: [{ type: 'tool_call', id: 'toolu_0', name: 'weather', arguments: { city: 'Bern' } }] },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'toolu_0', response: [{ type: 'text', content: 'sunny' }] }] },
    ]);
    expect(content.output[0]!.finish_reason).toBe('tool_call');
    expect(content.output[0]!.parts.map((part) => part.type)).toEqual([
      'reasoning',
      'text',
      'server_tool_call',
      'server_tool_call_response',
      'tool_call',
    ]);
  });

  test('the small operations', () => {
    const parts = (name: string) => said(sample(name)).output.flatMap((message) => message.parts);
    expect(said(sample('text completions')).input!.map((message) => message.parts[0]!.content)).toEqual(['once', 'twice']);
    expect(parts('text completions').map((part) => part.content)).toEqual([' upon a', ' bitten']);
    expect(parts('images')).toEqual([{ type: 'blob', modality: 'image', content: 'AAAA', mime_type: 'image/png' }]);
    expect(parts('transcriptions')).toEqual([{ type: 'text', content: 'hello you' }]);
    expect(parts('complete')).toEqual([{ type: 'text', content: ' Hello' }]);
    expect(parts('responses compact')).toEqual([{ type: 'compaction', id: 'cmp_1', content: 'zzz' }]);
    expect(said(sample('speech')).input).toEqual([
      {
        role: 'user',
        parts: [
          { type: 'text', content: 'slowly' },
          { type: 'text', content: 'hello' },
        ],
      },
    ]);
    expect(said(sample('fetch response')).input).toBeUndefined();
  });

  test.each([
    [chatCompletions, { choices: [] }],
    [chatCompletions, { error: { message: 'no' } }],
    [responses, { output: [] }],
    [messages, { content: [] }],
  ])('an answer that says nothing has no message (%#)', (operation, answer) => {
    expect(operation.output(answer)).toEqual([]);
  });

  test('odd but real: no content, a role of its own, arguments that are cut', () => {
    const message = {
      role: 'model',
      content: null,
      tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{"x":' } }, null],
    };
    expect(chatCompletions.output({ choices: [{ message, finish_reason: 'length' }, null] })).toEqual([
      {
        role: 'model',
        finish_reason: 'length',
        parts: [
          { type: 'tool_call', id: 'a', name: 'f', arguments: '{"x":' },
          { type: 'tool_call', name: '' },
        ],
      },
      { role: 'assistant', finish_reason: 'error', parts: [] },
    ]);
  });
});

describe('P6 a tool call is linked to its result in the next request', () => {
  test('chat completions', () => {
    const call = { id: 'call_9', type: 'function', function: { name: 'weather', arguments: '{}' } };
    const message = { role: 'assistant', content: null, tool_calls: [call] };
    const asked = chatCompletions.response({ choices: [{ message, finish_reason: 'tool_calls' }] }).response.toolCalls!;
    const next = {
      messages: [{ role: 'user', content: 'hi' }, message, { role: 'tool', tool_call_id: call.id, content: 'sunny' }],
    };
    expect(chatCompletions.request(next).toolResults).toEqual(asked.map((one) => one.id));
  });

  test('responses, custom tools too', () => {
    const output = [
      { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '{}' },
      { type: 'custom_tool_call', id: 'ct_1', call_id: 'call_2', name: 'g', input: 'x' },
    ];
    const asked = responses.response({ status: 'completed', output }).response.toolCalls!;
    const results = [
      { type: 'function_call_output', call_id: 'call_1', output: 'a' },
      { type: 'custom_tool_call_output', call_id: 'call_2', output: 'b' },
    ];
    expect(responses.request({ input: [...output, ...results] }).toolResults).toEqual(asked.map((one) => one.id));
  });

  test('messages', () => {
    const content = [{ type: 'tool_use', id: 'toolu_9', name: 'f', input: {} }];
    const asked = messages.response({ content, stop_reason: 'tool_use' }).response.toolCalls!;
    const result = { type: 'tool_result', tool_use_id: 'toolu_9', content: 'a', is_error: true };
    const next = {
      messages: [
        { role: 'assistant', content },
        { role: 'user', content: [result, { type: 'text', text: 'go on' }] },
      ],
    };
    expect(messages.request(next).toolResults).toEqual(asked.map((one) => one.id));
    expect(messages.input(next).input!.map((one) => one.role)).toEqual(['assistant', 'user']);
  });
});

describe('messageContent', () => {
  const event = (api: string, content?: SpanEvent['content']): SpanEvent => ({
    id: '0'.repeat(16),
    trace: '0'.repeat(32),
    type: 'llm',
    name: 'chat',
    start: 0,
    end: 1,
    status: 'ok',
    llm: { operation: 'chat', provider: 'openai', api, request: {} },
    ...(content && { content }),
  });
  const chat = sample('chat completions');
  const whole = said(chat);

  test('from an exchange, plain or streamed', () => {
    const request = JSON.stringify(chat.request);
    expect(messageContent(event('chat_completions'), { request, response: JSON.stringify(chat.answer) })).toEqual(whole);
    expect(
      messageContent(event('chat_completions'), { request, response: sse(chat.stream!), contentType: 'text/event-stream' }),
    ).toEqual(whole);
  });

  test('from the event where no exchange was seen, and where its body cannot be read', () => {
    const content = { request: chat.request, response: chat.answer };
    expect(messageContent(event('chat_completions', content), {})).toEqual(whole);
    expect(messageContent(event('chat_completions', content), { request: '--boundary', response: '<html>' })).toEqual(whole);
  });

  test('nothing is made up', () => {
    expect(messageContent(event('chat_completions'), {})).toEqual({});
    expect(messageContent(event('telepathy', { request: chat.request }), {})).toEqual({});
    expect(messageContent({ ...event('x'), llm: undefined } as never, {})).toEqual({});
  });
});
