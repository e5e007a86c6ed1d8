/** What Bedrock's decoders say: Converse, the dialects behind `InvokeModel`, and the frames of its streams. */
import { describe, expect, test } from 'vitest';
import { readFrames } from '../../../src/core/event-frames.ts';
import type { Operation } from '../../../src/providers/contract.ts';
import { converse } from '../../../src/providers/bedrock/converse.ts';
import { invokeOperation, invokeRequest } from '../../../src/providers/bedrock/invoke-model.ts';
import { messages } from '../../../src/providers/anthropic/messages.ts';
import { decodeBody } from '../../../src/providers/wire-body.ts';
import * as wire from '../../../src/testing/wire-bedrock.ts';
import { bedrockSamples, invoke } from './sample-bedrock.ts';
import { fold, sample } from './samples.ts';

const AWS = 'application/vnd.amazon.eventstream';
const facts = (name: string): unknown => {
  const { operation, request, answer } = sample(name);
  return [operation.request(request), operation.response(answer)];
};

describe('Converse', () => {
  test('facts', () => {
    expect(facts('converse')).toEqual([
      {
        model: 'eu.nova-x',
        stream: true,
        maxTokens: 100,
        temperature: 0.5,
        topP: 0.9,
        topK: 5,
        serviceTier: 'priority',
        reasoningLevel: 'low',
        outputType: 'json',
        messageCount: 3,
        tools: ['weather', 'nova_grounding'],
        toolResults: ['tooluse_0', 'tooluse_00'],
      },
      {
        response: {
          model: 'us.nova-x',
          finishReasons: ['tool_use'],
          toolCalls: [
            { id: 'srv_1', name: 'nova_grounding' },
            { id: 'tooluse_1', name: 'weather' },
            { id: 'tooluse_2', name: 'time' },
          ],
          serviceTier: 'priority',
        },
        usage: { input: 18, output: 25, cacheRead: 3, cacheWrite: 4, cacheWriteHour: 0 },
      },
    ]);
  });

  test('what was asked', () => {
    expect(converse.input(sample('converse').request)).toEqual({
      system: [
        { type: 'text', content: 'be brief' },
        { type: 'text', content: 'stay polite' },
      ],
      input: [
        {
          role: 'user',
          parts: [
            { type: 'blob', modality: 'image', content: 'AQID', mime_type: 'image/png' },
            { type: 'uri', modality: 'document', uri: 's3://bucket/key' },
            { type: 'text', content: 'a fox' },
            { type: 'blob', modality: 'video', content: 'AAAA', mime_type: 'video/mp4' },
            { type: 'text', content: 'what is this?' },
          ],
        },
        { role: 'assistant', parts: [{ type: 'tool_call', id: 'tooluse_0', name: 'weather', arguments: { city: 'Bern' } }] },
        {
          role: 'tool',
          parts: [
            { type: 'tool_call_response', id: 'tooluse_0', response: { sky: 'sunny' } },
            {
              type: 'tool_call_response',
              id: 'tooluse_00',
              response: [
                { type: 'text', content: 'sunny' },
                { type: 'generic', content: '[1]' },
              ],
            },
          ],
        },
      ],
      tools: [
        { type: 'function', name: 'weather', description: 'Looks', parameters: { type: 'object' } },
        { type: 'system_tool', name: 'nova_grounding' },
      ],
    });
  });

  test('what was answered', () => {
    expect(converse.output(sample('converse').answer)).toEqual([
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', content: 'let me see' },
          { type: 'text', content: 'Hello world' },
          { type: 'text', content: 'as written' },
          {
            type: 'server_tool_call',
            id: 'srv_1',
            name: 'nova_grounding',
            server_tool_call: expect.objectContaining({ type: 'nova_grounding', input: { query: 'bern' } }),
          },
          {
            type: 'server_tool_call_response',
            id: 'srv_1',
            server_tool_call_response: expect.objectContaining({ type: 'nova_grounding_result' }),
          },
          { type: 'tool_call', id: 'tooluse_1', name: 'weather', arguments: { city: 'Bern' } },
          { type: 'tool_call', id: 'tooluse_2', name: 'time', arguments: {} },
        ],
        finish_reason: 'tool_call',
      },
    ]);
  });

  test.each([
    [
      'apart, as AWS says it counts them',
      { inputTokens: 6, outputTokens: 3, totalTokens: 109, cacheReadInputTokens: 100 },
      { input: 106, output: 3, cacheRead: 100 },
    ],
    [
      'apart, in a total without them',
      { inputTokens: 6, outputTokens: 3, totalTokens: 9, cacheReadInputTokens: 100 },
      { input: 106, output: 3, cacheRead: 100 },
    ],
    [
      'among the input, as the total says',
      { inputTokens: 106, outputTokens: 3, totalTokens: 109, cacheReadInputTokens: 100, cacheWriteInputTokens: 0 },
      { input: 106, output: 3, cacheRead: 100, cacheWrite: 0 },
    ],
    [
      'written for an hour in part',
      {
        inputTokens: 6,
        outputTokens: 3,
        totalTokens: 16,
        cacheWriteInputTokens: 7,
        cacheDetails: [
          { ttl: '1h', inputTokens: 4 },
          { ttl: '5m', inputTokens: 3 },
        ],
      },
      { input: 13, output: 3, cacheWrite: 7, cacheWriteHour: 4 },
    ],
    ['none', { inputTokens: 6, outputTokens: 3, totalTokens: 9 }, { input: 6, output: 3 }],
    ['nothing said', {}, undefined],
    ['no figures', { inputTokens: '6', outputTokens: -1 }, undefined],
  ])('cached tokens: %s', (_, usage, expected) => {
    expect(converse.response({ usage }).usage).toEqual(expected);
  });

  test('a router without a trace, and a profile that has only a number', () => {
    expect(converse.response({ stopReason: 'end_turn' }).response).toEqual({ finishReasons: ['end_turn'] });
    expect(converse.request({ modelId: 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1' })).toEqual({
      model: 'a1',
    });
  });
});

describe('InvokeModel, by what a body is like', () => {
  test.each([
    ['invoke anthropic', { input: 18, output: 25, cacheRead: 3, cacheWrite: 4, reasoning: 8 }, ['tool_use']],
    ['invoke nova', { input: 8, output: 2, cacheRead: 3, cacheWrite: 0 }, ['max_tokens']],
    ['invoke titan text', { input: 5, output: 8 }, ['FINISH']],
    ['invoke llama', { input: 5, output: 2 }, ['length']],
    ['invoke mistral', { input: 5, output: 2 }, ['stop']],
    ['invoke deepseek', { input: 5, output: 2 }, ['stop']],
    ['invoke cohere command', { input: 5, output: 2 }, ['COMPLETE']],
    ['invoke cohere chat', { input: 5, output: 2 }, ['COMPLETE']],
    ['invoke chat completions', { input: 20, output: 9, cacheRead: 5, reasoning: 4, audioInput: 0 }, ['tool_calls', 'stop']],
  ])('%s: tokens and why it ended', (name, usage, reasons) => {
    const { operation, answer } = sample(name);
    const read = operation.response(answer);
    expect(read.usage).toEqual(usage);
    expect(read.response.finishReasons).toEqual(reasons);
  });

  test.each([
    ['invoke nova', { model: 'amazon.nova-x-v1:0', maxTokens: 100, temperature: 0.5, topP: 0.9, topK: 5, messageCount: 1 }],
    ['invoke titan text', { model: 'amazon.titan-text-express-v1', maxTokens: 9, temperature: 0.5, topP: 0.9 }],
    ['invoke llama', { model: 'us.meta.llama3-x-v1:0', maxTokens: 9, temperature: 0.5, topP: 0.9 }],
    ['invoke mistral', { model: 'mistral.mistral-x', maxTokens: 9, topK: 4 }],
    ['invoke cohere command', { model: 'cohere.command-x', maxTokens: 9, topP: 0.9, topK: 4, choiceCount: 2 }],
    [
      'invoke cohere chat',
      { model: 'cohere.command-r-x', maxTokens: 9, topP: 0.9, topK: 4, messageCount: 2, tools: ['weather'] },
    ],
    ['invoke titan embeddings', { model: 'amazon.titan-embed-text-v2:0' }],
    ['invoke images', { model: 'amazon.nova-canvas-v1:0', seed: 7, choiceCount: 2, outputType: 'image' }],
  ])('%s: what was asked for', (name, expected) => {
    const { operation, request } = sample(name);
    expect(operation.request(request)).toEqual(expected);
  });

  test.each(bedrockSamples.filter(({ name }) => name.startsWith('invoke')).map((one) => [one.name, one] as const))(
    '%s: the kind of call, and its words',
    (_, { operation, request, answer }) => {
      expect(invokeOperation(invokeRequest(request))).toBe(operation);
      const asked = JSON.stringify(operation.input(request));
      expect(asked).toMatch(/what is this\?|a fox|hi/);
      const said = JSON.stringify(operation.output(answer));
      if (operation.operation === 'embeddings') {
        expect(operation.response(answer).response.dimensions).toBe(3);
        expect(said).toBe('[]');
      } else expect(said).toMatch(/Hello|relevance|AAAA/);
    },
  );

  test.each([
    ['chat', { message: 'hi' }],
    ['chat', { messages: [{ role: 'user', content: 'hi' }] }],
    ['text_completion', { prompt: 'hi' }],
    ['text_completion', { inputText: 'hi' }],
    ['text_completion', { prompt: '\n\nHuman: hi', max_tokens_to_sample: 9 }],
    ['embeddings', { inputText: 'hi', model: 'amazon.titan-embed-text-v1' }],
    ['embeddings', { inputImage: 'AAAA', embeddingConfig: { outputEmbeddingLength: 256 } }],
    ['generate_content', { prompt: 'a fox', model: 'us.stability.stable-image-ultra-v1:1' }],
    ['generate_content', { text_prompts: [{ text: 'a fox' }] }],
    ['generate_content', { who: 'knows' }],
    ['generate_content', {}],
  ])('%s is what is asked for with %j', (word, body) => {
    expect(invokeOperation(body).operation).toBe(word);
  });

  const said = (body: object): unknown => {
    const operation = invoke('text_completion');
    return [
      operation.response(body).response.finishReasons,
      operation.output(body).flatMap(({ parts }) => parts.map(({ content }) => content)),
    ];
  };
  test.each([
    [
      'AI21’s older models',
      { completions: [{ data: { text: 'Hello' }, finishReason: { reason: 'endoftext' } }] },
      [['endoftext'], ['Hello']],
    ],
    ['Anthropic’s older API', { completion: ' Hello', stop_reason: 'stop_sequence' }, [['stop_sequence'], [' Hello']]],
    ['TwelveLabs', { message: 'Hello', finishReason: 'stop' }, [['stop'], ['Hello']]],
    [
      'Mistral’s chat',
      { choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, stop_reason: 'length' }] },
      [['length'], ['Hello']],
    ],
    [
      'Stability’s older models',
      { result: 'success', artifacts: [{ base64: 'AAAA', finishReason: 'SUCCESS' }] },
      [undefined, ['AAAA']],
    ],
    ['nobody that is known', { pi: 3 }, [undefined, []]],
  ])('%s', (_, body, expected) => {
    expect(said(body)).toEqual(expected);
  });

  test('a stream of Cohere’s older models, piece by piece', () => {
    const operation = invoke('text_completion');
    const chunk = (body: object): object => ({ chunk: { bytes: new Uint8Array(Buffer.from(JSON.stringify(body))) } });
    const chunks = [
      { text: 'Hello ', is_finished: false },
      { text: 'world', is_finished: false },
      { is_finished: true, finish_reason: 'COMPLETE' },
    ].map(chunk);
    const { body, complete } = fold(operation, chunks);
    expect(complete).toBe(true);
    expect(said(body)).toEqual([['COMPLETE'], ['Hello world']]);
  });
});

describe('P7 errors', () => {
  test.each([
    ['a sentence', { message: 'SECRET words' }, { type: 'error' }],
    [
      'a sentence and a type',
      { Message: 'SECRET words', __type: 'com.amazon#ExpiredTokenException' },
      { type: 'ExpiredTokenException' },
    ],
    ['an event of a stream', { throttlingException: { message: 'SECRET words' } }, { type: 'ThrottlingException' }],
  ])('%s', (_, body, error) => {
    for (const { operation } of bedrockSamples) {
      const read = operation.response(body);
      expect(read.error).toEqual(error);
      expect(JSON.stringify(read)).not.toContain('SECRET');
    }
  });

  test.each([['converse'], ['invoke anthropic'], ['invoke llama']])('%s: in the middle of a stream', (name) => {
    const { operation, stream } = sample(name);
    const { body, complete } = fold(operation, [
      ...stream!.slice(0, 1),
      { modelStreamErrorException: { message: 'SECRET words', originalStatusCode: 500 } },
    ]);
    expect(complete).toBe(false);
    expect(operation.response(body).error).toEqual({ type: 'ModelStreamErrorException' });
  });
});

describe('frames', () => {
  const frames = wire.converseStream({ text: 'Grüezi, Oslo.', tokens: { input: 9, output: 4 } });
  const bytes = Buffer.concat(frames);
  const read = (given: Uint8Array): number => [...readFrames(given)].length;

  test('are what the SDK’s own codec writes', async () => {
    const { createRequire } = await import('node:module');
    const ofSdk = createRequire(createRequire(import.meta.url).resolve('@aws-sdk/client-bedrock-runtime'));
    const { EventStreamCodec } = ofSdk('@smithy/core/event-streams');
    const codec = new EventStreamCodec(
      (data: Uint8Array) => Buffer.from(data).toString(),
      (text: string) => Buffer.from(text),
    );
    for (const frame of frames) {
      const { headers, body } = codec.decode(frame);
      const [ours] = readFrames(frame);
      expect(ours!.headers).toEqual(Object.fromEntries(Object.entries<any>(headers).map(([name, { value }]) => [name, value])));
      expect(Buffer.from(ours!.payload)).toEqual(Buffer.from(body));
    }
    const odd = codec.encode({
      headers: {
        flag: { type: 'boolean', value: true },
        byte: { type: 'byte', value: 1 },
        short: { type: 'short', value: 1 },
        integer: { type: 'integer', value: 1 },
        binary: { type: 'binary', value: new Uint8Array([1, 2]) },
        when: { type: 'timestamp', value: new Date(0) },
        uuid: { type: 'uuid', value: '00000000-0000-4000-8000-000000000000' },
        name: { type: 'string', value: 'Grüezi' },
      },
      body: new Uint8Array([7]),
    });
    expect([...readFrames(odd)]).toEqual([{ headers: { name: 'Grüezi' }, payload: odd.subarray(-5, -4) }]);
  });

  test('up to where they are cut off, and never beyond a damage', () => {
    expect(read(bytes)).toBe(frames.length);
    let whole = 0;
    for (let length = 0, end = frames[0]!.length; length < bytes.length; length++) {
      if (length === end) end += frames[++whole]!.length;
      expect(read(bytes.subarray(0, length))).toBe(whole);
    }
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1 << (at % 8);
      let before = 0;
      for (let end = frames[0]!.length; end <= at; end += frames[before]!.length) before++;
      expect(read(damaged), `damage at ${at}`).toBe(before);
    }
  });

  test('and what is none', () => {
    for (const odd of [
      new Uint8Array(),
      new Uint8Array(15),
      new Uint8Array(64),
      Buffer.alloc(64, 255),
      Buffer.from('{"a":1}'.repeat(20)),
    ])
      expect(read(odd)).toBe(0);
  });

  test('a recorded stream is read from its bytes, whole or not', () => {
    const plain = converse.response(wire.converseAnswer({ text: 'Grüezi, Oslo.', tokens: { input: 9, output: 4 } }));
    const { body, complete } = decodeBody(converse, bytes, AWS);
    expect(complete).toBe(true);
    expect(converse.response(body)).toEqual(plain);
    expect(converse.output(body)[0]!.parts).toEqual([{ type: 'text', content: 'Grüezi, Oslo.' }]);
    for (let cut = 0; cut < bytes.length; cut += 11) {
      const half = decodeBody(converse, bytes.subarray(0, cut), AWS);
      expect(converse.response(half.body).error).toBeUndefined();
    }
    expect(decodeBody(sample('embeddings').operation, bytes, AWS)).toEqual({ body: undefined, complete: false });
  });

  test('an error in it', () => {
    const cut = Buffer.concat([...frames.slice(0, 2), wire.awsException('internalServerException')]);
    expect(converse.response(decodeBody(converse, cut, AWS).body).error).toEqual({ type: 'InternalServerException' });
    const failure = wire.awsFrame({ ':message-type': 'error', ':error-code': 'InternalFailure', ':error-message': 'SECRET' }, '');
    expect(converse.response(decodeBody(converse, failure, AWS).body).error).toEqual({ type: 'InternalFailure' });
  });

  test('what a model streamed in its own dialect is read by that dialect’s operation, too', () => {
    const said = Buffer.concat(wire.invokeAnthropicStream({ text: 'Hello', tokens: { input: 9, output: 4 } }));
    const operations: Operation[] = [messages, invoke('chat')];
    for (const operation of operations) {
      const { body, complete } = decodeBody(operation, said, `${AWS}; charset=x`);
      expect(complete).toBe(true);
      expect(operation.response(body)).toMatchObject({
        usage: { input: 9, output: 4 },
        response: { finishReasons: ['end_turn'] },
      });
      expect(operation.output(body)[0]!.parts).toEqual([{ type: 'text', content: 'Hello' }]);
    }
  });

  test('bytes of any other answer are text', () => {
    const answer = wire.converseAnswer({ text: 'Grüezi' });
    expect(decodeBody(converse, Buffer.from(JSON.stringify(answer)), 'application/json')).toEqual({
      body: answer,
      complete: true,
    });
  });
});
