/** What is done: each task is one call of an SDK, made so many times a round. */
import type Anthropic from '@anthropic-ai/sdk';
import type OpenAI from 'openai';
import { prose } from './payloads.ts';

export interface Clients {
  openai: OpenAI;
  anthropic: Anthropic;
}

export interface Task {
  name: string;
  /** Name in the stand-in's path: which answer is given. */
  model: string;
  calls: number;
  atOnce: number;
  /** Whether the longest wait for the event loop is measured too; looking for it costs CPU. */
  stall?: true;
  /** Chunks a call, for tasks whose cost is told per chunk. */
  chunks?: number;
  /** Makes one call; returns the moment of its first chunk, where it streams. */
  call(clients: Clients): Promise<number | null>;
}

const short = prose(2_000);
const long = prose(200_000);

async function chat({ openai }: Clients, content: string): Promise<null> {
  const answer = await openai.chat.completions.create({
    model: 'gpt-4o-mini',
    temperature: 0.2,
    messages: [
      { role: 'system', content: 'Answer in one paragraph.' },
      { role: 'user', content },
    ],
  });
  if (answer.choices[0]?.message.content == null) throw new Error('no answer');
  return null;
}

async function stream({ openai }: Clients): Promise<number> {
  const chunks = await openai.chat.completions.create({
    model: 'gpt-4o-mini',
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: short }],
  });
  let first = 0;
  let text = 0;
  for await (const chunk of chunks) {
    if (first === 0) first = performance.now();
    text += chunk.choices[0]?.delta.content?.length ?? 0;
  }
  if (text === 0) throw new Error('an empty stream');
  return first;
}

async function anthropicStream({ anthropic }: Clients): Promise<number> {
  const events = await anthropic.messages.create({
    model: 'claude-bench',
    max_tokens: 1024,
    stream: true,
    messages: [{ role: 'user', content: short }],
  });
  let first = 0;
  let text = 0;
  for await (const event of events) {
    if (first === 0) first = performance.now();
    if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') text += event.delta.text.length;
  }
  if (text === 0) throw new Error('an empty stream');
  return first;
}

/** The tasks, by the number of calls of a full round. */
export const TASKS: readonly Task[] = [
  { name: 'chat 2 KB, one at a time', model: 'short', calls: 200, atOnce: 1, call: (clients) => chat(clients, short) },
  { name: 'chat 2 KB, 32 at a time', model: 'short', calls: 320, atOnce: 32, call: (clients) => chat(clients, short) },
  { name: 'stream of 200 chunks', model: 'stream-200', calls: 80, atOnce: 1, chunks: 200, call: stream },
  { name: 'stream of 2,000 chunks', model: 'stream-2000', calls: 20, atOnce: 1, chunks: 2000, call: stream },
  { name: '200 KB prompt, 100 KB answer', model: 'long', calls: 60, atOnce: 1, call: (clients) => chat(clients, long) },
  {
    name: '200 KB prompt, 8 at a time',
    model: 'long',
    calls: 32,
    atOnce: 8,
    stall: true,
    call: (clients) => chat(clients, long),
  },
  { name: 'Anthropic stream of 200 events', model: 'claude', calls: 80, atOnce: 1, chunks: 200, call: anthropicStream },
];

/** One conversation of `turns` turns: each sends everything that was said before. Returns the bytes of all requests and answers. */
export async function converse({ openai }: Clients, turns: number): Promise<number> {
  const messages: { role: 'user' | 'assistant'; content: string }[] = [];
  let said = 0;
  let bytes = 0;
  for (let turn = 0; turn < turns; turn++) {
    messages.push({ role: 'user', content: `${turn}: ${prose(200)}` });
    said += JSON.stringify(messages.at(-1)).length + 1;
    bytes += said;
    const answer = await openai.chat.completions.create({ model: 'gpt-4o-mini', messages });
    messages.push({ role: 'assistant', content: answer.choices[0]?.message.content ?? '' });
    said += JSON.stringify(messages.at(-1)).length + 1;
    bytes += JSON.stringify(answer).length;
  }
  return bytes;
}
