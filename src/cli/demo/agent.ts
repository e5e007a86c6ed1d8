/**
 * The agent of `hindcast demo`: it answers a customer whose parcel is late. An ordinary agent on the real SDKs; what makes it recorded is the `init()` line,
 * the `record...` functions add what no SDK shows. The SDKs find the stand-in server through OPENAI_BASE_URL and ANTHROPIC_BASE_URL.
 */
import { init, recordAction, recordDecision, recordTool } from 'hindcast';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import type { ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources/chat/completions';

init({ agent: { id: 'parcel-support', name: 'parcel-support', version: '1.0.0' } });

const MODEL = 'gpt-4.1-mini';
const REVIEW_MODEL = 'claude-sonnet-4-0';
const TURNS_MAX = 8;

const openai = new OpenAI({ maxRetries: 3 });
const anthropic = new Anthropic();

const findOrder = recordTool('find_order', async ({ order }: { order: string }) => {
  await pause(25);
  return { order, item: 'Walking boots, size 42', price: 129.9, carrier: 'NordPost', parcel: 'NP-5512', shipped: '2026-11-09' };
});

const trackParcel = recordTool('track_parcel', async ({ parcel }: { parcel: string }) => {
  await pause(60);
  throw new CarrierTimeout(`NordPost did not say where ${parcel} is`);
});

const issueRefund = recordTool('issue_refund', async ({ order, amount }: { order: string; amount: number }) => {
  await pause(40);
  return { refund: 'rf_2041', order, amount, status: 'sent' };
});

/** What the model may pass; each tool takes its part of it. */
type ToolInput = { order: string; parcel: string; amount: number };

class CarrierTimeout extends Error {
  override name = 'CarrierTimeout';
}

const TOOLS: ChatCompletionTool[] = [
  tool('find_order', 'Looks an order up by its number.', ['order']),
  tool('track_parcel', 'Asks the carrier where a parcel is.', ['parcel']),
  tool('issue_refund', 'Pays an order back. Needs an approval by the reviewer.', ['order', 'amount']),
];

/** Works on one message of a customer until there is an answer to give. */
const support = recordAction('answer_customer', async (question: string): Promise<void> => {
  const messages: ChatCompletionMessageParam[] = [
    { role: 'system', content: 'You help customers of a shoe shop. Look things up before you promise anything.' },
    { role: 'user', content: question },
  ];
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    const { choices } = await openai.chat.completions.create({ model: MODEL, messages, tools: TOOLS, temperature: 0.2 });
    const answer = choices[0]?.message;
    if (!answer?.tool_calls?.length) break;
    messages.push(answer);
    for (const call of answer.tool_calls) {
      if (call.type !== 'function') continue;
      const content = await useTool(call.function.name, JSON.parse(call.function.arguments) as ToolInput);
      messages.push({ role: 'tool', tool_call_id: call.id, content: JSON.stringify(content) });
    }
  }
  await reply(messages);
});

/** A tool that fails is an answer too: the model is told, and may go another way. */
async function useTool(name: string, input: ToolInput): Promise<unknown> {
  try {
    switch (name) {
      case 'find_order':
        return await findOrder(input);
      case 'track_parcel':
        return await trackParcel(input);
      case 'issue_refund':
        return (await approved(input)) ? await issueRefund(input) : { refused: 'the reviewer said no' };
      default:
        return { error: `there is no tool ${name}` };
    }
  } catch (error) {
    recordDecision({
      type: 'tool_selection',
      reasonCode: 'tool_unavailable',
      selected: 'issue_refund',
      candidates: ['track_parcel', 'issue_refund', 'hand_over'],
      confidence: 0.8,
    });
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** A second agent, on another provider, has to agree before money moves. */
const approved = recordAction('review_refund', async (refund: { order: string; amount: number }): Promise<boolean> => {
  const message = await anthropic.messages.create({
    model: REVIEW_MODEL,
    max_tokens: 200,
    system: 'You review refunds. Answer with approve or refuse, and one sentence why.',
    messages: [
      {
        role: 'user',
        content: `Refund ${refund.amount} for order ${refund.order}? Shipped 12 days ago, the carrier gives no answer.`,
      },
    ],
  });
  return message.content.some((part) => part.type === 'text' && /^approve/i.test(part.text));
});

/** The answer is streamed, as a customer would see it come. */
async function reply(messages: ChatCompletionMessageParam[]): Promise<void> {
  const stream = await openai.chat.completions.create({
    model: MODEL,
    messages: [...messages, { role: 'system', content: 'Now answer the customer in two sentences.' }],
    stream: true,
    stream_options: { include_usage: true },
  });
  for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '');
  process.stdout.write('\n');
}

function tool(name: string, description: string, fields: string[]): ChatCompletionTool {
  const properties = Object.fromEntries(fields.map((field) => [field, { type: field === 'amount' ? 'number' : 'string' }]));
  return { type: 'function', function: { name, description, parameters: { type: 'object', properties, required: fields } } };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    // timer held: a tool that takes its time
    setTimeout(resolve, ms);
  });
}

await support('Where are my boots? Order 1047, it has been almost two weeks.');
