// Streams that are read side by side, left early, aborted and tried again; failures of every kind.
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

const openai = new OpenAI({ apiKey: 'none', baseURL: `${process.env.MODEL_URL}/v1`, maxRetries: 0 });
const anthropic = new Anthropic({ apiKey: 'none', baseURL: process.env.MODEL_URL, maxRetries: 2 });

/** Tries again by itself, with a pause that dice say. */
async function again(name, run) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      console.log(name, attempt, error.constructor.name, error.name, error.status, error.message, error.cause?.code);
      if (attempt === 4) return `gave up on ${name}`;
      await new Promise((resolve) => setTimeout(resolve, 2 ** attempt + Math.random() * 5));
    }
  }
}

const chat = (content) => ({ model: 'gpt-5-mini', stream: true, messages: [{ role: 'user', content }] });
const whole = (name) =>
  again(name, async () => {
    let text = '';
    for await (const chunk of await openai.chat.completions.create(chat('Tell me.'))) {
      text += chunk.choices[0]?.delta?.content ?? '';
      process.stdout.write(`${name}${text.length} `);
    }
    return text;
  });
const left = (name) =>
  again(name, async () => {
    let count = 0;
    for await (const chunk of await openai.chat.completions.create(chat('Tell me.')))
      if (++count === 3) return JSON.stringify(chunk);
    return count;
  });
const aborted = (name) =>
  again(name, async () => {
    const controller = new AbortController();
    let count = 0;
    for await (const _ of await openai.chat.completions.create(chat('Tell me.'), { signal: controller.signal }))
      if (++count === 2) controller.abort();
    return count;
  });
const timedOut = (name) =>
  again(name, async () => {
    const response = await fetch(`${process.env.MODEL_URL}/weather?slow`, {
      signal: AbortSignal.timeout(Math.ceil(Math.random() * 30)),
    });
    return response.json();
  });
const message = (name) =>
  again(name, async () => {
    const stream = anthropic.messages.stream({
      model: 'claude-sonnet-4-5',
      max_tokens: 9,
      messages: [{ role: 'user', content: 'Tell me.' }],
    });
    stream.on('text', (delta) => process.stdout.write(`${name}${delta.length} `));
    return (await stream.finalMessage()).content[0].text;
  });
const reset = (name) => again(name, async () => (await fetch(`${process.env.MODEL_URL}/reset`)).text());
const refused = (name) => again(name, async () => (await fetch('http://127.0.0.1:1/')).text());
const bytes = async () =>
  Buffer.from(
    await (await fetch(new Request(`${process.env.MODEL_URL}/bytes`, { method: 'POST', body: 'request' }))).arrayBuffer(),
  ).toString('hex');
const form = async () => {
  const body = new FormData();
  body.set('a', 'b');
  return (await (await fetch(`${process.env.MODEL_URL}/weather`, { method: 'POST', body })).clone().json()).said;
};
const empty = async () => (await fetch(`${process.env.MODEL_URL}/empty`)).body;

const all = await Promise.all([
  whole('a'),
  whole('b'),
  left('c'),
  aborted('d'),
  timedOut('e'),
  message('f'),
  message('g'),
  reset('h'),
  refused('i'),
  bytes(),
  form(),
  empty(),
]);
console.log(`\n${all.join('\n')}`);
if (Math.random() < 0.4) throw new Error(`it ends badly: ${Math.random()}`);
