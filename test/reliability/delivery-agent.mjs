// Finishes events until it is killed, and says of each one that it has its result: from there on it may not be lost. With a second argument it delivers what is there, and ends.
import { appendFileSync } from 'node:fs';
import { flush, init, recordTool, startSession } from 'hindcast';

const [, , acknowledged, deliver] = process.argv;
init({ quiet: true, endpoint: process.env.ENDPOINT, flushIntervalMs: 20, exportTimeoutMs: 400 });

if (deliver !== undefined) {
  process.send({ done: await flush(60_000) });
  process.disconnect();
} else {
  let session = startSession();
  for (let count = 1; ; count++) {
    const name = `e${process.pid}x${count}`;
    await session.run(recordTool(name, async () => count));
    appendFileSync(acknowledged, `${name}\n`);
    if (count === 1) process.send('up');
    if (count % 40 === 0) {
      session.end();
      session = startSession();
    }
    if (count % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
