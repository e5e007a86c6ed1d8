/** A process that records, exports, and is killed: recordings folder, URL, file of acknowledged ids, seed; a fifth word makes it deliver what is there and end. */
import { appendFileSync } from 'node:fs';
import { SCHEMA_URL } from '../../src/events/genai-names.ts';
import { resourceOf, spanOf } from '../../src/events/genai.ts';
import { createShipper } from '../../src/otel/shipper.ts';
import { createTransport } from '../../src/otel/transport.ts';
import { newSessionId, newSpanId } from '../../src/core/ids.ts';
import { openExportQueue } from '../../src/recording/export-queue.ts';
import { openLog } from '../../src/recording/log-writer.ts';
import type { SessionLog } from '../../src/recording/session-log.ts';
import { emptyStats } from '../../src/analysis/stats.ts';
import { event, header } from './events.ts';

const [dir = '', url = '', acknowledged = '', mode = '', last] = process.argv.slice(2);
const queue = openExportQueue({ dir, withContent: false, memoryItemsMax: 40 });
const shipper = createShipper({
  source: queue,
  transport: createTransport({ url, timeoutMs: 200 }),
  span: (item) => spanOf({ header: item.header, event: item.event }, { profile: 'main' }),
  resource: resourceOf,
  schemaUrl: SCHEMA_URL.main,
  batch: { items: 20, delayMs: 5 },
});
queue.adopt();
shipper.wake();

function session(): SessionLog {
  const {
    s: _s,
    k: _k,
    t: _t,
    v: _v,
    ...facts
  } = header({ id: newSessionId(), pid: process.pid, epoch: Date.now() * 1000, mode: mode as 'full' | 'metadata' });
  const log: SessionLog = openLog({
    dir,
    header: facts,
    onBegin: (path) => queue.begin(path),
    onEvent: (done, line, end) => {
      queue.offer(log.path, line, done, end);
      shipper.wake();
    },
  });
  return log;
}

if (last === undefined) {
  const logs = [session(), session(), session()];
  setInterval(() => {
    for (let count = 0; count < 3; count++) {
      const index = Math.floor(Math.random() * logs.length);
      const one = { ...event({ type: 'action', name: 'a' }), id: newSpanId() };
      logs[index]!.open({ id: one.id, type: 'action', name: 'a' });
      logs[index]!.event(one);
      // The app has its result: from here on the event may not be lost.
      appendFileSync(acknowledged, `${one.id}\n`);
      if (Math.random() < 0.02) {
        logs[index]!.end({ state: 'success', reason: 'ended', stats: emptyStats() });
        logs[index] = session();
      }
    }
  }, 1);
  process.send?.('up');
} else {
  const done = await shipper.flush(60_000);
  await shipper.stop();
  queue.close();
  process.send?.({ done, stats: shipper.stats() });
  process.disconnect?.();
}
