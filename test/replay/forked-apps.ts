/** Programs with several sessions, of which one is forked. */
import { INDEX, moduleAt } from './processes.ts';

const CLIENT = `
  import OpenAI from ${moduleAt('openai/index.mjs')};
  import { recordTool, startSession } from ${INDEX};
  const openai = new OpenAI({ apiKey: process.env.API_TOKEN, baseURL: process.env.MODEL_URL + '/v1', maxRetries: 2 });
  const shelf = recordTool('shelf', async (who) => ({ who, left: 3 }));
`;

/** Three model calls and one of a tool for each request, each in a session of its own; what a prompt says hangs on clocks, dice and what was said before. Each request prints its whole answer. */
export const SERVER = `
  import express from ${moduleAt('express/index.js')};
  ${CLIENT}
  const app = express();
  app.use(express.json());
  let served = 0;
  app.post('/ask', async (req, res) => {
    const { who } = req.body;
    const session = startSession({ name: who });
    let given = '';
    const give = (text) => { given += text; res.write(text); };
    res.on('close', () => console.log(who, 'closed', res.writableFinished));
    await session.run(async () => {
      const messages = [{ role: 'system', content: 'You are a polite clerk.' }, { role: 'user', content: who + ' at ' + Date.now() + ' ' + Math.random() }];
      for (let turn = 0; turn < 3; turn++) {
        const stream = await openai.chat.completions.create({ model: 'gpt-4.1-mini', stream: true, messages });
        let text = '';
        for await (const piece of stream) text += piece.choices[0]?.delta?.content ?? '';
        give(text + ';');
        messages.push({ role: 'assistant', content: text });
        const next = turn === 0 ? (await shelf(who)).left + ' left' : 'Go on.';
        messages.push({ role: 'user', content: next + ' ' + Math.random() });
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
    });
    session.end();
    give('.');
    console.log('answered', who, given, ++served);
    res.end();
  });
  const server = app.listen(0, '127.0.0.1', () => console.log('listening', server.address().port));
  process.on('SIGTERM', () => {
    console.log('stopping', served);
    server.close(() => { console.log('closed', served); process.exitCode = 3; });
  });
`;

/** The same, ended by the first signal, as by default. */
export const UNHEARD = SERVER.replace(/process\.on\('SIGTERM'[\s\S]*\}\);\n {2}\}\);/, '');

/** Two agents, one after the other, in sessions of their own. The second asks what it asks whatever the first was told, and then of that. */
export const AGENTS = `
  ${CLIENT}
  let told = '';
  for (const who of ['first', 'second']) {
    const session = startSession({ name: who });
    await session.run(async () => {
      const messages = [];
      for (let turn = 0; turn < 2; turn++) {
        messages.push({ role: 'user', content: who + ' ' + turn + ' ' + (turn === 1 && who === 'second' ? told : Math.random()) });
        const { choices } = await openai.chat.completions.create({ model: 'gpt-4.1-mini', messages });
        const said = choices[0].message.content;
        messages.push({ role: 'assistant', content: said });
        console.log(who, turn, said);
        if (who === 'first') told = said;
      }
    });
    session.end();
  }
`;
