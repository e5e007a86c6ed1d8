// Prints what can be seen of the functions that a recording replaces: the same with and without one.
import crypto, { randomBytes, randomInt } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import timers, { setTimeout as moduleTimeout } from 'node:timers';
import timersPromises from 'node:timers/promises';
import { inspect, promisify, types } from 'node:util';

const look = (owner, name) => {
  const { value, get, ...flags } = Object.getOwnPropertyDescriptor(owner, name) ?? {};
  const fn = value ?? get;
  const keys =
    typeof fn === 'function'
      ? Reflect.ownKeys(fn)
          .map(String)
          .filter((key) => key !== 'prototype')
          .toSorted()
      : [];
  console.log(name, fn?.name, fn?.length, flags, keys);
};
for (const name of ['fetch', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'Date']) look(globalThis, name);
for (const name of ['nextTick', 'hrtime', 'env']) look(process, name);
for (const name of ['random']) look(Math, name);
for (const name of ['now', 'parse', 'UTC']) look(Date, name);
for (const name of ['randomUUID', 'randomBytes', 'randomInt', 'randomFill', 'randomFillSync']) look(crypto, name);
for (const name of ['randomUUID', 'getRandomValues']) look(Object.getPrototypeOf(globalThis.crypto), name);
for (const name of ['url', 'type', 'redirected', 'clone']) look(Response.prototype, name);
look(AbortSignal, 'timeout');
look(timersPromises, 'setTimeout');

const date = new Date();
console.log(
  date instanceof Date,
  date.constructor === Date,
  Object.getPrototypeOf(date) === Date.prototype,
  types.isDate(date),
  typeof Date(),
  Date.length,
);
console.log(
  inspect(new Date(0)),
  new Date(2020, 1, 2).getMonth(),
  new Date(date).getTime() === date.getTime(),
  new (class Day extends Date {})(0) instanceof Date,
);
console.log(
  Math.abs(Date.now() - date) < 1000,
  Number.isInteger(Date.now()),
  structuredClone(date) instanceof Date,
  JSON.stringify({ d: new Date(0) }),
);
console.log(
  setTimeout === timers.setTimeout,
  moduleTimeout === setTimeout,
  promisify(setTimeout) === timersPromises.setTimeout,
  timers.promises === timersPromises,
);
console.log(
  process.hrtime().length,
  process.hrtime([0, 0]).length,
  typeof process.hrtime.bigint(),
  performance.now() < performance.now(),
);
console.log(
  randomBytes(3).length,
  randomInt(5) < 5,
  crypto.randomUUID().length,
  crypto.getRandomValues(new Uint8Array(4)).length,
);
for (const wrong of [
  () => randomBytes(-1),
  () => randomInt(),
  // oxlint-disable-next-line no-implied-eval -- that it is refused is what is looked at
  () => setTimeout('text'),
  () => process.nextTick(),
  () => queueMicrotask(1),
  () => fetch(),
  () => AbortSignal.timeout('x'),
  () => process.hrtime(1),
]) {
  try {
    const given = wrong();
    console.log(given instanceof Promise ? await given.catch((error) => [error.name, error.code, error.message]) : typeof given);
  } catch (error) {
    console.log(error.name, error.code, error.message);
  }
}
const timer = setTimeout((...given) => console.log('fired', given), 1, 'a', 'b');
console.log(
  timer.constructor.name,
  timer.hasRef(),
  timer.unref() === timer,
  timer.ref().hasRef(),
  Reflect.ownKeys(timer).map(String).toSorted(),
);
await new Promise((resolve) => setTimeout(resolve, 5));
console.log(
  await timersPromises.setTimeout(1, 'value'),
  await promisify(setTimeout)(1, 'value'),
  await timersPromises.setImmediate('value'),
);
console.log(
  await timersPromises
    .setTimeout(50, 1, { signal: AbortSignal.abort('why') })
    .catch((error) => [error.name, error.code, error.message, error.cause]),
);
const ticks = [];
for await (const tick of timersPromises.setInterval(1, 'tick')) if (ticks.push(tick) === 3) break;
console.log(ticks, inspect(Promise.resolve(1)), Reflect.ownKeys(Promise.resolve(1)));
const order = [];
setImmediate(() => order.push('immediate'));
process.nextTick((text) => order.push(text), 'tick');
queueMicrotask(() => order.push('microtask'));
await timersPromises.setTimeout(5);
const kept = setInterval(() => {}, 1000);
clearInterval(kept);
console.log(
  order,
  Object.keys(process.env).includes('MODEL_URL'),
  'MODEL_URL' in process.env,
  { ...process.env }.MODEL_URL === process.env.MODEL_URL,
  typeof process.env.NOT_THERE,
);
process.env.SET_HERE = 1;
console.log(process.env.SET_HERE, delete process.env.SET_HERE, process.env.SET_HERE);
const response = await fetch(`${process.env.MODEL_URL}/weather`);
const { url, type, redirected, ok, status, statusText, bodyUsed } = response;
console.log(
  url.endsWith('/weather'),
  type,
  redirected,
  ok,
  status,
  statusText,
  bodyUsed,
  response instanceof Response,
  response.body instanceof ReadableStream,
);
console.log(
  Reflect.ownKeys(response),
  response.clone().url === url,
  response.clone().type,
  Object.keys(await response.json()),
  response.bodyUsed,
);
console.log(
  await fetch('data:text/plain,hello').then((answer) => answer.text()),
  await fetch('nonsense').catch((error) => [error.name, error.message]),
);
