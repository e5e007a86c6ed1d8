/** Calls of those who speak OpenAI's dialects and have something of their own. See samples.ts. */
import { conversationalRag } from '../../../src/providers/ai21/ai21-rag.ts';
import { chatCompletions } from '../../../src/providers/openai/chat-completions.ts';
import { rerankItems, runShield } from '../../../src/providers/llama-stack/llama-stack-operations.ts';
import type { Sample } from './sample.ts';

const usage = { queue_time: 0.03, prompt_tokens: 40, completion_tokens: 12, total_tokens: 52 };
const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', model: 'compound-x' };
const delta = (value: object, finish_reason: string | null = null) => ({ index: 0, delta: value, finish_reason });

export const dialectSamples: Sample[] = [
  {
    name: 'groq compound',
    operation: chatCompletions,
    request: { model: 'compound-x', messages: [{ role: 'user', content: 'what is this?' }], stream: true },
    answer: {
      id: 'chatcmpl-1',
      model: 'compound-x',
      choices: [
        {
          index: 0,
          finish_reason: 'stop',
          message: {
            role: 'assistant',
            content: 'Hello world',
            reasoning: 'hm',
            executed_tools: [{ index: 0, type: 'search', arguments: '{"query":"bern"}', output: 'a city' }],
          },
        },
      ],
      usage,
      x_groq: { id: 'req_1', usage: { dram_cached_tokens: 3, sram_cached_tokens: 4 } },
    },
    stream: [
      { ...head, choices: [delta({ role: 'assistant', reasoning: 'hm' })], x_groq: { id: 'req_1' } },
      { ...head, choices: [delta({ executed_tools: [{ index: 0, type: 'search', arguments: '{"query":"bern"}' }] })] },
      {
        ...head,
        choices: [delta({ executed_tools: [{ index: 0, type: 'search', arguments: '{"query":"bern"}', output: 'a city' }] })],
      },
      { ...head, choices: [delta({ content: 'Hello ' })] },
      { ...head, choices: [delta({ content: 'world' })] },
      { ...head, choices: [delta({}, 'stop')], x_groq: { id: 'req_1', usage } },
    ],
  },
  {
    name: 'run shield',
    operation: runShield,
    request: { shield_id: 'guard-x', messages: [{ role: 'user', content: 'what is this?' }] },
    answer: { violation: { violation_level: 'error', user_message: 'No.' } },
  },
  {
    name: 'llama stack rerank',
    operation: rerankItems,
    request: { model: 'rank-x', query: 'what is this?', items: ['a', { type: 'text', text: 'sunny' }] },
    answer: { data: [{ index: 1, relevance_score: 0.5 }] },
  },
  {
    name: 'conversational rag',
    operation: conversationalRag,
    request: { messages: [{ role: 'user', content: 'what is this?' }], labels: ['SECRET'] },
    answer: { id: 'rag-1', choices: [{ role: 'assistant', content: 'Hello' }], context_retrieved: true },
  },
];
