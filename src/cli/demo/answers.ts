/** What the stand-in server of `hindcast demo` answers: the real wire formats of the two providers, one answer after the other. */
import type { Reply } from '../../testing/stand-in.ts';
import { anthropicMessage, chatCompletion, chatCompletionStream, openaiError } from '../../testing/wire.ts';

const MODEL = 'gpt-4.1-mini-2025-04-14';
const RETRY_AFTER_MS = 60;
const CHUNK_GAP_MS = 30;

const CHAT: Reply[] = [
  {
    body: chatCompletion({
      id: 'chatcmpl-demo-1',
      model: MODEL,
      tools: [{ id: 'call_find', name: 'find_order', arguments: '{"order":"1047"}' }],
      tokens: { input: 212, output: 18 },
    }),
  },
  openaiError({
    status: 429,
    message: 'Rate limit reached for requests',
    code: 'rate_limit_exceeded',
    requestId: 'req_demo_429',
    retryAfterMs: RETRY_AFTER_MS,
  }),
  {
    body: chatCompletion({
      id: 'chatcmpl-demo-2',
      model: MODEL,
      tools: [{ id: 'call_track', name: 'track_parcel', arguments: '{"parcel":"NP-5512"}' }],
      tokens: { input: 289, output: 20 },
    }),
  },
  {
    body: chatCompletion({
      id: 'chatcmpl-demo-3',
      model: MODEL,
      tools: [{ id: 'call_refund', name: 'issue_refund', arguments: '{"order":"1047","amount":129.9}' }],
      tokens: { input: 341, output: 24, cached: 256 },
    }),
  },
  {
    body: chatCompletion({
      id: 'chatcmpl-demo-4',
      model: MODEL,
      text: 'The refund is on its way.',
      tokens: { input: 402, output: 8, cached: 256 },
    }),
  },
  {
    pieces: chatCompletionStream({
      id: 'chatcmpl-demo-5',
      model: MODEL,
      text: 'I am sorry: the carrier cannot tell us where your boots are. We have paid the 129.90 back to you, and it will be on your account within three days.',
      fragments: 14,
      tokens: { input: 431, output: 39, cached: 256 },
    }),
    gapMs: CHUNK_GAP_MS,
  },
];

const REVIEW: Reply = {
  body: anthropicMessage({
    id: 'msg_demo_1',
    model: 'claude-sonnet-4-20250514',
    text: 'Approve: twelve days without an answer of the carrier is past what the shop promises.',
    tokens: { input: 74, output: 21 },
  }),
};

/** The answers of one demo, in the order in which they are asked for. */
export function demoAnswers(): (request: { path: string }) => Reply {
  let next = 0;
  return ({ path }) => {
    if (path.endsWith('/messages')) return REVIEW;
    return CHAT[next++] ?? openaiError({ status: 500, message: 'The demo has no further answers' });
  };
}
