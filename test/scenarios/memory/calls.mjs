// Makes many calls, or leaves many streams alone, under `init()`, and says after each part how much of the heap is in use once the collector has run.
import { setImmediate as turn } from 'node:timers/promises';
import { init } from 'hindcast';

const { SDK, SERVER, HOW, COUNT, PARTS } = process.env;
const client = init({ quiet: true, logLevel: 'off' });

const messages = [{ role: 'user', content: 'Hi' }];
const SDKS = {
  openai: async () => {
    const { OpenAI } = await import('openai');
    const openai = new OpenAI({ apiKey: 'none', baseURL: `${SERVER}/v1`, maxRetries: 9 });
    return (stream) => openai.chat.completions.create({ model: 'm', messages, stream });
  },
  anthropic: async () => {
    const { Anthropic } = await import('@anthropic-ai/sdk');
    const anthropic = new Anthropic({ apiKey: 'none', baseURL: SERVER, maxRetries: 9 });
    return (stream) => anthropic.messages.create({ model: 'm', max_tokens: 9, messages, stream });
  },
};

/** What is done once: a call whose answer is used, a stream that is never read, or one that is left after its first chunk. */
const HOWS = {
  answers: async (call) => void (await call(false)),
  unread: async (call) => void (await call(true)),
  left: async (call) => {
    for await (const _ of await call(true)) break;
  },
};

async function heapBytes() {
  for (let n = 0; n < 5; n++) {
    globalThis.gc();
    await turn();
  }
  return process.memoryUsage().heapUsed;
}

const call = await SDKS[SDK]();
const part = Number(COUNT) / Number(PARTS);
const heap = [];
for (let n = 0; n < Number(PARTS); n++) {
  for (let made = 0; made < part; made += 20) await Promise.all(Array.from({ length: 20 }, () => HOWS[HOW](call)));
  heap.push(await heapBytes());
}
const { events } = client.session.stats();
console.log(JSON.stringify({ heap, events }));
process.exit(0);
