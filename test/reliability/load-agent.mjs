// Loads of which a program must not fall, and what it costs to record them. Prints one JSON line with what it measured of itself; BARE leaves hindcast out.
import { readdirSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import OpenAI from 'openai';

const { BARE, BASE_URL, COUNT = '1000' } = process.env;
const hindcast = BARE ? null : await import('hindcast');
hindcast?.init({ quiet: true, hostInfo: 'off', ...(process.env.ENDPOINT && { endpoint: process.env.ENDPOINT }) });
const count = Number(COUNT);
const client = new OpenAI({ apiKey: 'none', baseURL: BASE_URL, maxRetries: 0 });
const tool = (name, fn) => (hindcast === null ? fn : hindcast.recordTool(name, fn));
const turn = () => new Promise((resolve) => setImmediate(resolve));
let peak = 0;
const look = () => (peak = Math.max(peak, process.memoryUsage.rss()));

const loads = {
  /** Many small events at full speed. */
  async flood() {
    const work = tool('work', (number) => ({ number, half: number / 2 }));
    let sum = 0;
    for (let number = 0; number < count; number++) {
      sum += work(number).half;
      if (number % 500 === 0) {
        look();
        await turn();
      }
    }
    return sum;
  },
  /** A request and an answer of `count` bytes each. */
  async payload() {
    const answer = await client.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'é'.repeat(count / 2) }],
    });
    look();
    return answer.choices[0].message.content.length;
  },
  /** A stream of `count` chunks. */
  async chunks() {
    const stream = await client.chat.completions.create({
      model: 'gpt-4o-mini',
      stream: true,
      messages: [{ role: 'user', content: String(count) }],
    });
    let [length, chunks] = [0, 0];
    for await (const chunk of stream) {
      length += chunk.choices[0]?.delta.content?.length ?? 0;
      if (++chunks % 1000 === 0) look();
    }
    return [chunks, length];
  },
  /** Values that no JSON takes: deep, cyclic, with getters that throw, streams, proxies, huge arrays. */
  async values() {
    let deep = {};
    for (let level = 0; level < count; level++) deep = { deep, level };
    const cyclic = { list: [] };
    cyclic.list.push(cyclic, cyclic.list);
    const hostile = {
      get bad() {
        throw new Error('getter');
      },
      toJSON() {
        throw new Error('toJSON');
      },
    };
    const proxy = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('ownKeys');
        },
      },
    );
    const values = [
      deep,
      cyclic,
      hostile,
      proxy,
      new PassThrough(),
      Array.from({ length: 1e6 }, () => 0),
      new Map([[cyclic, deep]]),
      10n ** 4000n,
      Symbol('s'),
      () => {},
    ];
    const echo = tool('echo', (value) => value);
    let same = 0;
    for (const value of values) if (Object.is(echo(value), value)) same++;
    return [same, values.length];
  },
  /** `count` sessions, a hundred open at a time, with two events each. */
  async sessions() {
    const work = tool('work', async (number) => number);
    const one = async (number) => {
      const body = async () => (await work(number)) + (await work(1));
      if (hindcast === null) return await body();
      const session = hindcast.startSession();
      const sum = await session.run(body);
      session.end();
      return sum;
    };
    let sum = 0;
    for (let at = 0; at < count; at += 100) {
      sum += (await Promise.all(Array.from({ length: Math.min(100, count - at) }, (_, index) => one(at + index)))).reduce(
        (a, b) => a + b,
        0,
      );
      look();
    }
    return sum;
  },
};

const filesOpen = () => readdirSync('/proc/self/fd').length;
const filesBefore = filesOpen();
globalThis.gc?.();
const rssBefore = process.memoryUsage.rss();
const cpuBefore = process.cpuUsage();
const began = performance.now();
const result = await loads[process.argv[2]]();
const tookMs = performance.now() - began;
const cpu = process.cpuUsage(cpuBefore);
await turn();
look();
globalThis.gc?.();
console.log(
  JSON.stringify({
    result,
    tookMs: Math.round(tookMs),
    cpuMs: Math.round((cpu.user + cpu.system) / 1000),
    grewMb: Math.round((process.memoryUsage.rss() - rssBefore) / 2 ** 20),
    peakMb: Math.round((peak - rssBefore) / 2 ** 20),
    files: filesOpen() - filesBefore,
  }),
);
