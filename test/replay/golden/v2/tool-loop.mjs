// A loop of a model and its tools, over fetch alone: no SDK that could change.
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';

const messages = [{ role: 'user', content: `It is ${new Date().toISOString()}. Lot ${Math.random()}.` }];
const tools = [
  { type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } },
];

async function post(path, body) {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(process.env.MODEL_URL + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      body: JSON.stringify(body),
    });
    if (response.ok) return response.json();
    console.log('attempt', attempt, response.status, (await response.json()).error.message);
    await new Promise((resolve) => setTimeout(resolve, Number(response.headers.get('retry-after-ms')) + Math.random() * 3));
  }
}

for (let turn = 0; turn < 4; turn++) {
  const { choices, usage } = await post('/v1/chat/completions', { model: 'm', messages, tools });
  const [{ message }] = choices;
  messages.push(message);
  console.log(turn, Date.now(), usage.total_tokens, message.content ?? message.tool_calls.length);
  if (!message.tool_calls) break;
  const results = await Promise.all(
    message.tool_calls.map(async (call) => {
      const { city } = JSON.parse(call.function.arguments);
      const [weather, file] = await Promise.all([
        fetch(`${process.env.MODEL_URL}/weather?city=${city}&at=${Date.now()}`).then((response) => response.json()),
        readFile(import.meta.filename),
      ]);
      return { role: 'tool', tool_call_id: call.id, content: `${weather.said} ${file.length > 0} ${performance.now()}` };
    }),
  );
  messages.push(...results);
}
console.log(JSON.stringify(messages));
process.exitCode = messages.length % 2;
