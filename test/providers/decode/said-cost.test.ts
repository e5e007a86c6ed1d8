/** Figures of cost as the providers give them. */
import { expect, test } from 'vitest';
import { chatCompletions } from '../../../src/providers/openai/chat-completions.ts';
import { embeddings } from '../../../src/providers/openai/embeddings.ts';
import { messages } from '../../../src/providers/anthropic/messages.ts';
import { fetchResponse, responses } from '../../../src/providers/openai/responses.ts';
import { saidCost } from '../../../src/providers/said-cost.ts';

test.each([
  ['openrouter', { cost: 0.000958, is_byok: false, cost_details: { upstream_inference_cost: 0.000958 } }, 0.000958],
  ['openrouter, a free model', { cost: 0 }, 0],
  [
    'openrouter, with a key of one’s own',
    { cost: 0.0001, is_byok: true, cost_details: { upstream_inference_cost: 0.002 } },
    0.0021,
  ],
  [
    'perplexity',
    { cost: { input_tokens_cost: 1e-5, output_tokens_cost: 1e-5, request_cost: 0.005, total_cost: 0.00502 } },
    0.00502,
  ],
  ['xai', { cost_in_usd_ticks: 8_334_000 }, 0.0008334],
  ['grok on azure', { cost_in_usd_ticks: 0 }, undefined],
  ['deepinfra', { estimated_cost: 0.00002 }, 0.00002],
  ['nobody', { prompt_tokens: 3 }, undefined],
  ['nonsense', { cost: 'much' }, undefined],
  ['nothing', undefined, undefined],
])('%s', (_, usage, usd) => {
  expect(saidCost(usage)).toEqual(usd === undefined ? {} : { costUsd: usd });
});

test('it is a fact of each sort of answer, but of one that was paid for before', () => {
  const body = { usage: { prompt_tokens: 1, input_tokens: 1, cost: 0.5 } };
  for (const operation of [chatCompletions, embeddings, messages, responses]) {
    expect(operation.response(body).costUsd).toBe(0.5);
  }
  expect(fetchResponse.response(body)).not.toHaveProperty('costUsd');
});
