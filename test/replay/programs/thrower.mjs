// oxlint-disable unicorn/require-post-message-target-origin -- threads have none
import { writeFileSync } from 'node:fs';
import { parentPort, threadId, workerData } from 'node:worker_threads';

writeFileSync(`${process.env.MARKERS}/thread-${threadId}`, '');
if (workerData.throws < 0) throw Object.assign(new RangeError('no such dice'), { thrown: Math.random() });
const dice = Array.from({ length: workerData.throws }, () => Math.random());
console.log('thrown in a thread', dice);
parentPort.postMessage({ sum: dice.reduce((a, b) => a + b), dice, at: new Date(), map: new Map([['big', 5n]]) });
parentPort.once('message', ({ more }) => parentPort.postMessage(more * Math.random()));
