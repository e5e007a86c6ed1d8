// A support desk: one agent, three tools, as many turns as the model wants. What the rules of the house forbid ends it with an error.
import { createHash, randomUUID } from 'node:crypto';
import OpenAI from 'openai';
import type { ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources/chat/completions';

const client = new OpenAI({ apiKey: process.env.OPENAI_KEY_OF_TEST, baseURL: `${process.env.MODEL_URL}/v1`, maxRetries: 4 });
const LIMIT_CENTS = 200 + Math.floor(Math.random() * 600);

interface Order {
  id: string;
  cents: number;
  refunded: number;
  placed: Date;
}
const orders = new Map<string, Order>();

class RefundRefused extends Error {
  readonly order: Order;
  constructor(order: Order, cents: number) {
    super(`refund of ${cents} over the limit of ${LIMIT_CENTS}`);
    this.name = 'RefundRefused';
    this.order = order;
  }
}

const HANDLERS: Record<string, (given: any) => unknown> = {
  async look_up({ order }: { order: string }) {
    const began = performance.now();
    const response = await fetch(`${process.env.MODEL_URL}/weather?order=${order}&nonce=${randomUUID()}`, {
      headers: { 'x-asked': new Date().toUTCString() },
    });
    const found = (await response.json()) as { degrees: number };
    const known = orders.get(order) ?? { id: order, cents: found.degrees * 100, refunded: 0, placed: new Date() };
    orders.set(order, known);
    console.log('  looked up', order, known, `${(performance.now() - began).toFixed(3)} ms`);
    return known;
  },
  refund({ order, cents }: { order: string; cents: number }) {
    const known = orders.get(order);
    if (known === undefined) return { error: 'no such order' };
    if (known.refunded + cents > LIMIT_CENTS) throw new RefundRefused(known, cents);
    known.refunded += cents;
    return { ...known, receipt: createHash('sha1').update(`${known.id}${Date.now()}`).digest('hex').slice(0, 8) };
  },
  toss: () => (Math.random() < 0.5 ? 'heads' : 'tails'),
};

const tools: ChatCompletionTool[] = [
  ['look_up', { order: { type: 'string' } }],
  ['refund', { order: { type: 'string' }, cents: { type: 'integer', minimum: 1, maximum: 400 } }],
  ['toss', {}],
].map(([name, properties]) => ({
  type: 'function',
  function: { name: name as string, parameters: { type: 'object', properties } },
}));

const messages: ChatCompletionMessageParam[] = [
  { role: 'system', content: `You work at a support desk. Ticket ${randomUUID()}, opened ${new Date().toISOString()}.` },
  { role: 'user', content: 'I want my money back.' },
];

async function turn(): Promise<boolean> {
  const { choices, usage, _request_id } = await client.chat.completions.create({ model: 'gpt-5-mini', messages, tools });
  const { message, finish_reason } = choices[0]!;
  messages.push(message);
  console.log(messages.length, finish_reason, message.content, usage?.total_tokens, _request_id);
  if (message.tool_calls === undefined) return false;
  const results = await Promise.all(
    message.tool_calls.map(async (call) => {
      if (call.type !== 'function') throw new TypeError(call.type);
      const result = await HANDLERS[call.function.name]!(JSON.parse(call.function.arguments));
      return { role: 'tool' as const, tool_call_id: call.id, content: JSON.stringify(result) };
    }),
  );
  messages.push(...results);
  return true;
}

try {
  while (await turn()) await new Promise((resolve) => setTimeout(resolve, Math.random() * 8));
  console.log(JSON.stringify(messages, null, 1));
} catch (error) {
  console.log(error instanceof RefundRefused ? `${error.message} (${error.order.id})` : error);
  process.exitCode = 1;
}
console.log('done at', Date.now(), [...orders.values()]);
