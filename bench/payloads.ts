/** What is asked and what is answered, made once: real wire shapes of the two providers, in the sizes that the tasks name. */

const WORDS = 'the quick brown fox jumps over the lazy dog while seven wizards quietly mix a jug of bad but vexing potion '.split(
  ' ',
);

/** `bytes` characters of English-looking text that does not repeat in a short cycle. */
export function prose(bytes: number): string {
  let text = '';
  for (let index = 0; text.length < bytes; index++) text += `${WORDS[(index * 7 + (index >> 4) * 3) % WORDS.length] ?? ''} `;
  return text.slice(0, bytes);
}

const usage = (input: number, output: number) => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 0,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
});

function chatAnswer(content: string): string {
  return JSON.stringify({
    id: 'chatcmpl-BenchBenchBenchBench',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'gpt-4o-mini-2024-07-18',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content, refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: usage(500, 120),
    service_tier: 'default',
    system_fingerprint: 'fp_0123456789',
  });
}

export const CHAT_SHORT = chatAnswer(prose(500));
export const CHAT_LONG = chatAnswer(prose(100_000));
export const conversationAnswer = chatAnswer(prose(200));

/** A chat completion stream of `count` chunks, as server-sent events. */
export function chatChunks(count: number): string[] {
  const chunk = (delta: object, finish: string | null, tokens: object | null): string =>
    `data: ${JSON.stringify({
      id: 'chatcmpl-BenchBenchBenchBench',
      object: 'chat.completion.chunk',
      created: 1_700_000_000,
      model: 'gpt-4o-mini-2024-07-18',
      service_tier: 'default',
      system_fingerprint: 'fp_0123456789',
      choices: tokens ? [] : [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      usage: tokens,
    })}\n\n`;
  const middle = Array.from({ length: count - 3 }, (_, index) =>
    chunk({ content: `${WORDS[index % WORDS.length] ?? ''} ` }, null, null),
  );
  return [
    chunk({ role: 'assistant', content: '', refusal: null }, null, null),
    ...middle,
    chunk({}, 'stop', null),
    `${chunk({}, null, usage(500, count))}data: [DONE]\n\n`,
  ];
}

const event = (data: { type: string; [member: string]: unknown }): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;

/** An Anthropic message stream of 200 events. */
export const ANTHROPIC_EVENTS: readonly string[] = [
  event({
    type: 'message_start',
    message: {
      id: 'msg_BenchBenchBenchBench',
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-5-20250929',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: {
        input_tokens: 500,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens: 1,
        service_tier: 'standard',
      },
    },
  }),
  event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
  ...Array.from({ length: 195 }, (_, index) =>
    event({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text: `${WORDS[index % WORDS.length] ?? ''} ` },
    }),
  ),
  event({ type: 'content_block_stop', index: 0 }),
  event({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 195 } }),
  event({ type: 'message_stop' }),
];
