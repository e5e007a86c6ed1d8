/** R8: what an edited answer does with framings, encodings, choices and members that the SDKs are not asked for. */
import { gzipSync } from 'node:zlib';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { readFrames, writeFrame } from '../../../src/core/event-frames.ts';
import { completionOf, editedAnswer, type CallOnWire, type EditedAnswer } from '../../../src/providers/edited-answer.ts';
import { converseStream } from '../../../src/testing/wire-bedrock.ts';
import { sse } from '../../../src/testing/wire.ts';

const require = createRequire(import.meta.url);

interface Given {
  api?: string;
  operation?: string;
  path?: string;
  request?: object;
  body?: string | Uint8Array | object;
  type?: string;
  headers?: [string, string][];
  status?: number;
}

function callOf({
  api,
  operation = 'chat',
  path = '/v1/x',
  request = {},
  body,
  type = 'application/json',
  headers = [],
  status = 200,
}: Given): CallOnWire {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  const bytes = body === undefined ? undefined : Buffer.from(isRaw ? (body as string) : JSON.stringify(body));
  return {
    provider: 'test',
    operation,
    ...(api !== undefined && { api }),
    request: { method: 'POST', url: `http://127.0.0.1:1${path}`, headers: [], body: JSON.stringify(request) },
    recorded: bytes && { status, headers: [['content-type', type], ...headers], body: bytes },
  };
}

function done(answer: EditedAnswer | { cannot: string }): EditedAnswer {
  if ('cannot' in answer) throw new Error(answer.cannot);
  return answer;
}
const textOf = (answer: EditedAnswer): string => Buffer.concat(answer.pieces).toString();
const jsonOf = (answer: EditedAnswer): any => JSON.parse(textOf(answer));

const completion = (message: object, more: object = {}): object => ({
  id: 'chatcmpl-9',
  object: 'chat.completion',
  created: 7,
  model: 'm',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'old', refusal: null, ...message },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
  system_fingerprint: 'fp_1',
  ...more,
});

describe('R8 AWS frames', () => {
  test('ours are what the codec of AWS writes and reads', () => {
    const runtime = createRequire(require.resolve('@aws-sdk/client-bedrock-runtime'));
    const { EventStreamCodec } = runtime('@smithy/core/event-streams');
    const utf8 = (text: string): Uint8Array => Buffer.from(text);
    const codec = new EventStreamCodec((bytes: Uint8Array) => Buffer.from(bytes).toString(), utf8);
    const headers = { ':event-type': 'chunk', ':content-type': 'application/json', ':message-type': 'event' };
    const payload = Buffer.from(JSON.stringify({ bytes: 'é😀'.repeat(500) }));
    const typed = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, { type: 'string', value }]));
    const frame = writeFrame({ headers, payload });
    expect(Buffer.from(frame).equals(Buffer.from(codec.encode({ headers: typed, body: payload })))).toBe(true);
    expect(codec.decode(frame).headers).toEqual(typed);
    expect([...readFrames(frame)]).toEqual([{ headers, payload }]);
  });

  test('frames that stay are the same to the byte', () => {
    const recorded = converseStream({ text: 'old', tools: [{ id: 't1', name: 'lookup', arguments: '{"a":1}' }] });
    const call = callOf({
      api: 'converse',
      path: '/model/m/converse-stream',
      body: Buffer.concat(recorded),
      type: 'application/vnd.amazon.eventstream',
    });
    const pieces = done(editedAnswer({ ...call, completion: { text: 'new' } })).pieces.map((piece) =>
      Buffer.from(piece).toString('latin1'),
    );
    const before = recorded.map((frame) => Buffer.from(frame).toString('latin1'));
    expect(before.filter((frame) => pieces.includes(frame)).length).toBe(before.length - 4);
  });
});

describe('R8 Gemini as one list', () => {
  const chunk = (text: string, end?: string): object => ({
    candidates: [{ content: { parts: [{ text }], role: 'model' }, index: 0, ...(end && { finishReason: end }) }],
    responseId: 'r1',
    modelVersion: 'gemini-9',
  });
  const body = `[${JSON.stringify(chunk('old '))}\n,\r\n${JSON.stringify(chunk('text', 'STOP'))}\n]\n`;
  const path = '/v1beta/models/gemini-9:streamGenerateContent';

  test('is read, edited, and written as one', () => {
    const call = callOf({ api: 'generate_content', operation: 'generate_content', path, body });
    expect(completionOf(call)).toEqual({ text: 'old text', finishReason: 'stop' });
    const answer = done(editedAnswer({ ...call, completion: { text: 'a new text [with] {brackets}' } }));
    const list = jsonOf(answer);
    expect(list.map(({ candidates: [one] }: any) => one.content.parts[0].text).join('')).toBe('a new text [with] {brackets}');
    expect(list.every(({ responseId }: any) => responseId === 'r1')).toBe(true);
    expect(list.at(-1).candidates[0].finishReason).toBe('STOP');
  });

  test('is made where there was none; server-sent events where they were asked for', () => {
    const given = { api: 'generate_content', operation: 'generate_content', path };
    const list = jsonOf(done(editedAnswer({ ...callOf(given), completion: { text: 'made' } })));
    expect(list[0].candidates[0].content.parts[0].text).toBe('made');
    const events = done(editedAnswer({ ...callOf({ ...given, path: `${path}?alt=sse` }), completion: { text: 'made' } }));
    expect(textOf(events)).toMatch(/^data: \{"candidates"/);
    expect(events.headers).toContainEqual(['content-type', 'text/event-stream; charset=utf-8']);
  });

  test('a prompt that was blocked is answered', () => {
    const blocked = { promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 4 } };
    const call = callOf({
      api: 'generate_content',
      operation: 'generate_content',
      path: '/v1beta/models/m:generateContent',
      body: blocked,
    });
    const body = jsonOf(done(editedAnswer({ ...call, completion: { text: 'let in', finishReason: 'stop' } })));
    expect(body.candidates[0]).toEqual({
      content: { parts: [{ text: 'let in' }], role: 'model' },
      finishReason: 'STOP',
      index: 0,
    });
    expect(body.usageMetadata).toEqual({ promptTokenCount: 4 });
  });

  test('signatures of thoughts stay with what took the place', () => {
    const parts = [
      { text: 'hm', thought: true },
      { functionCall: { name: 'lookup', args: { a: 1 } }, thoughtSignature: 'c2ln' },
    ];
    const body = {
      candidates: [{ content: { parts, role: 'model' }, finishReason: 'STOP', avgLogprobs: -0.5 }],
      responseId: 'r',
    };
    const call = callOf({ api: 'generate_content', operation: 'generate_content', path: '/m:generateContent', body });
    const edited = jsonOf(done(editedAnswer({ ...call, completion: { toolCalls: [{ name: 'lookup', arguments: { a: 2 } }] } })));
    expect(edited.candidates[0].content.parts).toEqual([
      { text: 'hm', thought: true },
      { functionCall: { name: 'lookup', args: { a: 2 } }, thoughtSignature: 'c2ln' },
    ]);
    expect(edited.candidates[0]).not.toHaveProperty('avgLogprobs');
  });
});

describe('R8 chat completions', () => {
  test('a packed body is sent plain', () => {
    const call = callOf({
      api: 'chat_completions',
      body: gzipSync(JSON.stringify(completion({}))),
      headers: [
        ['Content-Encoding', 'gzip'],
        ['content-length', '200'],
        ['transfer-encoding', 'chunked'],
        ['x-request-id', 'req_1'],
      ],
    });
    const answer = done(editedAnswer({ ...call, completion: { text: 'new' } }));
    expect(answer.headers).toEqual([
      ['content-type', 'application/json'],
      ['x-request-id', 'req_1'],
      ['content-length', String(answer.pieces[0]!.length)],
    ]);
    expect(jsonOf(answer)).toEqual(completion({ content: 'new' }));
  });

  test('other choices stay, in a body and in a stream', () => {
    const choice = (index: number, content: string): object => ({
      index,
      message: { role: 'assistant', content },
      finish_reason: 'stop',
    });
    const body = completion({}, { choices: [choice(1, 'second'), choice(0, 'first')] });
    const edited = jsonOf(done(editedAnswer({ ...callOf({ api: 'chat_completions', body }), completion: { text: 'new' } })));
    expect(edited.choices).toEqual([choice(1, 'second'), choice(0, 'new')]);
    const chunk = (index: number, delta: object, finish_reason: string | null = null): string =>
      sse({ id: 'c', model: 'm', choices: [{ index, delta, finish_reason }] });
    const events = [
      chunk(0, { role: 'assistant', content: '' }),
      chunk(1, { role: 'assistant', content: '' }),
      chunk(1, { content: 'sec' }),
      chunk(0, { content: 'first' }),
      chunk(1, { content: 'ond' }),
      chunk(0, {}, 'stop'),
      chunk(1, {}, 'stop'),
      sse('[DONE]'),
    ];
    const call = callOf({ api: 'chat_completions', body: events.join(''), type: 'text/event-stream' });
    const out = textOf(done(editedAnswer({ ...call, completion: { text: 'new' } })));
    expect(out).toBe([...events.slice(0, 3), chunk(0, { content: 'new' }), ...events.slice(4)].join(''));
  });

  test('probabilities and quotations of the old words go; a refusal is none any more', () => {
    const body: any = completion({ content: null, refusal: 'No.', annotations: [{ type: 'url_citation' }] });
    body.choices[0].logprobs = { content: [] };
    const edited = jsonOf(done(editedAnswer({ ...callOf({ api: 'chat_completions', body }), completion: { text: 'Yes.' } })));
    expect(edited.choices[0]).toMatchObject({ logprobs: null, message: { content: 'Yes.', refusal: null, annotations: [] } });
  });

  test('the old single call, and tools that take a text', () => {
    const old = callOf({ api: 'chat_completions', request: { functions: [{ name: 'lookup' }] }, body: completion({}) });
    const one = { name: 'lookup', arguments: { a: 1 } };
    const edited = jsonOf(done(editedAnswer({ ...old, completion: { text: '', toolCalls: [one] } })));
    expect(edited.choices[0]).toMatchObject({
      finish_reason: 'function_call',
      message: { content: null, function_call: { name: 'lookup', arguments: '{"a":1}' } },
    });
    expect(editedAnswer({ ...old, completion: { toolCalls: [one, one] } })).toEqual({
      cannot: 'an answer with a function_call holds one call: give one',
    });
    const tools = [{ type: 'custom', custom: { name: 'shell' } }];
    const custom = callOf({ api: 'chat_completions', request: { tools }, body: completion({}) });
    const given = jsonOf(
      done(editedAnswer({ ...custom, completion: { toolCalls: [{ name: 'shell', arguments: 'ls -l', id: 'call_1' }] } })),
    );
    expect(given.choices[0].message.tool_calls).toEqual([
      { id: 'call_1', type: 'custom', custom: { name: 'shell', input: 'ls -l' } },
    ]);
  });

  test('sound cannot be edited', () => {
    const call = callOf({ api: 'chat_completions', body: completion({ audio: { id: 'a', data: 'AA==', transcript: 'old' } }) });
    expect(editedAnswer({ ...call, completion: { text: 'new' } })).toEqual({
      cannot: 'this answer is sound, which no text can be put into',
    });
  });

  test('comments between events stay', () => {
    const events = [
      ': PROCESSING\n\n',
      sse({ id: 'c', choices: [{ index: 0, delta: { role: 'assistant', content: 'old' }, finish_reason: 'stop' }] }),
      sse('[DONE]'),
    ];
    const call = callOf({ api: 'chat_completions', body: events.join(''), type: 'text/event-stream' });
    const out = textOf(done(editedAnswer({ ...call, completion: { text: 'new' } })));
    expect(out.startsWith(': PROCESSING\n\ndata: ')).toBe(true);
    expect(out.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  test('made-up ids are plain, of the right form, and others for another request', () => {
    const idOf = (request: object): string => {
      const call = callOf({ api: 'chat_completions', request, body: completion({}) });
      return jsonOf(done(editedAnswer({ ...call, completion: { toolCalls: [{ name: 'a', arguments: {} }] } }))).choices[0].message
        .tool_calls[0].id;
    };
    expect(idOf({ messages: [] })).toMatch(/^call_hindcast[0-9a-f]{16}$/);
    expect(idOf({ messages: [] })).toBe(idOf({ messages: [] }));
    expect(idOf({ messages: [] })).not.toBe(idOf({ messages: [1] }));
    const mistral = callOf({ api: 'mistral_chat', body: completion({}) });
    const call = jsonOf(done(editedAnswer({ ...mistral, completion: { toolCalls: [{ name: 'a', arguments: {} }] } }))).choices[0]
      .message.tool_calls[0];
    expect(call.id).toMatch(/^[a-zA-Z0-9]{9}$/);
  });

  test('nothing that was recorded is changed in memory', () => {
    const call = callOf({ api: 'chat_completions', body: completion({}) });
    const before = Buffer.from(call.recorded!.body);
    done(editedAnswer({ ...call, completion: { text: 'new' } }));
    expect(before.equals(Buffer.from(call.recorded!.body))).toBe(true);
  });
});

describe('R8 Messages', () => {
  const content = [
    { type: 'thinking', thinking: 'hm', signature: 'c2ln' },
    { type: 'text', text: 'old', citations: [{ type: 'char_location', cited_text: 'x' }] },
    { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'q' } },
    { type: 'tool_use', id: 'toolu_1', name: 'lookup', input: { a: 1 }, caller: { type: 'direct' }, unknown_member: 7 },
    { type: 'tool_use', id: 'toolu_2', name: 'lookup', input: { a: 2 }, caller: { type: 'direct' }, unknown_member: 8 },
  ];
  const usage = { input_tokens: 3, output_tokens: 9 };
  const body = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content,
    stop_reason: 'tool_use',
    stop_sequence: null,
    usage,
  };
  const events = [
    { type: 'message_start', message: { ...body, content: [], stop_reason: null } },
    { type: 'ping' },
    ...content.flatMap((block: any, index) => {
      const delta = (given: object): object => ({ type: 'content_block_delta', index, delta: given });
      const start = (given: object): object => ({ type: 'content_block_start', index, content_block: given });
      const { input, ...rest } = block;
      const grown =
        block.type === 'thinking'
          ? [
              start({ type: 'thinking', thinking: '', signature: '' }),
              delta({ type: 'thinking_delta', thinking: 'hm' }),
              delta({ type: 'signature_delta', signature: 'c2ln' }),
            ]
          : block.type === 'text'
            ? [start({ type: 'text', text: '' }), delta({ type: 'text_delta', text: 'old' })]
            : [start({ ...rest, input: {} }), delta({ type: 'input_json_delta', partial_json: JSON.stringify(input) })];
      return [...grown, { type: 'content_block_stop', index }];
    }),
    { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 9 } },
    { type: 'message_stop' },
  ] as any[];
  const call = callOf({ api: 'messages', body });
  const streamed = callOf({
    api: 'messages',
    body: events.map((event) => sse(event, event.type)).join(''),
    type: 'text/event-stream',
  });
  const eventsOf = (answer: EditedAnswer): any[] =>
    textOf(answer)
      .trim()
      .split('\n\n')
      .map((block) => JSON.parse(block.slice(block.indexOf('data: ') + 6)));
  const calls = [
    { name: 'lookup', arguments: { a: 1 } },
    { name: 'lookup', arguments: { a: 'edited' } },
  ];

  test('thinking and its signature stay, what the provider ran, and the call that was not edited', () => {
    const edited = jsonOf(done(editedAnswer({ ...call, completion: { text: 'new', toolCalls: calls } })));
    const second = { type: 'tool_use', id: 'toolu_2', name: 'lookup', input: { a: 'edited' }, caller: { type: 'direct' } };
    expect(edited).toEqual({ ...body, content: [content[0], { type: 'text', text: 'new' }, content[2], content[3], second] });
  });

  test('in a stream too, event by event', () => {
    const given = eventsOf(done(editedAnswer({ ...streamed, completion: { toolCalls: calls } })));
    const stays = events.filter(({ index }) => index === undefined || index < 4);
    expect(given.filter(({ index }) => index === undefined || index < 4)).toEqual(stays);
    const json = given.filter(({ index }) => index === 4).map(({ delta }) => delta?.partial_json ?? '');
    expect(JSON.parse(json.join(''))).toEqual({ a: 'edited' });
  });

  test('blocks are numbered anew where one goes or comes', () => {
    const given = eventsOf(done(editedAnswer({ ...streamed, completion: { text: '', toolCalls: [] } })));
    expect(
      given.filter(({ type }) => type === 'content_block_start').map(({ index, content_block: { type } }) => [index, type]),
    ).toEqual([
      [0, 'thinking'],
      [1, 'server_tool_use'],
    ]);
    expect(given.at(-2).delta).toEqual({ stop_reason: 'end_turn', stop_sequence: null });
  });

  test('a very long text comes in no more than some thousand events', () => {
    const long = 'word 😀 '.repeat(100_000);
    const answer = done(editedAnswer({ ...streamed, completion: { text: long } }));
    expect(answer.pieces.length).toBeLessThan(2_200);
    expect(
      eventsOf(answer)
        .map(({ delta }) => delta?.text ?? '')
        .join(''),
    ).toBe(long);
  });
});

describe('R8 Responses', () => {
  const text = (content: string): object => ({ type: 'output_text', text: content, annotations: [{ type: 'url_citation' }] });
  const output = [
    { id: 'rs_1', type: 'reasoning', summary: [], encrypted_content: 'gAAA' },
    { id: 'msg_1', type: 'message', role: 'assistant', status: 'completed', content: [text('old')] },
    { id: 'fc_1', type: 'function_call', call_id: 'call_1', name: 'lookup', arguments: '{}', status: 'completed' },
  ];
  const response = {
    id: 'resp_1',
    object: 'response',
    status: 'completed',
    incomplete_details: null,
    model: 'm',
    output,
    usage: { input_tokens: 3, output_tokens: 2 },
  };
  const call = callOf({ api: 'responses', body: response });

  test('reasoning and calls stay beside another text', () => {
    const body = jsonOf(done(editedAnswer({ ...call, completion: { text: 'new' } })));
    expect(body).toEqual({
      ...response,
      output: [output[0], { ...output[1], content: [{ type: 'output_text', annotations: [], text: 'new' }] }, output[2]],
    });
  });

  test('an end before its time', () => {
    const body = jsonOf(done(editedAnswer({ ...call, completion: { finishReason: 'length' } })));
    expect(body).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } });
  });

  test('events are numbered without a gap, and places are those of the items', () => {
    const events = [
      { type: 'response.created', sequence_number: 0, response: { ...response, status: 'in_progress', output: [] } },
      { type: 'response.output_item.added', sequence_number: 1, output_index: 0, item: output[0] },
      { type: 'response.output_item.done', sequence_number: 2, output_index: 0, item: output[0] },
      { type: 'response.output_item.added', sequence_number: 3, output_index: 1, item: output[2] },
      { type: 'response.output_item.done', sequence_number: 4, output_index: 1, item: output[2] },
      { type: 'response.completed', sequence_number: 5, response: { ...response, output: [output[0], output[2]] } },
    ];
    const streamed = callOf({
      api: 'responses',
      body: events.map((event) => sse(event, event.type)).join(''),
      type: 'text/event-stream',
    });
    const answer = done(editedAnswer({ ...streamed, completion: { text: 'a new one' } }));
    const given = textOf(answer)
      .trim()
      .split('\n\n')
      .map((block) => JSON.parse(block.slice(block.indexOf('data: ') + 6)));
    expect(given.map(({ sequence_number: n }) => n)).toEqual(given.map((_, index) => index));
    expect(given.at(-1).response.output.map(({ type }: any) => type)).toEqual(['reasoning', 'message', 'function_call']);
    expect(given.find(({ item }) => item?.type === 'function_call').output_index).toBe(2);
    expect(textOf(answer)).toContain('event: response.output_text.delta\n');
  });

  test('what stands for a conversation is no answer', () => {
    const compaction = callOf({ api: 'responses', body: { id: 'x', object: 'response.compaction', output: [] } });
    expect(editedAnswer({ ...compaction, completion: { text: 'new' } })).toMatchObject({
      cannot: expect.stringContaining('conversation'),
    });
  });
});

describe('R8 models behind InvokeModel', () => {
  const models: [name: string, request: object, body: any, text: (body: any) => unknown, end: (body: any) => unknown][] = [
    [
      'amazon.titan-text-express-v1',
      { inputText: 'q', textGenerationConfig: {} },
      { inputTextTokenCount: 3, results: [{ tokenCount: 2, outputText: 'old', completionReason: 'FINISH' }] },
      (body) => body.results[0].outputText,
      (body) => body.results[0].completionReason,
    ],
    [
      'meta.llama3-70b-instruct-v1:0',
      { prompt: 'q', max_gen_len: 9 },
      { generation: 'old', prompt_token_count: 3, generation_token_count: 2, stop_reason: 'stop' },
      (body) => body.generation,
      (body) => body.stop_reason,
    ],
    [
      'mistral.mistral-7b-instruct-v0:2',
      { prompt: 'q', max_tokens: 9 },
      { outputs: [{ text: 'old', stop_reason: 'stop' }] },
      (body) => body.outputs[0].text,
      (body) => body.outputs[0].stop_reason,
    ],
    [
      'mistral.mistral-large-2407-v1:0',
      { messages: [{ role: 'user', content: 'q' }] },
      { choices: [{ index: 0, message: { role: 'assistant', content: 'old' }, stop_reason: 'stop' }] },
      (body) => body.choices[0].message.content,
      (body) => body.choices[0].stop_reason ?? body.choices[0].finish_reason,
    ],
    [
      'cohere.command-text-v14',
      { prompt: 'q', max_tokens: 9 },
      { generations: [{ id: 'g', text: 'old', finish_reason: 'COMPLETE' }], id: 'x', prompt: 'q' },
      (body) => body.generations[0].text,
      (body) => body.generations[0].finish_reason,
    ],
    [
      'ai21.j2-ultra-v1',
      { prompt: 'q', maxTokens: 9 },
      { id: 1, completions: [{ data: { text: 'old' }, finishReason: { reason: 'endoftext' } }] },
      (body) => body.completions[0].data.text,
      (body) => body.completions[0].finishReason.reason,
    ],
    [
      'amazon.nova-pro-v1:0',
      { messages: [{ role: 'user', content: [{ text: 'q' }] }], inferenceConfig: {} },
      {
        output: { message: { role: 'assistant', content: [{ text: 'old' }] } },
        stopReason: 'end_turn',
        usage: { inputTokens: 1 },
      },
      (body) => body.output.message.content[0].text,
      (body) => body.stopReason,
    ],
    [
      'anthropic.claude-v2',
      { prompt: 'q', max_tokens_to_sample: 9 },
      { completion: 'old', stop_reason: 'stop_sequence', stop: '\n\nHuman:' },
      (body) => body.completion,
      (body) => body.stop_reason,
    ],
  ];

  test.each(models)('%s', (model, request, body, text, end) => {
    const given = { api: 'invoke_model', path: `/model/${encodeURIComponent(model)}/invoke`, request };
    for (const call of [
      callOf({ ...given, body }),
      callOf({ ...given, body: { message: 'Slow down.' }, status: 429 }),
      callOf(given),
    ]) {
      const edited = jsonOf(done(editedAnswer({ ...call, completion: { text: 'new' } })));
      expect([text(edited), end(edited)]).toEqual(['new', end(body)]);
    }
    const edited = jsonOf(done(editedAnswer({ ...callOf({ ...given, body }), completion: { finishReason: 'length' } })));
    expect(text(edited)).toBe('old');
    expect(end(edited)).toMatch(/length|max_tokens/i);
  });

  test('a streamed one keeps the figures of its last chunk', () => {
    const metrics = { 'amazon-bedrock-invocationMetrics': { inputTokenCount: 3, outputTokenCount: 2 } };
    const chunks = [
      { generation: 'o', stop_reason: null },
      { generation: 'ld', stop_reason: null },
      { generation: '', stop_reason: 'stop', ...metrics },
    ];
    const headers = { ':event-type': 'chunk', ':content-type': 'application/json', ':message-type': 'event' };
    const frames = chunks.map((chunk) =>
      writeFrame({
        headers,
        payload: Buffer.from(JSON.stringify({ bytes: Buffer.from(JSON.stringify(chunk)).toString('base64') })),
      }),
    );
    const call = callOf({
      api: 'invoke_model',
      path: '/model/meta.llama3/invoke-with-response-stream',
      request: { prompt: 'q' },
      body: Buffer.concat(frames),
      type: 'application/vnd.amazon.eventstream',
    });
    expect(completionOf(call)).toEqual({ text: 'old', finishReason: 'stop' });
    const answer = done(editedAnswer({ ...call, completion: { text: 'a new text' } }));
    const given = [...readFrames(Buffer.concat(answer.pieces))].map(({ payload }) =>
      JSON.parse(Buffer.from(JSON.parse(Buffer.from(payload).toString()).bytes, 'base64').toString()),
    );
    expect(given.map(({ generation }) => generation).join('')).toBe('a new text');
    expect(given.at(-1)).toEqual(chunks[2]);
  });
});

describe('R8 what cannot be edited', () => {
  test.each([
    ['embeddings', 'embeddings'],
    ['cohere_rerank', 'rerank'],
    ['audio_transcriptions', 'generate_content'],
    ['moderations', 'moderation'],
    ['run_shield', 'moderation'],
  ])('%s: a sentence says what can', (api, operation) => {
    const call = callOf({ api, operation, body: { data: [] } });
    expect(editedAnswer({ ...call, completion: { text: 'new' } })).toEqual({
      cannot:
        'what can be edited are answers of chat, of text completion and of generated content; of this call, its request can be',
    });
    expect(completionOf(call)).toBeUndefined();
  });

  test('tool calls, in an API that has none', () => {
    const call = callOf({
      api: 'completions',
      operation: 'text_completion',
      body: { choices: [{ text: 'old', index: 0, finish_reason: 'stop' }] },
    });
    const toolCalls = [{ name: 'lookup', arguments: {} }];
    expect(editedAnswer({ ...call, completion: { toolCalls } })).toEqual({
      cannot: 'the answers of this API hold no tool calls: its text can be edited',
    });
  });

  test('of a framework alone, the address tells the API', () => {
    const given = { api: 'ai_sdk', body: completion({}) };
    expect(
      jsonOf(done(editedAnswer({ ...callOf({ ...given, path: '/v1/chat/completions' }), completion: { text: 'new' } })))
        .choices[0].message.content,
    ).toBe('new');
    expect(editedAnswer({ ...callOf({ ...given, path: '/v1/nowhere' }), completion: { text: 'new' } })).toHaveProperty('cannot');
  });
});
