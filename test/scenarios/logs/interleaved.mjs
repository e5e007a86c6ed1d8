// Two sessions at once, one word of each after the other, from timers, promises, events and nested steps; and a line of nobody's.
import { setTimeout as sleep } from 'node:timers/promises';

const { init, startSession, recordAction } = await import(process.argv[2]);
init();
const half = Buffer.from('é');
async function work(name, steps) {
  for (let i = 0; i < steps; i++) {
    await sleep(1);
    console.log(`${name} ${i}`);
    await Promise.resolve();
    process.stderr.write(`${name} err ${i}\n`);
    process.stdout.write(half.subarray(0, 1));
    await new Promise((resolve) => setImmediate(resolve));
    process.stdout.write(half.subarray(1));
  }
}
const [a, b] = [startSession({ name: 'a', id: 'ses_a' }), startSession({ name: 'b', id: 'ses_b' })];
await Promise.all([a.run(() => work('a', 10)), b.run(() => work('b', 10))]);
const inner = recordAction('inner', (word) => console.log(`in inner ${word}`));
const outer = recordAction('outer', (word) => {
  console.log(`in outer ${word}`);
  inner(word);
  console.log(`after inner ${word}`);
});
a.run(() => outer('a'));
b.run(() => outer('b'));
console.log('nobody');
if (process.argv[3] === 'kill') process.nextTick(() => setImmediate(() => process.kill(process.pid, 'SIGKILL')));
else {
  a.end();
  b.end();
}
