// oxlint-disable unicorn/require-post-message-target-origin -- threads have none
/** A pool of worker threads that throw dice. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

await fetch(`${process.env.MODEL_URL}/weather`).then((answer) => answer.text());
const file = new URL('thrower.mjs', import.meta.url);
const sums = await Promise.all(
  [1, 2, 3].map(async (throws) => {
    const worker = new Worker(file, { workerData: { throws } });
    const events = [];
    for (const name of ['online', 'exit', 'error']) worker.on(name, (given) => events.push([name, given]));
    const [thrown] = await once(worker, 'message');
    worker.postMessage({ more: thrown.sum });
    const [more] = await once(worker, 'message');
    await once(worker, 'exit');
    return [worker.threadId, thrown, more, ...events];
  }),
);
console.log(sums);

const failing = new Worker(file, { workerData: { throws: -1 } });
const [error] = await once(failing, 'error');
console.log(error instanceof RangeError, error.message, error.thrown);
const speaking = new Worker('console.log("said " + Math.random()); setInterval(() => {}, 1000)', { eval: true, stdout: true });
console.log(String((await once(speaking.stdout, 'data'))[0]), await speaking.terminate());
const many = new Worker('for (let i = 0; i < 5; i++) require("node:worker_threads").parentPort.postMessage(i + Math.random())', {
  eval: true,
});
many.on('message', (message) => console.log('many', message));
console.log(await once(many, 'exit'));
try {
  new Worker('relative.mjs');
} catch (thrown) {
  console.log(thrown.code);
}
