// oxlint-disable unicorn/require-post-message-target-origin -- threads have none
/** Threads that each ask a model. */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import OpenAI from 'openai';

if (isMainThread) {
  await (await fetch(`${process.env.MODEL_URL}/weather`)).text();
  const ask = async () => (await once(new Worker(new URL(import.meta.url)), 'message'))[0];
  console.log(await Promise.all([ask(), ask()]));
} else {
  const client = new OpenAI({ apiKey: process.env.OPENAI_KEY_OF_TEST, baseURL: `${process.env.MODEL_URL}/v1`, maxRetries: 0 });
  const { data } = await client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'think' }] }).then(
    (completion) => ({ data: completion.choices[0].message }),
    (error) => ({ data: error.status }),
  );
  parentPort.postMessage([data, Math.random()]);
}
