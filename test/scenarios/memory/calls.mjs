// Makes many calls of one SDK, and leaves many streams alone, under `init()`; says by how much the heap in use has grown from the first of them to the last.
import { setTimeout as wait } from 'node:timers/promises';
import { init } from 'hindcast';
import { SDKS } from './sdks.mjs';

const { SDK, SERVER, CALLS } = process.env;
const AT_ONCE = 10;
const client = init({ quiet: true, logLevel: 'off' });

async function leave(stream) {
  for await (const _ of await stream) break;
}

/** What is done once. */
const HOWS = {
  answers: async ({ answer }) => void (await answer()),
  /** A stream that is left after its first chunk. */
  left: ({ stream }) => leave(stream('Hi')),
  /** The same, where the server has more to say. */
  open: ({ stream }) => leave(stream('Wait')),
  unread: async ({ stream }) => void (await stream('Hi')),
};

/** Sockets close, and what they held is collected, some turns after the last stream was: until nothing more goes. */
async function heapBytes() {
  let least = Infinity;
  for (let idle = 0; idle < 5; idle++) {
    await wait(8);
    globalThis.gc();
    const { heapUsed } = process.memoryUsage();
    if (heapUsed < least * 0.995) idle = 0;
    least = Math.min(least, heapUsed);
  }
  return least;
}

const sdk = await SDKS[SDK](SERVER);

async function make(how, count) {
  for (let made = 0; made < count; made += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, () => HOWS[how](sdk)));
  return await heapBytes();
}

const growth = {};
for (const [how, { first, then }] of Object.entries(JSON.parse(CALLS)))
  growth[how] = -(await make(how, first)) + (await make(how, then));
const { events } = client.session.stats();
console.log(JSON.stringify({ growth, events }));
process.exit(0);
