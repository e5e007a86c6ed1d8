// Researchers side by side, all with the same prompt, behind work of the thread pool that takes as long as it likes; the first to find something sends the others home.
import { pbkdf2, randomBytes, randomInt } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { brotliCompress, gunzip, gzip } from 'node:zlib';
import Anthropic from '@anthropic-ai/sdk';

const anthropic = new Anthropic({ apiKey: 'none', baseURL: process.env.MODEL_URL, maxRetries: 3 });
const folder = await mkdtemp(join(tmpdir(), 'researchers-'));
const board = new EventEmitter();
const seen = [];
board.on('finding', ({ who, text }) => queueMicrotask(() => seen.push(`${who}:${text.length}:${Math.random().toFixed(5)}`)));

/** As many at a time as there are seats. */
class Seats {
  #free;
  #queue = [];
  constructor(free) {
    this.#free = free;
  }
  async with(work) {
    if (this.#free === 0) await new Promise((resolve) => this.#queue.push(resolve));
    else this.#free--;
    try {
      return await work();
    } finally {
      const next = this.#queue.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
const seats = new Seats(4);

/** Work of the thread pool, of a size that is another in each run. */
async function archive(who, text) {
  const padding = Buffer.alloc(((process.pid * 31 + who * 7919) % 13) * 60_000);
  const packed = await promisify(gzip)(Buffer.concat([Buffer.from(text), padding]));
  await promisify(pbkdf2)(text, 'salt', 1 + ((process.pid + who) % 7) * 400, 16, 'sha256');
  const file = join(folder, `${who}.gz`);
  await writeFile(file, packed);
  const back = await promisify(gunzip)(await readFile(file));
  await promisify(brotliCompress)(back.subarray(0, 5000));
  return back.subarray(0, text.length).toString();
}

const ask = async (content) => {
  const message = await anthropic.messages.create({
    model: 'claude-sonnet-4-5',
    max_tokens: 100,
    messages: [{ role: 'user', content }],
  });
  return message.content[0].text;
};

async function researcher(who) {
  await archive(who, `researcher ${who}`);
  const first = await seats.with(() => ask('What do you see?'));
  board.emit('finding', { who, text: first });
  const kept = await archive(who, first);
  if (randomInt(3) === 0) await sleep(randomInt(8), undefined, { ref: randomInt(2) < 2 });
  const second = await seats.with(() => ask('What do you see?'));
  if (Math.random() < 0.12) throw new RangeError(`${who} lost the thread at ${Date.now()}: ${second}`);
  return `${who} ${kept} / ${second} / ${randomBytes(3).toString('hex')}`;
}

const team = Array.from({ length: 7 }, (_, who) => researcher(who));
const first = Promise.any(team);
const outcomes = await Promise.allSettled(team);
console.log('first:', await first);
for (const { status, value, reason } of outcomes) console.log(status, value ?? `${reason.name}: ${reason.message}`);
console.log(seen);
await rm(folder, { recursive: true });
const failed = outcomes.filter(({ status }) => status === 'rejected');
if (failed.length > 1)
  throw new AggregateError(
    failed.map(({ reason }) => reason),
    `${failed.length} of ${outcomes.length} failed`,
  );
