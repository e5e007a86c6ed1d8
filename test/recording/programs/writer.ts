/** Records events until it is killed, and says of each one that it has ended: to be killed at any moment. Argument: the recordings folder. */
import { writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { openLog } from '../../../src/recording/log-writer.ts';
import { eventId, plainHeader } from './plain.ts';

const log = openLog({ dir: process.argv[2]!, header: plainHeader('ses_killed') });
const text = 'ж'.repeat(900);

for (let number = 1; ; number++) {
  const id = eventId(number);
  log.open({ id, type: 'llm', name: 'chat' });
  const exchange = log.exchange({ method: 'POST', url: 'https://api.example', headers: [], body: `${number} ${text}` }, id);
  if (number % 10 === 0) {
    // One that was begun and whose turn of the event loop is over: it must be known, too. The timer is what keeps the loop waiting.
    await pause(1);
    writeSync(1, `open ${id}\n`);
  }
  exchange.head(200, []);
  for (let piece = 0; piece < 5; piece++)
    exchange.chunk(Buffer.from(`data: ${piece} ${number % 25 === 0 ? text.repeat(20) : text}\n\n`));
  exchange.end('complete');
  log.event({ id, trace: 'a'.repeat(32), type: 'llm', name: 'chat', start: number, end: number + 1, status: 'ok' });
  writeSync(1, `event ${id}\n`);
}
