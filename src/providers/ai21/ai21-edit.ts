/** Edited answers of AI21's conversational RAG, whose choices are messages. */
import type { AnswerShape } from '../answer-shape.ts';
import { conversationalRag } from './ai21-rag.ts';
import { madeId } from '../edited-parts.ts';
import { plainShape } from '../plain-edit.ts';

/** `POST /conversational-rag`. It has no word for how an answer ended. */
export const conversationalRagShape: AnswerShape = plainShape({
  operation: conversationalRag,
  ends: { stop: 'stop', length: 'length', tool_call: 'stop', content_filter: 'content_filter' },
  whole: { text: ['choices', 0, 'content'] },
  empty: (origin) => ({
    id: origin.id ?? madeId(origin, { prefix: '', length: 32 }),
    choices: [{ role: 'assistant', content: '' }],
    search_queries: null,
    context_retrieved: false,
    answer_in_context: false,
    sources: [],
  }),
});
