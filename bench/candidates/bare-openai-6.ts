import type { Candidate } from '../candidate.ts';

/** openai 6 as CommonJS and nothing else: what a peer that knows no later major is held against. */
export const candidate: Candidate = {
  start: ({ peer }) => Promise.resolve({ OpenAI: peer('otel', 'openai').OpenAI, flush: () => Promise.resolve() }),
};
