// A committee over four SDKs: each hands its opinion to whom the dice choose, with the time and the dice in the prompt, until somebody agrees or nobody has patience left.
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomInt, randomUUID } from 'node:crypto';
import { Mistral } from '@mistralai/mistralai';
import Anthropic from '@anthropic-ai/sdk';
import { CohereClientV2 } from 'cohere-ai';
import Groq from 'groq-sdk';
import { Ollama } from 'ollama';

const url = process.env['MODEL_URL']!;
const anthropic = new Anthropic({ apiKey: 'none', baseURL: url, maxRetries: 3 });
const groq = new Groq({ apiKey: 'none', baseURL: url, maxRetries: 3 });
const cohere = new CohereClientV2({ token: 'none', environment: url });
const mistral = new Mistral({ apiKey: 'none', serverURL: `${url}/mistral` });
const ollama = new Ollama({ host: url });
const topic = new AsyncLocalStorage<{ id: string; hops: number }>();

type Speaker = (content: string) => Promise<string>;
const speakers: Record<string, Speaker> = {
  anthropic: async (content) => {
    const { content: blocks } = await anthropic.messages.create({
      model: 'claude-sonnet-4-5',
      max_tokens: 50,
      messages: [{ role: 'user', content }],
    });
    return blocks[0]?.type === 'text' ? blocks[0].text : '';
  },
  groq: async (content) =>
    (await groq.chat.completions.create({ model: 'm', messages: [{ role: 'user', content }] })).choices[0]?.message.content ?? '',
  cohere: async (content) => JSON.stringify((await cohere.chat({ model: 'm', messages: [{ role: 'user', content }] })).message),
  mistral: async (content) => {
    let text = '';
    for await (const { data } of await mistral.chat.stream({ model: 'm', messages: [{ role: 'user', content }] }))
      text += String(data.choices[0]?.delta.content ?? '');
    return text;
  },
  ollama: async (content) => (await ollama.chat({ model: 'm', messages: [{ role: 'user', content }] })).message.content,
};
const names = Object.keys(speakers);

class Impatient extends Error {
  override name = 'Impatient';
}

async function debate(): Promise<string> {
  const store = topic.getStore()!;
  let [opinion, who] = ['nothing yet', names[randomInt(names.length)]!];
  for (;;) {
    const prompt = `You are ${who}. Topic ${store.id}, ${new Date().toISOString()}, mood ${Math.random()}. You were told: ${opinion}`;
    try {
      opinion = await speakers[who]!(prompt);
    } catch (error) {
      opinion = `(${who} says nothing: ${(error as Error).message})`;
    }
    console.log(store.id.slice(0, 8), ++store.hops, who, topic.getStore() === store, opinion);
    if (Math.random() < 0.25) return `${who} agrees after ${store.hops}`;
    if (store.hops > 6) throw new Impatient(`${store.id} after ${store.hops} hops at ${performance.now()}`, { cause: opinion });
    who = names.filter((name) => name !== who)[randomInt(names.length - 1)]!;
    await new Promise<void>((resolve) => setImmediate(() => process.nextTick(resolve)));
  }
}

const debates = Array.from({ length: 4 }, () => topic.run({ id: randomUUID(), hops: 0 }, debate));
for (const outcome of await Promise.allSettled(debates)) {
  if (outcome.status === 'fulfilled') console.log(outcome.value);
  else {
    console.log(String(outcome.reason), (outcome.reason as Error).cause);
    process.exitCode = 1;
  }
}
const elapsed = process.hrtime();
console.log(new Date().getTime(), elapsed.length, new Date(Date.now() + 86_400_000).toISOString());
