import { createRequire } from 'node:module';
import { ollama } from '../../src/providers/ollama/ollama.ts';
import * as wire from '../../src/testing/wire-ollama.ts';
import { contractOf } from './contract.ts';

const require = createRequire(import.meta.url);
// Made anew for each call: the SDK writes into it.
const body = () => ({ model: 'qwen3:0.6b', messages: [{ role: 'user', content: 'How is the weather?' }] });

contractOf(
  {
    name: 'ollama',
    provider: ollama,
    client: (sdk, url) => new sdk.Ollama({ host: url }),
    chat: (client) => client.chat(body()),
    stream: (client) => client.chat({ ...body(), stream: true }),
    wire: {
      answer: wire.ollamaChat,
      stream: wire.ollamaChatStream,
      streamHeaders: { 'content-type': 'application/x-ndjson' },
      error: wire.ollamaError,
      errorEvent: '{"error":"the model fell over"}\n',
      odd: [{}, { message: null, done: true }, { message: { role: 'wizard', content: 7 } }, { done: 'no' }, [1], null, 'text'],
    },
    errors: {
      byStatus: { 400: 'ResponseError', 404: 'ResponseError', 500: 'ResponseError' },
      abort: 'AbortError',
      refused: 'TypeError',
      status: (error) => error.status_code,
    },
    can: {
      incompleteStreams: true,
      exchanges: true,
      answerer: true,
      responseModels: true,
      breakLeavesOpen: true,
      droppedStreams: true,
    },
    textOf: (value) => (Array.isArray(value) ? value.map((chunk) => chunk.message.content).join('') : value.message.content),
    embeddings: {
      call: (client) => client.embed({ model: 'all-minilm', input: 'Oslo' }),
      answer: wire.ollamaEmbed([[0.25, 0.5, 1]]),
      dimensions: 3,
      inputTokens: 8,
      vectors: (result) => result.embeddings,
    },
    // The SDK's types know of no ids.
    toolTurn: (client, turns) => {
      const { model, messages } = body();
      const more = turns.flatMap(({ name, arguments: given, result }) => [
        { role: 'assistant', content: '', tool_calls: [{ function: { name, arguments: JSON.parse(given) as unknown } }] },
        { role: 'tool', tool_name: name, content: result },
      ]);
      return client.chat({ model, messages: [...messages, ...more] });
    },
    methods: (sdk) => {
      // The class that the Node entry's class extends.
      const owner = Object.getPrototypeOf(sdk.Ollama.prototype);
      return ['chat', 'generate', 'embed', 'embeddings'].map((name) => [owner, name]);
    },
  },
  [
    { label: '0.6, CommonJS', load: () => require('ollama') },
    { label: '0.6, ES module', load: () => import('ollama') },
    { label: '0.5, CommonJS', load: () => require('ollama-05') },
    { label: '0.5, ES module', load: () => import('ollama-05') },
  ],
);
