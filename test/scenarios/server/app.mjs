// A web server: each request is a session of its own, in which an agent makes two calls with a tool between them.
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { init, recordTool, startSession } from 'hindcast';
import OpenAI from 'openai';

init({ tags: ['server'] });
const client = new OpenAI({ apiKey: 'none', baseURL: process.env.BASE_URL, maxRetries: 0 });
const look = recordTool('look', async (what) => {
  await sleep(Math.random() * 5);
  return `saw ${String(what)}`;
});

const ask = async (content) => {
  const answer = await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content }] });
  return answer.choices[0].message.content;
};

const serve = async (request, response) => {
  const name = request.url.slice(1);
  await using session = startSession({ id: `job-${name}`, name });
  const said = await session.run(async () => {
    const first = await ask(`first of ${name}`);
    const seen = await look(name);
    return [first, seen, await ask(`second of ${name}`)];
  });
  response.end(JSON.stringify(said));
};
const server = createServer((request, response) => void serve(request, response));
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('message', () => {
  server.close();
  server.closeAllConnections();
  process.disconnect();
});
