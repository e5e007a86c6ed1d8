// CommonJS with axios: an agent with tools whose calls run out of time, are tried again by an interceptor, and stream.
const { randomUUID } = require('node:crypto');
const axios = require('axios');

const model = axios.create({ baseURL: process.env.MODEL_URL, timeout: 400, headers: { 'x-agent': 'axios' } });
model.interceptors.request.use((config) => {
  config.headers.set('idempotency-key', randomUUID());
  return config;
});
model.interceptors.response.use(undefined, async (error) => {
  const { config, response, code } = error;
  config.attempts = (config.attempts ?? 0) + 1;
  console.log('again', config.attempts, response?.status ?? code);
  if (config.attempts > 3 || code === 'ERR_CANCELED') throw error;
  await new Promise((resolve) => setTimeout(resolve, Number(response?.headers['retry-after-ms'] ?? 1) + Math.random() * 5));
  return model.request(config);
});

const tools = [
  { type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } },
];

async function weather(city) {
  const { data, headers } = await model.get('/weather', { params: { city, lot: Math.random() }, responseType: 'text' });
  return `${JSON.parse(data).said} ${String(headers['content-type'])} ${Date.now()}`;
}

async function converse(name) {
  const messages = [{ role: 'user', content: `${name}, it is ${new Date().toISOString()}` }];
  for (let turn = 0; turn < 3; turn++) {
    const { data } = await model.post('/v1/chat/completions', { model: 'gpt-5-mini', messages, tools });
    const { message } = data.choices[0];
    messages.push(message);
    console.log(name, turn, data.usage.total_tokens, message.content ?? message.tool_calls.length);
    if (!message.tool_calls) break;
    const results = message.tool_calls.map(async ({ id, function: { arguments: given } }) => ({
      role: 'tool',
      tool_call_id: id,
      content: await weather(JSON.parse(given).city),
    }));
    messages.push(...(await Promise.all(results)));
  }
  return messages.length;
}

async function stream(prompt) {
  const asked = { model: 'gpt-5-mini', stream: true, messages: [{ role: 'user', content: prompt }] };
  const { data } = await model.post('/v1/chat/completions', asked, { responseType: 'stream', timeout: 0 });
  let pieces = 0;
  let text = '';
  for await (const piece of data) {
    pieces++;
    text += piece;
    if (text.length > 4000) break;
  }
  return `${pieces > 0} ${text.length} ${text.slice(-60).trim()}`;
}

async function impatient() {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 8 + Math.random() * 8);
  const asked = { model: 'gpt-5-mini', messages: [{ role: 'user', content: 'slowly' }] };
  return model
    .post('/v1/chat/completions', asked, { signal: controller.signal })
    .then(({ status }) => `answered ${status}`)
    .catch(({ code, message }) => `${code} ${message}`);
}

void (async () => {
  console.log(
    await Promise.allSettled([converse('north'), converse('south'), stream('a stream'), stream('a stream'), impatient()]),
  );
  const sums = await axios.all([weather('oslo'), weather('oslo')]);
  console.log(sums.join('\n'), performance.now() > 0);
  if (sums[0].length % 3 === 0) throw new Error(`at the end, ${Math.random()}`);
})();
