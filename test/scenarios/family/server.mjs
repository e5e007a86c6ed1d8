// A service: each request is a session that joins the one that it comes from.
import { createServer } from 'node:http';
import { init, startSession } from 'hindcast';
import OpenAI from 'openai';

init({ service: 'summaries' });
const client = new OpenAI({ apiKey: 'none', baseURL: process.env.BASE_URL, maxRetries: 0 });
const serve = async (request, response) => {
  await using session = startSession({ from: request.headers, name: request.url });
  const { choices } = await session.run(() =>
    client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: request.url }] }),
  );
  response.end(choices[0].message.content);
};
const server = createServer((request, response) => void serve(request, response));
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('message', () => {
  server.close();
  server.closeAllConnections();
  process.disconnect();
});
