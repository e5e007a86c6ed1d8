// Sub-agents side by side with the same prompt, behind work of the thread pool that takes as long as it likes.
import { randomBytes, randomInt, scrypt, webcrypto } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

const openai = new OpenAI({ apiKey: 'none', baseURL: `${process.env.MODEL_URL}/v1`, maxRetries: 6 });
const anthropic = new Anthropic({ apiKey: 'none', baseURL: process.env.MODEL_URL, maxRetries: 6 });
const bus = new EventEmitter();
const told = [];
bus.on('found', (what) => setImmediate(() => told.push(`${what.length}:${Math.random().toFixed(6)}`)));

/** Takes a time that nobody recorded. */
async function unseen() {
  // Not by the dice that are recorded: each run of the program waits otherwise.
  const size = (Number(process.pid) * 7919) % 200_000;
  await promisify(gzip)(Buffer.alloc(size + Number(process.hrtime()[1] % 400_000)));
  await promisify(scrypt)('password', 'salt', 16, { N: 1024 });
  await readFile(import.meta.filename);
}

const ask = async (content) =>
  randomInt(2) === 0
    ? (await openai.chat.completions.create({ model: 'gpt-5-mini', messages: [{ role: 'user', content }] })).choices[0].message
        .content
    : (await anthropic.messages.create({ model: 'claude-sonnet-4-5', max_tokens: 100, messages: [{ role: 'user', content }] }))
        .content[0].text;

async function subAgent(index) {
  await unseen();
  const first = await ask('What do you see?');
  bus.emit('found', first);
  console.log(index, first, randomBytes(4).toString('hex'), webcrypto.getRandomValues(new Uint16Array(2)).join());
  if (Math.random() < 0.5) await sleep(Math.random() * 10);
  await unseen();
  const second = await ask(`Go on: ${first}`);
  return `${index} ${second}`;
}

const agents = [0, 1, 2, 3, 4, 5].map(subAgent);
console.log('first of all', (await Promise.race(agents)).slice(2));
const signal = AbortSignal.timeout(15);
const late = once(signal, 'abort').then(() => signal.reason.name);
const outcomes = await Promise.allSettled([...agents, ask('What do you see?')]);
console.log(outcomes);
console.log(await late, told, new Date().toISOString(), crypto.randomUUID());
const ticks = [];
const interval = setInterval(() => {
  ticks.push(performance.now());
  if (ticks.length === 3) clearInterval(interval);
}, 3);
await sleep(30);
console.log(ticks);
