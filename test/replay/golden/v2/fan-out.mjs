// The same request from many places at once, behind work, timers, immediates and promises of every kind.
import { randomBytes, randomInt, scrypt } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const bus = new EventEmitter();
const heard = [];
bus.on('said', (text) => setImmediate(() => heard.push(`${text.length} ${Math.random()}`)));
const ask = async () => (await (await fetch(`${process.env.MODEL_URL}/weather`)).json()).said;

async function one(index) {
  await promisify(gzip)(Buffer.alloc(1000 * ((index * 5) % 7)));
  const first = await ask();
  bus.emit('said', first);
  if (randomInt(2) === 0) await sleep(randomInt(6));
  else await new Promise((resolve) => queueMicrotask(() => process.nextTick(resolve)));
  await promisify(scrypt)('password', 'salt', 8, { N: 64 });
  const [second, third] = await Promise.all([ask(), ask().then((said) => said.toUpperCase())]);
  return `${index} ${first} ${second} ${third} ${randomBytes(2).toString('hex')} ${new Date().toISOString()}`;
}

const all = [0, 1, 2, 3, 4, 5, 6].map(one);
console.log('first', await Promise.any(all));
for (const { status, value } of await Promise.allSettled(all)) console.log(status, value);
console.log(heard, process.hrtime.bigint(), crypto.randomUUID());
async function* ticks(count) {
  for (let tick = 0; tick < count; tick++) {
    await sleep(2);
    yield [tick, performance.now()];
  }
}
for await (const tick of ticks(3)) console.log(tick);
setTimeout(() => {
  throw new Error(`at the end, ${Math.random()}`);
}, 3);
