/** What Cohere's API says, in both of its versions, and in the form that its SDK gives to it. */
import { describe, expect, test } from 'vitest';
import { cohereChat } from '../../../src/providers/cohere/cohere-chat.ts';
import { cohereEmbed } from '../../../src/providers/cohere/cohere-embed.ts';
import { cohereGenerate } from '../../../src/providers/cohere/cohere-generate.ts';
import { cohereChatV1 } from '../../../src/providers/cohere/cohere-v1.ts';
import { decodeBody } from '../../../src/providers/wire-body.ts';
import { cohereSamples } from './sample-cohere.ts';
import { fold, sample } from './samples.ts';

describe('cohere: facts', () => {
  const knobs = { model: 'command-x', stream: true, maxTokens: 60, topP: 0.9, topK: 40 };

  test('chat', () => {
    const { request, answer } = sample('cohere chat');
    expect(cohereChat.request(request)).toEqual({
      ...knobs,
      temperature: 0.5,
      seed: 7,
      frequencyPenalty: 0.1,
      presencePenalty: 0.2,
      outputType: 'json',
      reasoningLevel: 'none',
      messageCount: 4,
      tools: ['weather'],
      toolResults: ['weather_0'],
    });
    expect(cohereChat.response(answer)).toEqual({
      response: {
        id: 'chat_1',
        finishReasons: ['TOOL_CALL'],
        toolCalls: [
          { id: 'weather_a', name: 'weather' },
          { id: 'weather_b', name: 'weather' },
        ],
      },
      usage: { input: 20, output: 12, reasoning: 4 },
    });
  });

  test('chat, version 1', () => {
    const { request, answer } = sample('cohere chat, version 1');
    expect(cohereChatV1.request(request)).toEqual({ ...knobs, messageCount: 4, tools: ['weather'] });
    expect(cohereChatV1.response(answer)).toEqual({
      response: { id: 'resp_1', finishReasons: ['COMPLETE'], toolCalls: [{ name: 'weather' }] },
      usage: { input: 20, output: 12, reasoning: 4 },
    });
  });

  test('the others', () => {
    const facts = (name: string): unknown => sample(name).operation.response(sample(name).answer);
    const usage = { input: 20, output: 12, reasoning: 4 };
    expect(cohereGenerate.request(sample('cohere generate').request)).toEqual({
      model: 'command-x',
      stream: true,
      maxTokens: 5,
      choiceCount: 2,
    });
    expect(facts('cohere generate')).toEqual({
      response: { id: 'generate_1', finishReasons: ['MAX_TOKENS', 'COMPLETE'] },
      usage,
    });
    expect(facts('cohere summarize')).toEqual({ response: { id: 'sum_1' }, usage });
    // Classifications, search units and pages are no tokens.
    expect(facts('cohere classify')).toEqual({ response: { id: 'classify_1' } });
    expect(facts('cohere rerank')).toEqual({ response: { id: 'rerank_1' } });
    expect(facts('cohere parse')).toEqual({ response: { id: 'parse_1' } });
    expect(facts('cohere embed')).toEqual({ response: { id: 'embed_1', dimensions: 4 }, usage: { input: 10 } });
  });

  test.each([
    ['float', [[0.5, 0.25]], 2],
    ['int8', [[1, -2, 3]], 3],
    ['uint8', [[1, 2, 3]], 3],
    ['binary', [[1, -2]], 16],
    ['ubinary', [[1, 2]], 16],
    ['base64', [Buffer.from(new Float32Array([1, 2, 3]).buffer).toString('base64')], 3],
    ['base64', ['AAA='], undefined],
    ['float', [[]], undefined],
  ])('a vector of %s', (type, vectors, dimensions) => {
    expect(cohereEmbed.response({ embeddings: { [type]: vectors } }).response.dimensions).toBe(dimensions);
  });

  test('vectors of version 1 without a type', () => {
    expect(cohereEmbed.response({ embeddings: [[0.5, 0.25]] }).response.dimensions).toBe(2);
  });

  test('P5 usage: billed tokens where there are any; the others with what was cached of them where there are none', () => {
    const usageOf = (usage: object): unknown => cohereChat.response({ usage }).usage;
    const tokens = { input_tokens: 500, output_tokens: 4 };
    expect(usageOf({ tokens, cached_tokens: 464 })).toEqual({ input: 500, output: 4, cacheRead: 464 });
    expect(usageOf({ tokens, cached_tokens: 464, billed_units: { input_tokens: 5, output_tokens: 2 } })).toEqual({
      input: 5,
      output: 2,
    });
    expect(usageOf({ tokens, billed_units: { search_units: 1 } })).toEqual({ input: 500, output: 4 });
    expect(usageOf({ tokens: { reasoning_tokens: 9 }, billed_units: { output_tokens: 2 } })).toEqual({ output: 2 });
    expect(usageOf({})).toBeUndefined();
    expect(cohereEmbed.response({ meta: { billed_units: { images: 1 } } }).usage).toBeUndefined();
  });

  test('P7 failures in an answer, and error answers', () => {
    const failed = { finish_reason: 'ERROR', error: 'said in words', error_type: 'INVALID_TOOL_GENERATION' };
    expect(cohereChat.response(failed).error).toEqual({ type: 'INVALID_TOOL_GENERATION' });
    expect(cohereChat.response({ finish_reason: 'TIMEOUT' }).error).toEqual({ type: 'TIMEOUT' });
    expect(cohereChat.response({ finish_reason: 'ERROR', error: 'said in words' }).error).toEqual({ type: 'ERROR' });
    expect(cohereChatV1.response({ text: 'x', finish_reason: 'ERROR_TOXIC' }).error).toBeUndefined();
    expect(cohereChat.response({ id: 'x', message: 'there is no such model' })).toEqual({
      response: { id: 'x' },
      error: { type: 'error' },
    });
    const stream = [
      { is_finished: false, text: 'a' },
      { is_finished: true, event_type: 'stream-error', finish_reason: 'ERROR', err: 'no' },
    ];
    const { body, complete } = fold(cohereGenerate, stream);
    expect(complete).toBe(true);
    expect(cohereGenerate.response(body)).toEqual({ response: { finishReasons: ['ERROR'] }, error: { type: 'ERROR' } });
    expect(cohereGenerate.output(body)).toEqual([
      { role: 'assistant', parts: [{ type: 'text', content: 'a' }], finish_reason: 'error' },
    ]);
  });
});

describe('cohere: what was said', () => {
  const said = (name: string): any => {
    const { operation, request, answer } = sample(name);
    return { ...operation.input(request), output: operation.output(answer) };
  };
  const text = (content: string): object => ({ type: 'text', content });

  test('chat: documents, plans and citations are content', () => {
    expect(said('cohere chat')).toEqual({
      input: [
        {
          role: 'user',
          parts: [
            text('A fox is red.'),
            {
              type: 'generic',
              name: 'document',
              content: '{"type":"document","document":{"id":"doc:1","data":{"title":"Foxes","text":"SECRET"}}}',
            },
          ],
        },
        { role: 'system', parts: [text('be brief')] },
        {
          role: 'user',
          parts: [text('what is this?'), { type: 'blob', modality: 'image', mime_type: 'image/png', content: 'AAAA' }],
        },
        {
          role: 'assistant',
          parts: [
            { type: 'reasoning', content: 'I will look.' },
            { type: 'tool_call', id: 'weather_0', name: 'weather', arguments: { city: 'Bern' } },
          ],
        },
        {
          role: 'tool',
          parts: [
            {
              type: 'tool_call_response',
              id: 'weather_0',
              response: [
                {
                  type: 'generic',
                  name: 'document',
                  content: '{"type":"document","document":{"data":"{\\"sky\\":\\"sunny\\"}"}}',
                },
              ],
            },
          ],
        },
      ],
      tools: [{ type: 'function', name: 'weather', description: 'Looks', parameters: { type: 'object' } }],
      output: [
        {
          role: 'assistant',
          finish_reason: 'tool_call',
          parts: [
            { type: 'reasoning', content: 'I will look again.' },
            { type: 'reasoning', content: 'hm, hm' },
            text('Hello world'),
            { type: 'tool_call', id: 'weather_a', name: 'weather', arguments: { city: 'Bern' } },
            { type: 'tool_call', id: 'weather_b', name: 'weather', arguments: {} },
            {
              type: 'generic',
              name: 'citations',
              content: expect.stringContaining('"document":{"id":"doc:0","text":"Greetings."}'),
            },
          ],
        },
      ],
    });
  });

  test('chat, version 1', () => {
    const call = { type: 'tool_call', name: 'weather', arguments: { city: 'Bern' } };
    const result = {
      role: 'tool',
      name: 'weather',
      parts: [{ type: 'tool_call_response', response: [{ sky: 'sunny' }] }],
    };
    const generic = (name: string): object => ({ type: 'generic', name, content: expect.any(String) });
    expect(said('cohere chat, version 1')).toEqual({
      system: [text('be brief')],
      input: [
        { role: 'user', parts: [text('what is this?')] },
        { role: 'assistant', parts: [text('I will look.'), call] },
        result,
        { role: 'user', parts: [generic('document'), text('hello?')] },
        result,
      ],
      tools: [{ type: 'function', name: 'weather', description: 'Looks', parameters: { city: { type: 'str', required: true } } }],
      output: [
        {
          role: 'assistant',
          finish_reason: 'stop',
          parts: [text('Hello world'), call, generic('citations'), generic('documents'), generic('search_queries')],
        },
      ],
    });
  });

  test('the others', () => {
    const parts = (name: string): unknown =>
      said(name).output.flatMap((message: any) => message.parts.map((part: any) => part.content));
    expect(parts('cohere generate')).toEqual([' upon a', ' bitten']);
    expect(parts('cohere summarize')).toEqual(['Once.']);
    expect(parts('cohere classify')).toEqual([expect.stringContaining('"prediction":"greeting"')]);
    expect(parts('cohere rerank')).toEqual(['[{"index":0,"relevance_score":0.9}]']);
    expect(parts('cohere parse')).toEqual(['# Hello', '[{"type":"text","text":{"content":"world"}}]']);
    expect(said('cohere embed').output).toEqual([]);
    expect(said('cohere embed').input.map((message: any) => message.parts[0].type)).toEqual(['text', 'blob', 'text']);
    expect(said('cohere rerank').input[0].parts).toEqual([
      text('what is a fox?'),
      text('A fox is red.'),
      expect.objectContaining({ name: 'document' }),
    ]);
    expect(said('cohere summarize')).toMatchObject({
      system: [text('be brief')],
      input: [{ parts: [text('once upon a time')] }],
    });
  });

  test('finish reasons have the words of the conventions', () => {
    const reasonOf = (reason: string): string => cohereChatV1.output({ text: 'x', finish_reason: reason })[0]!.finish_reason;
    expect(['COMPLETE', 'STOP_SEQUENCE', 'MAX_TOKENS', 'ERROR_LIMIT', 'ERROR_TOXIC', 'ERROR', 'TIMEOUT'].map(reasonOf)).toEqual([
      ...['stop', 'stop', 'length', 'length', 'content_filter', 'error', 'error'],
    ]);
    // Before 2024 there were none.
    expect(cohereChatV1.output({ text: 'x', response_id: 'r' })[0]!.finish_reason).toBe('stop');
  });
});

/** The data of an app: its keys are left alone by the SDK. */
const OWN = new Set(['parameters', 'outputs', 'data', 'json_schema', 'document', 'documents', 'parameter_definitions']);

/** As the SDK hands it out. Members that its schemas do not know keep their names. */
function asSdk(value: any, own = false): any {
  if (Array.isArray(value)) return value.map((one) => asSdk(one, own));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      own || key === 'reasoning_tokens' ? key : key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      asSdk(inner, own || OWN.has(key)),
    ]),
  );
}

describe.each(cohereSamples.map((one) => [one.name, one] as const))('%s, in the form of the SDK', (_, one) => {
  const { operation, request, answer, stream } = one;

  test('says the same', () => {
    expect(operation.request(asSdk(request))).toEqual(operation.request(request));
    expect(operation.response(asSdk(answer))).toEqual(operation.response(answer));
    const [input, output] = [operation.input(asSdk(request)), operation.output(asSdk(answer))];
    expect(JSON.stringify(asSdk(JSON.parse(JSON.stringify(input))))).toBe(
      JSON.stringify(asSdk(JSON.parse(JSON.stringify(operation.input(request))))),
    );
    expect(output.map((message) => message.parts.map((part) => part.type))).toEqual(
      operation.output(answer).map((message) => message.parts.map((part) => part.type)),
    );
  });

  test.skipIf(stream === undefined)('a folded stream is the answer that a plain call gives', () => {
    const chunks = asSdk(stream) as unknown[];
    const { body, complete } = fold(operation, chunks);
    expect(complete).toBe(true);
    expect(body).toEqual(asSdk(answer));
    expect(fold(operation, stream!).body).toEqual(answer);
  });
});

test('a stream of version 1, one JSON text a line, and cut at any place', () => {
  const { stream, answer } = sample('cohere chat, version 1');
  const text = stream!.map((chunk) => `${JSON.stringify(chunk)}\n`).join('');
  expect(decodeBody(cohereChatV1, text, 'application/stream+json')).toEqual({ body: answer, complete: true });
  for (let cut = 0; cut < text.length; cut += 7)
    expect(decodeBody(cohereChatV1, text.slice(0, cut), 'application/stream+json').complete).toBe(false);
  const { body } = fold(cohereChatV1, stream!.slice(0, 8));
  expect(cohereChatV1.output(body)[0]).toMatchObject({
    finish_reason: 'error',
    parts: [{ content: 'Hello world' }, { name: 'weather' }, {}, {}, {}],
  });
});

test('what a broken stream sends without end does not grow without end', () => {
  const many = Array.from({ length: 5000 }, (_, index) => index);
  const calls = many.map((index) => ({
    type: 'tool-call-start',
    index,
    delta: { message: { tool_calls: { id: `c${index}` } } },
  }));
  const blocks = many.map((index) => ({ type: 'content-delta', index, delta: { message: { content: { text: 'x' } } } }));
  const { message } = fold(cohereChat, [...calls, ...blocks]).body;
  expect([message.tool_calls.length, message.content.length]).toEqual([512, 4096]);
  const chunks = many.map((index) => ({ event_type: 'tool-calls-chunk', tool_call_delta: { index, name: 'f' } }));
  expect(fold(cohereChatV1, chunks).body.tool_calls).toHaveLength(512);
  expect(
    fold(
      cohereGenerate,
      many.map((index) => ({ text: 'x', index })),
    ).body.generations,
  ).toHaveLength(128);
});
