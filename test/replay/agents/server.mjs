// A web server with an agent behind it: requests come side by side, each is a conversation of its own. It ends when it is told to.
import { randomUUID } from 'node:crypto';
import express from 'express';
import OpenAI from 'openai';

const openai = new OpenAI({ apiKey: 'none', baseURL: `${process.env.MODEL_URL}/v1`, maxRetries: 3 });
const app = express();
app.use(express.json());
const threads = new Map();

app.post('/threads/:id', async (request, response, next) => {
  try {
    const messages = threads.get(request.params.id) ?? [];
    threads.set(request.params.id, messages);
    messages.push({ role: 'user', content: `${request.body.text} (${new Date().toISOString()}, ${Math.random()})` });
    response.setHeader('x-request-id', randomUUID());
    const stream = await openai.chat.completions.create({ model: 'gpt-5-mini', messages, stream: true });
    let text = '';
    for await (const chunk of stream) {
      const piece = chunk.choices[0]?.delta?.content ?? '';
      text += piece;
      if (piece) response.write(piece);
    }
    messages.push({ role: 'assistant', content: text });
    console.log(request.method, request.path, request.get('user-agent'), text.length, Date.now());
    response.end();
  } catch (error) {
    next(error);
  }
});
app.use((error, request, response, _next) => {
  console.log(request.path, 'failed:', error.message);
  process.exitCode = 1;
  if (response.headersSent || response.destroyed) response.destroy();
  else response.status(502).json({ error: error.message });
});

const server = app.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => console.log('ready'));
app.delete('/threads', (_request, response) => {
  for (const [id, messages] of threads) console.log(id, messages);
  response.end('bye');
  server.close(() => console.log('closed', Date.now()));
  server.closeIdleConnections();
});
