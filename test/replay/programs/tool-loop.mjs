// One agent, one tool, as many turns as the model wants. Its exit code is what the model made of it.
import { randomUUID } from 'node:crypto';
import OpenAI from 'openai';

const client = new OpenAI({ apiKey: process.env.OPENAI_KEY_OF_TEST, baseURL: `${process.env.MODEL_URL}/v1`, maxRetries: 5 });
const tools = [
  { type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } },
];

async function weather({ city }) {
  const response = await fetch(`${process.env.MODEL_URL}/weather?city=${city}&at=${Date.now()}`, {
    headers: { 'x-request': randomUUID() },
  });
  console.log(
    response.status,
    response.statusText,
    response.url.includes('/weather'),
    response.type,
    response.redirected,
    response.headers.get('content-type'),
  );
  return await response.json();
}

const began = performance.now();
const messages = [{ role: 'user', content: `It is ${new Date().toISOString()}. Lot ${Math.random()}. How is the weather?` }];
let turns = 0;
for (;;) {
  const { choices, usage, _request_id } = await client.chat.completions.create({ model: 'gpt-5-mini', messages, tools });
  const { message } = choices[0];
  messages.push(message);
  console.log(++turns, message.content, message.tool_calls?.length, usage, _request_id, process.hrtime.bigint() > 0n);
  if (!message.tool_calls) break;
  const results = await Promise.all(message.tool_calls.map((call) => weather(JSON.parse(call.function.arguments))));
  for (const [index, call] of message.tool_calls.entries())
    messages.push({ role: 'tool', tool_call_id: call.id, content: JSON.stringify(results[index]) });
  await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 10));
}
console.log(JSON.stringify(messages, null, 1));
console.log('took', performance.now() - began, new Date(), Date.now() instanceof Date, new Date() instanceof Date);
process.exitCode = messages.at(-1).content.length % 3;
