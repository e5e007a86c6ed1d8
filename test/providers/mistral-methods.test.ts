/** Mistral's SDK: every method that is seen, and its function, each over a real socket. */
import { describe, expect, test } from 'vitest';
import * as wire from '../../src/testing/wire-mistral.ts';
import { sse } from '../../src/testing/wire.ts';
import { readAll, rigOf } from './mistral-sdk.ts';

const LOOKUP = { id: 'call_1', name: 'lookup', arguments: '{"city":"Oslo"}' };
const chat = { model: 'mistral-small-latest', messages: [{ role: 'user', content: 'Hello?' }] };
const chunks = (): { pieces: string[] } => ({ pieces: wire.mistralChatStream({ text: 'Hello there.' }) });
const talk = (): { pieces: string[] } => ({ pieces: wire.mistralConversationStream({ text: 'Hello there.' }) });
const verdict = {
  usage: { prompt_tokens: 12, completion_tokens: 0, total_tokens: 73 },
  id: 'm',
  model: 'judge',
  results: [{ categories: { pii: false }, category_scores: { pii: 0.1 } }],
};
const heard = {
  model: 'voxtral',
  text: 'hello',
  segments: [],
  language: 'en',
  usage: { prompt_tokens: 4, completion_tokens: 3, total_tokens: 7 },
};
const inputs = [{ role: 'user', content: 'hello' }];
const verdicts = { id: 'm', model: 'judge', results: [{ mood: { scores: { good: 1 } } }] };
const read = {
  pages: [{ index: 0, markdown: '# Hi', images: [], dimensions: null }],
  model: 'ocr',
  usage_info: { pages_processed: 1 },
};
const wav = { fileName: 'a.wav', content: new Uint8Array([1, 2, 3]) };
const scanned = { model: 'ocr', document: { type: 'document_url', documentUrl: 'https://example.org/a.pdf' } };
const spoken = [
  { event: 'transcription.text.delta', data: { type: 'transcription.text.delta', text: 'hello' } },
  { event: 'transcription.done', data: { type: 'transcription.done', ...heard } },
].map(({ event, data }) => sse(data, event));

/** Path of the method, path of the function, request, answer, name of the event, what must be among the facts. */
const CALLS: readonly (readonly [method: string, func: string, request: any, answer: any, name: string, facts: object])[] = [
  [
    'chat.complete',
    'chatComplete',
    chat,
    { body: wire.mistralChat() },
    'chat mistral-small-latest',
    { usage: { input: 12, output: 5 } },
  ],
  ['chat.stream', 'chatStream', chat, chunks(), 'chat mistral-small-latest', { usage: { input: 12, output: 5 }, chunks: 5 }],
  [
    'fim.complete',
    'fimComplete',
    { model: 'code', prompt: 'a' },
    { body: wire.mistralChat() },
    'text_completion code',
    { usage: { input: 12 } },
  ],
  ['fim.stream', 'fimStream', { model: 'code', prompt: 'a' }, chunks(), 'text_completion code', { chunks: 5 }],
  [
    'agents.complete',
    'agentsComplete',
    { agentId: 'ag', messages: chat.messages },
    { body: wire.mistralChat({ tools: [LOOKUP] }) },
    'chat',
    { response: { toolCalls: [{ id: 'call_1', name: 'lookup' }] } },
  ],
  ['agents.stream', 'agentsStream', { agentId: 'ag', messages: chat.messages }, chunks(), 'chat', { chunks: 5 }],
  [
    'embeddings.create',
    'embeddingsCreate',
    { model: 'embed', inputs: ['a'] },
    { body: wire.mistralEmbedding([[1, 2]]) },
    'embeddings embed',
    { response: { dimensions: 2 }, usage: { input: 8 } },
  ],
  [
    'classifiers.moderate',
    'classifiersModerate',
    { model: 'judge', inputs: ['a'] },
    { body: verdict },
    'moderation judge',
    { response: { id: 'm' }, usage: { input: 12 } },
  ],
  ['classifiers.moderateChat', 'classifiersModerateChat', { model: 'judge', inputs }, { body: verdict }, 'moderation judge', {}],
  [
    'classifiers.classify',
    'classifiersClassify',
    { model: 'mine', inputs: ['a'] },
    { body: verdicts },
    'classification mine',
    {},
  ],
  [
    'classifiers.classifyChat',
    'classifiersClassifyChat',
    { model: 'mine', input: { messages: inputs }, inputs: { messages: inputs } },
    { body: verdicts },
    'classification mine',
    {},
  ],
  ['ocr.process', 'ocrProcess', scanned, { body: read }, 'generate_content ocr', { response: { model: 'ocr' } }],
  [
    'audio.transcriptions.complete',
    'audioTranscriptionsComplete',
    { model: 'voxtral', file: wav },
    { body: heard },
    'generate_content voxtral',
    { usage: { input: 4, output: 3 } },
  ],
  [
    'audio.transcriptions.stream',
    'audioTranscriptionsStream',
    { model: 'voxtral', fileUrl: 'https://example.org/a.mp3' },
    { pieces: spoken },
    'generate_content voxtral',
    { usage: { input: 4 }, chunks: 2 },
  ],
  [
    'beta.conversations.start',
    'betaConversationsStart',
    { model: 'm', inputs: 'hi' },
    { body: wire.mistralConversation() },
    'chat m',
    { response: { id: 'conv_1', finishReasons: ['completed'] } },
  ],
  [
    'beta.conversations.startStream',
    'betaConversationsStartStream',
    { model: 'm', inputs: 'hi' },
    talk(),
    'chat m',
    { usage: { input: 12 }, chunks: 5 },
  ],
  [
    'beta.conversations.append',
    'betaConversationsAppend',
    { conversationId: 'c', conversationAppendRequest: { inputs } },
    { body: wire.mistralConversation({ tools: [LOOKUP] }) },
    'chat',
    { response: { finishReasons: ['function_call'], toolCalls: [{ id: 'call_1', name: 'lookup' }] } },
  ],
  [
    'beta.conversations.appendStream',
    'betaConversationsAppendStream',
    { conversationId: 'c', conversationAppendStreamRequest: { inputs } },
    talk(),
    'chat',
    { chunks: 5 },
  ],
  [
    'beta.conversations.restart',
    'betaConversationsRestart',
    { conversationId: 'c', conversationRestartRequest: { inputs, fromEntryId: 'e' } },
    { body: wire.mistralConversation() },
    'chat',
    { usage: { output: 5 } },
  ],
  [
    'beta.conversations.restartStream',
    'betaConversationsRestartStream',
    { conversationId: 'c', conversationRestartStreamRequest: { inputs, fromEntryId: 'e' } },
    { pieces: wire.mistralConversationStream({ tools: [LOOKUP] }) },
    'chat',
    { response: { toolCalls: [{ id: 'call_1', name: 'lookup' }] } },
  ],
];
const SPEECH = [
  'audio.speech.complete',
  'audioSpeechComplete',
  { model: 'say', input: 'hello' },
  { body: { audio_data: 'QUJD' } },
  'generate_content say',
  {},
] as const;

describe.each([2, 1])('mistral %s', (version) => {
  const rig = rigOf(version);
  const calls = version === 1 ? CALLS : [...CALLS, SPEECH];

  test.each(calls)('%s is one event, with the bytes that were sent', async (method, _, request, answer, name, facts) => {
    const client = await rig.client(() => answer);
    const names = method.split('.');
    const owner = names.slice(0, -1).reduce((at, each) => at[each], client);
    await readAll(await owner[names.at(-1)!](request));
    const event = rig.only();
    expect(event.name).toBe(name);
    expect(event.llm).toMatchObject({ provider: 'mistral_ai', server: { address: '127.0.0.1', port: rig.servers[0]!.port } });
    expect(event.outcome).toMatchObject({ status: 'ok', ...facts });
    const [sent] = rig.servers[0]!.requests;
    const [exchange] = event.exchanges;
    expect(event.exchanges).toHaveLength(1);
    expect(exchange!.text).toBe(answer.pieces?.join('') ?? JSON.stringify(answer.body));
    if (sent!.headers['content-type']!.startsWith('multipart')) expect(exchange!.request).toMatchObject({ omitted: 'FormData' });
    else {
      expect(exchange!.request.body).toBe(sent!.text);
      if (sent!.json.stream === true) expect(event.llm!.request.stream).toBe(true);
    }
  });

  test.each(calls)(
    '%s: its function %s, called by the app itself, is one event as well',
    async (_, func, request, answer, name, facts) => {
      const server = await rig.serve(() => answer);
      const call = await rig.function(func);
      const result = await call(new rig.core.MistralCore({ apiKey: 'key', serverURL: server.url }), request);
      expect(result.ok).toBe(true);
      await readAll(result.value);
      const event = rig.only();
      expect(event.name).toBe(name);
      expect(event.llm).toMatchObject({ provider: 'mistral_ai', server: { address: '127.0.0.1', port: server.port } });
      expect(event.outcome).toMatchObject({ status: 'ok', ...facts });
      expect(event.exchanges).toHaveLength(1);
      if (!server.requests[0]!.headers['content-type']!.startsWith('multipart'))
        expect(event.exchanges[0]!.request.body).toBe(server.requests[0]!.text);
    },
  );
});
