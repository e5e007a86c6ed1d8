/** What calls of Google's APIs say: facts, messages, arguments in pieces, errors. */
import { describe, expect, test } from 'vitest';
import { geminiEmbeddings } from '../../../src/providers/google/gemini-embeddings.ts';
import { messageError } from '../../../src/providers/google/gemini-facts.ts';
import { geminiImages } from '../../../src/providers/google/gemini-images.ts';
import { countGeminiTokens, generateContent, streamContent } from '../../../src/providers/google/generate-content.ts';
import { interactions } from '../../../src/providers/google/interactions.ts';
import { geminiSample, geminiSamples, interactionsSample, outputsSample } from './sample-gemini.ts';
import type { Sample } from './sample.ts';
import { fold } from './samples.ts';

const named = (name: string): Sample => geminiSamples.find((one) => one.name === name)!;

describe('facts', () => {
  test('of what the SDK is given', () => {
    expect(generateContent.request(geminiSample.request)).toEqual({
      model: 'gemini-x',
      maxTokens: 60,
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      frequencyPenalty: 0.1,
      presencePenalty: -0.1,
      seed: 7,
      choiceCount: 2,
      serviceTier: 'flex',
      reasoningLevel: 'low',
      outputType: 'json',
      messageCount: 3,
      tools: ['weather', 'googleSearch'],
      toolResults: ['call_0'],
    });
    expect(streamContent.request({ model: 'gemini-x', contents: 'hi' })).toEqual({
      model: 'gemini-x',
      messageCount: 1,
      stream: true,
    });
  });

  test('of the wire, which has the settings of the generation apart and the model in its path', () => {
    const { contents, config } = geminiSample.request as any;
    const { systemInstruction, tools, serviceTier, ...generationConfig } = config;
    const wire = { contents, systemInstruction: { parts: [{ text: systemInstruction }] }, tools, serviceTier, generationConfig };
    const { model: _, ...rest } = generateContent.request(geminiSample.request);
    expect(generateContent.request(wire)).toEqual(rest);
    expect(generateContent.input(wire)).toEqual(generateContent.input(geminiSample.request));
  });

  test('thoughts and tool results count: input and output are the total', () => {
    const { response, usage } = generateContent.response(geminiSample.answer);
    expect(response).toEqual({
      id: 'resp_1',
      model: 'gemini-x-001',
      finishReasons: ['STOP', 'MAX_TOKENS'],
      toolCalls: [{ id: 'call_1', name: 'weather' }],
      serviceTier: 'standard',
    });
    expect(usage).toEqual({ input: 48, output: 42, cacheRead: 16, reasoning: 30, audioInput: 7 });
    expect(generateContent.response({ usageMetadata: { promptTokenCount: 3 } }).usage).toEqual({ input: 3 });
    expect(generateContent.response({ usageMetadata: {} }).usage).toBeUndefined();
    expect(interactions.response(interactionsSample.answer).usage).toEqual({ input: 25, output: 15, cacheRead: 4, reasoning: 9 });
  });

  test('a blocked prompt', () => {
    const blocked = { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: { promptTokenCount: 4 } };
    expect(generateContent.response(blocked)).toEqual({
      response: { finishReasons: ['PROHIBITED_CONTENT'] },
      usage: { input: 4 },
    });
    expect(generateContent.output(blocked)).toEqual([{ role: 'assistant', parts: [], finish_reason: 'content_filter' }]);
    expect(fold(generateContent, [blocked]).complete).toBe(true);
  });

  test.each([
    ['models/gemini-2.5-flash', 'gemini-2.5-flash'],
    ['projects/my-project/locations/us-central1/publishers/google/models/gemini-2.5-flash', 'gemini-2.5-flash'],
    ['projects/my-project/locations/us-central1/endpoints/123', '123'],
    ['google/gemini-2.5-flash', 'gemini-2.5-flash'],
    ['meta/llama-3.1-405b', 'meta/llama-3.1-405b'],
    ['tunedModels/mine', 'tunedModels/mine'],
  ])('the model of %s', (given, model) => {
    expect(generateContent.request({ model: given, contents: '' }).model).toBe(model);
  });

  test('what the answer is to be made of', () => {
    const wanted = (config: object) => generateContent.request({ contents: [], config }).outputType;
    expect(wanted({ responseModalities: ['TEXT', 'IMAGE'] })).toBe('image');
    expect(wanted({ responseModalities: ['audio'] })).toBe('speech');
    expect(wanted({ responseJsonSchema: {} })).toBe('json');
    expect(wanted({ responseMimeType: 'text/plain' })).toBe('text');
    expect(wanted({})).toBeUndefined();
    expect(generateContent.request({ contents: [], config: { thinkingConfig: { thinkingBudget: 0 } } }).reasoningLevel).toBe(
      'none',
    );
  });

  test('embeddings, images, counted tokens', () => {
    expect(geminiEmbeddings.response(named('gemini embeddings').answer)).toEqual({ response: { dimensions: 3 } });
    expect(geminiEmbeddings.response(named('vertex embeddings').answer)).toEqual({
      response: { dimensions: 2 },
      usage: { input: 5 },
    });
    expect(geminiEmbeddings.request(named('gemini embeddings').request)).toEqual({ model: 'embed-x' });
    expect(geminiImages.request(named('imagen').request)).toEqual({
      model: 'imagen-x',
      seed: 7,
      choiceCount: 2,
      outputType: 'image',
    });
    expect(geminiImages.response(named('imagen').answer)).toEqual({ response: { finishReasons: ['STOP', 'SAFETY'] } });
    expect(countGeminiTokens.response(named('gemini tokens').answer)).toEqual({ response: {} });
    expect(countGeminiTokens.request(named('gemini tokens').request)).toEqual({ model: 'gemini-x', messageCount: 1 });
  });

  test('an interaction', () => {
    expect(interactions.request(interactionsSample.request)).toEqual({
      model: 'gemini-x',
      stream: true,
      maxTokens: 60,
      temperature: 0.5,
      topP: 0.9,
      seed: 7,
      reasoningLevel: 'low',
      outputType: 'json',
      serviceTier: 'flex',
      previousResponseId: 'v1_0',
      messageCount: 2,
      tools: ['weather', 'google_search'],
      toolResults: ['call_0'],
    });
    expect(interactions.request(outputsSample.request)).toEqual({ model: 'deep-x', messageCount: 2 });
    expect(interactions.response(interactionsSample.answer).response).toEqual({
      id: 'v1_1',
      model: 'gemini-x',
      status: 'requires_action',
      finishReasons: ['requires_action'],
      toolCalls: [{ id: 'call_1', name: 'weather' }],
      serviceTier: 'standard',
    });
    expect(interactions.response({ id: 'v1_2', status: 'failed' }).error).toEqual({ type: 'failed' });
  });
});

describe('P6 messages', () => {
  test('generate content', () => {
    expect({ ...generateContent.input(geminiSample.request), output: generateContent.output(geminiSample.answer) }).toEqual({
      system: [{ type: 'text', content: 'be brief' }],
      input: [
        {
          role: 'user',
          parts: [
            { type: 'text', content: 'what is this?' },
            { type: 'blob', modality: 'image', mime_type: 'image/png', content: 'AAAA' },
            { type: 'uri', modality: 'audio', mime_type: 'audio/mp3', uri: 'https://example.org/talk.mp3' },
          ],
        },
        { role: 'assistant', parts: [{ type: 'tool_call', id: 'call_0', name: 'weather', arguments: { city: 'Bern' } }] },
        { role: 'tool', parts: [{ type: 'tool_call_response', id: 'call_0', response: { output: 'sunny' } }] },
      ],
      tools: [
        { type: 'function', name: 'weather', description: 'Looks', parameters: { type: 'object' } },
        { type: 'googleSearch', name: 'googleSearch' },
      ],
      output: [
        {
          role: 'assistant',
          finish_reason: 'stop',
          parts: [
            { type: 'reasoning', content: 'let me see' },
            {
              type: 'server_tool_call',
              name: 'code_execution',
              server_tool_call: { type: 'code_execution', language: 'PYTHON', code: 'print(1)' },
            },
            {
              type: 'server_tool_call_response',
              server_tool_call_response: { type: 'code_execution_result', outcome: 'OUTCOME_OK', output: '1' },
            },
            { type: 'text', content: 'Hello world' },
            { type: 'tool_call', id: 'call_1', name: 'weather', arguments: { city: 'Bern' } },
            { type: 'generic', name: 'grounding', content: expect.stringContaining('https://example.org') },
          ],
        },
        { role: 'assistant', finish_reason: 'length', parts: [{ type: 'text', content: 'I will' }] },
      ],
    });
  });

  test.each([
    ['a text', 'hi', [['text']]],
    ['a list of texts', ['hi', 'you'], [['text', 'text']]],
    ['a part', { text: 'hi' }, [['text']]],
    ['parts', ['hi', { inlineData: { mimeType: 'image/png', data: 'A' } }], [['text', 'blob']]],
    ['a message', { role: 'user', parts: [{ text: 'hi' }] }, [['text']]],
    ['messages', [{ parts: [{ text: 'hi' }] }, { role: 'model', parts: [] }], [['text'], []]],
    ['nothing', undefined, undefined],
  ])('contents that are %s', (_, contents, parts) => {
    const { input } = generateContent.input({ contents });
    expect(input?.map((message) => message.parts.map(({ type }) => type))).toEqual(parts);
  });

  test('an interaction', () => {
    const { input, system } = interactions.input(interactionsSample.request);
    expect(system).toEqual([{ type: 'text', content: 'be brief' }]);
    expect(input).toEqual([
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'call_0', response: 'sunny' }] },
      {
        role: 'user',
        parts: [
          { type: 'text', content: 'hello' },
          { type: 'blob', modality: 'image', mime_type: 'image/png', content: 'AAAA' },
        ],
      },
    ]);
    expect(interactions.output(interactionsSample.answer)).toEqual([
      {
        role: 'assistant',
        finish_reason: 'tool_call',
        parts: [
          { type: 'reasoning', content: 'let me see' },
          expect.objectContaining({ type: 'server_tool_call', id: 'srv_1', name: 'google_search' }),
          { type: 'text', content: 'Hello world' },
          { type: 'tool_call', id: 'call_1', name: 'weather', arguments: { city: 'Bern' } },
        ],
      },
    ]);
    expect(interactions.input(outputsSample.request).input).toEqual([
      { role: 'user', parts: [{ type: 'text', content: 'hello' }] },
      { role: 'assistant', parts: [{ type: 'text', content: 'Hi' }] },
    ]);
  });

  test('texts to embed, and images', () => {
    const texts = (request: unknown) => geminiEmbeddings.input(request).input?.map(({ parts }) => parts[0]?.content);
    expect(texts(named('vertex embeddings').request)).toEqual(['hello', 'you']);
    expect(texts(named('gemini embeddings').request)).toEqual(['hello']);
    expect(texts({ model: 'm', contents: ['a', 'b'] })).toEqual(['a', 'b']);
    expect(texts({ model: 'm', contents: 'a' })).toEqual(['a']);
    expect(geminiImages.output(named('imagen').answer)).toEqual([
      {
        role: 'assistant',
        finish_reason: 'stop',
        parts: [
          { type: 'text', content: 'a red fox' },
          { type: 'blob', modality: 'image', content: 'AAAA', mime_type: 'image/png' },
        ],
      },
      { role: 'assistant', finish_reason: 'content_filter', parts: [] },
    ]);
  });
});

describe('P6 arguments of a call that are streamed', () => {
  const chunk = (functionCall: object, finishReason?: string) => ({
    candidates: [{ index: 0, content: { parts: [{ functionCall }] }, ...(finishReason && { finishReason }) }],
  });
  const callOf = (chunks: unknown[]) => fold(generateContent, chunks).body.candidates[0].content.parts;

  test('by their paths', () => {
    const parts = callOf([
      chunk({ name: 'book', id: 'c1', willContinue: true }),
      chunk({ partialArgs: [{ jsonPath: '$.place.city', stringValue: 'Be', willContinue: true }], willContinue: true }),
      chunk({ partialArgs: [{ jsonPath: '$.place.city', stringValue: 'rn' }], willContinue: true }),
      chunk({ partialArgs: [{ jsonPath: '$.nights[0]', numberValue: 3 }], willContinue: true }),
      chunk({ partialArgs: [{ jsonPath: "$['late']", boolValue: false }], willContinue: true }),
      chunk({}, 'STOP'),
    ]);
    expect(parts).toEqual([
      { functionCall: { name: 'book', id: 'c1', args: { place: { city: 'Bern' }, nights: [3], late: false } } },
    ]);
  });

  test('a call after it is another', () => {
    const first = chunk({ name: 'book', willContinue: true, partialArgs: [{ jsonPath: '$.a', stringValue: 'x' }] });
    expect(callOf([first, chunk({ name: 'pay', args: { b: 1 } })])).toEqual([
      { functionCall: { name: 'book', args: { a: 'x' } } },
      { functionCall: { name: 'pay', args: { b: 1 } } },
    ]);
  });

  test.each(['$', 'a.b', '$.__proto__.x', '$..a', '$.a[99999999]', '$.a.b'])('the path %s breaks nothing', (jsonPath) => {
    const pieces = [
      { jsonPath: '$.a', stringValue: 'x' },
      { jsonPath, stringValue: 'y' },
    ];
    expect(callOf([chunk({ name: 'f', partialArgs: pieces })])).toEqual([{ functionCall: { name: 'f', args: { a: 'x' } } }]);
    expect(({} as any).x).toBeUndefined();
  });
});

describe('P7 errors', () => {
  const error = {
    code: 429,
    message: 'You said SECRET too often.',
    status: 'RESOURCE_EXHAUSTED',
    details: [
      { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'RATE_LIMIT_EXCEEDED', domain: 'googleapis.com' },
      { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.5s' },
    ],
  };
  const facts = { type: 'RESOURCE_EXHAUSTED', code: 'RATE_LIMIT_EXCEEDED', status: 429, retryAfterMs: 34500 };

  test('in a body, and in a chunk of a stream', () => {
    expect(generateContent.response({ error }).error).toEqual(facts);
    expect(generateContent.response(fold(generateContent, [...geminiSample.stream!.slice(0, 2), { error }]).body).error).toEqual(
      facts,
    );
    expect(fold(generateContent, [{ error }]).complete).toBe(false);
    const event = { event_type: 'error', error: { code: 'service_unavailable', message: 'Busy.' } };
    expect(interactions.response(fold(interactions, [event]).body).error).toEqual({
      type: 'service_unavailable',
      code: 'service_unavailable',
    });
  });

  test.each([
    ['as it is', JSON.stringify({ error })],
    ['of a stream', `got status: RESOURCE_EXHAUSTED. ${JSON.stringify({ error })}`],
    [
      'once more inside',
      JSON.stringify({ error: { code: 429, status: 'Too Many Requests', message: JSON.stringify({ error }) } }),
    ],
  ])('in the message of the SDK, %s', (_, message) => {
    expect(messageError(message)).toEqual(facts);
  });

  test.each(['', 'no JSON', '{', '{"error":"SECRET"}', undefined, { error }])('a message that is none (%#)', (message) => {
    expect(messageError(message)).toBeUndefined();
  });

  test('words that are sentences stay inside', () => {
    const odd = { error: { code: 'you said SECRET', status: 'SECRET things', details: [{ reason: 'because SECRET' }] } };
    expect(JSON.stringify(messageError(JSON.stringify(odd)))).not.toContain('SECRET');
  });
});
