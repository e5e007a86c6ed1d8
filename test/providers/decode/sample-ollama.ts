/** Calls of Ollama's own API. See samples.ts. */
import { ollamaChat } from '../../../src/providers/ollama/ollama-chat.ts';
import { ollamaEmbed, ollamaEmbeddings, ollamaGenerate } from '../../../src/providers/ollama/ollama-generate.ts';
import type { Sample } from './sample.ts';

const head = { model: 'qwen-x', created_at: '2026-01-01T00:00:00Z' };
const totals = { total_duration: 82, load_duration: 2, prompt_eval_count: 20, prompt_eval_duration: 3, eval_count: 9 };
const weather = { id: 'call_a', function: { index: 0, name: 'weather', arguments: { city: 'Bern' } } };
const time = { function: { name: 'time', arguments: {} } };

export const ollamaSamples: Sample[] = [
  {
    name: 'ollama chat',
    operation: ollamaChat,
    request: {
      model: 'qwen-x',
      stream: true,
      think: 'low',
      format: { type: 'object' },
      keep_alive: '5m',
      options: { num_predict: 60, temperature: 0.5, top_p: 0.9, top_k: 40, seed: 7, stop: ['SECRET-STOP'] },
      tools: [{ type: 'function', function: { name: 'weather', description: 'Looks', parameters: { type: 'object' } } }],
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: 'what is this?', images: ['AAAA'] },
        {
          role: 'assistant',
          content: '',
          thinking: 'hm',
          tool_calls: [{ id: 'call_0', function: { name: 'weather', arguments: { city: 'Bern' } } }],
        },
        { role: 'tool', content: 'sunny', tool_name: 'weather', tool_call_id: 'call_0' },
      ],
    },
    answer: {
      ...head,
      message: { role: 'assistant', content: 'Hello world', thinking: 'hm, hm', tool_calls: [weather, time] },
      done: true,
      done_reason: 'stop',
      ...totals,
    },
    stream: [
      { ...head, message: { role: 'assistant', content: '', thinking: 'hm,' }, done: false },
      { ...head, message: { role: 'assistant', content: '', thinking: ' hm' }, done: false },
      { ...head, message: { role: 'assistant', content: 'Hello ' }, done: false },
      { ...head, message: { role: 'assistant', content: 'world' }, done: false },
      { ...head, message: { role: 'assistant', content: '', tool_calls: [weather] }, done: false },
      { ...head, message: { role: 'assistant', content: '', tool_calls: [time] }, done: false },
      { ...head, message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop', ...totals },
    ],
  },
  {
    name: 'ollama generate',
    operation: ollamaGenerate,
    request: {
      model: 'qwen-x',
      prompt: 'once',
      system: 'be brief',
      stream: true,
      think: true,
      format: 'json',
      options: { num_predict: -1 },
    },
    answer: { ...head, response: ' upon a', thinking: 'hm', done: true, done_reason: 'length', context: [1, 2], ...totals },
    stream: [
      { ...head, response: '', thinking: 'hm', done: false },
      { ...head, response: ' upon', done: false },
      { ...head, response: ' a', done: false },
      { ...head, response: '', done: true, done_reason: 'length', context: [1, 2], ...totals },
    ],
  },
  {
    name: 'ollama embed',
    operation: ollamaEmbed,
    request: { model: 'embed-x', input: ['a', 'b'], truncate: true },
    answer: {
      model: 'embed-x',
      embeddings: [
        [0.1, 0.2, 0.3],
        [0.4, 0.5, 0.6],
      ],
      total_duration: 5,
      prompt_eval_count: 2,
    },
  },
  {
    name: 'ollama embeddings',
    operation: ollamaEmbeddings,
    request: { model: 'embed-x', prompt: 'a' },
    answer: { embedding: [0.1, 0.2] },
  },
];
