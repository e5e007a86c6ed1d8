/** T6 what a recording leaves out when there is no room, one thing after the other, and that it counts each. */
import { statSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DiskGauge } from '../../src/recording/disk-gauge.ts';
import { openLog } from '../../src/recording/log-writer.ts';
import { readRecording } from '../../src/recording/recording.ts';
import { verifyRecording } from '../../src/recording/verify.ts';
import { eventOf, exchangeIn, headerOf, nextTurn, rawLinesOf, scratchFolder, STATS } from './support.ts';

const KB = 1024;
const GB = 1024 ** 3;

/** A log with a budget of 1,000 KB, of which `used` is used. */
function logWith(used: number) {
  const gauge = new DiskGauge();
  gauge.budgetBytes = 1_000 * KB;
  const use = (bytes: number): void => gauge.measured({ bytes }, gauge.written);
  use(used);
  const told: { content: boolean; end: number }[] = [];
  const log = openLog({
    dir: scratchFolder(),
    header: headerOf('ses_test'),
    gauge,
    onEvent: (event, _header, end) => told.push({ content: event.content !== undefined, end }),
  });
  onTestFinished(() => log.close());
  const end = () => log.end({ state: 'success', reason: 'ended', stats: STATS });
  return { gauge, log, use, told, end };
}

const said = (n: number) =>
  eventOf(n, {
    content: { result: 'said' },
    notes: [{ kind: 'failure', at: 1, type: 't', code: 'c', content: { message: 'said' } }],
  } as never);

describe('T6 room for a recording', () => {
  it('over the budget what is said goes, and over a tenth more the events do', async () => {
    const { log, use, told, end } = logWith(0);
    const all = async (n: number): Promise<void> => {
      log.open({ id: eventOf(n).id, type: 'tool', name: 'x' });
      exchangeIn(log, `${n} asked`, [`${n} `, 'answered'], eventOf(n).id);
      await nextTurn();
      log.note(eventOf(n).id, said(n).notes![0]!);
      log.print({ stream: 'stdout', text: 'printed' });
      log.event(said(n));
    };
    await all(1);
    use(1_000 * KB);
    await all(2);
    use(1_100 * KB);
    await all(3);
    use(0);
    await all(4);
    end();
    expect(verifyRecording(log.path)).toMatchObject({ state: 'ended', problems: [] });
    const { exchanges, events, logs, end: last } = readRecording(log.path);
    expect(events.map(({ id, content }) => [Number(id), content !== undefined])).toEqual([
      [1, true],
      [2, false],
      [4, true],
    ]);
    expect(
      [...exchanges.values()].map((one) => [one.x, one.requestText(), one.responseText(), one.cuts.len.length, one.end?.how]),
    ).toEqual([
      [1, '1 asked', '1 answered', 2, 'complete'],
      [2, undefined, undefined, 0, 'complete'],
      [4, '4 asked', '4 answered', 2, 'complete'],
    ]);
    expect(JSON.stringify(rawLinesOf(log.path).filter((line) => line.k === 'note' && line.on === eventOf(2).id))).not.toContain(
      'said',
    );
    expect(logs).toHaveLength(2);
    expect(last).toMatchObject({ dropped: { bodies: 2, contents: 1, events: 1 }, logsDropped: { pieces: 2, chars: 14 } });
    expect(last!.dropped!.bytes).toBeGreaterThan(200);
    // The export is told of every event; one that is not in the log is nowhere in it.
    expect(told.map(({ content }) => content)).toEqual([true, false, false, true]);
    expect(told[2]!.end).toBe(0);
  });

  it('an exchange that began while there was no room is not there in part', async () => {
    const { log, use, end } = logWith(2_000 * KB);
    const exchange = log.exchange({ method: 'POST', url: 'u', headers: [], body: 'x' });
    use(0);
    exchange.head(200, []);
    exchange.chunk(Buffer.from('abc'));
    let answered: string | undefined;
    exchange.onEnd(() => (answered = exchange.answer().body && Buffer.from(exchange.answer().body!).toString()));
    exchange.end('complete');
    expect(answered).toBe('abc');
    await nextTurn();
    end();
    expect(readRecording(log.path).exchanges.size).toBe(0);
    expect(verifyRecording(log.path).problems).toEqual([]);
  });

  it('a recording that began without room says at least that, and how it ended', () => {
    const { log, end } = logWith(2_000 * KB);
    for (let n = 1; n <= 50; n++) log.event(said(n));
    end();
    expect(rawLinesOf(log.path).map(({ k }) => k)).toEqual(['session', 'end']);
    expect(readRecording(log.path).end?.dropped).toMatchObject({ bodies: 0, contents: 0, events: 50 });
  });

  it('what is written counts, bodies out of line too', () => {
    const { gauge, log, end } = logWith(0);
    exchangeIn(log, Buffer.from(Array.from({ length: 30_000 }, (_, n) => (n * 7919) % 251)), []);
    log.event(eventOf(1));
    end();
    expect(gauge.written).toBe(log.size + statSync(log.path.replace(/jsonl$/, 'blobs')).size);
  });

  it('a disk that is nearly full counts as a budget that is reached', () => {
    const gauge = new DiskGauge();
    gauge.budgetBytes = 1_000 * GB;
    const room = (free: number, total: number) => {
      gauge.measured({ bytes: 0, disk: { free, total } }, gauge.written);
      return gauge.room;
    };
    const MB = 1024 * KB;
    expect([room(101 * MB, 50 * GB), room(99 * MB, 50 * GB), room(49 * MB, 50 * GB)]).toEqual(['free', 'scarce', 'none']);
    // A small disk has less to keep free.
    expect([room(7 * MB, 64 * MB), room(6 * MB, 64 * MB), room(3 * MB, 64 * MB)]).toEqual(['free', 'scarce', 'none']);
    gauge.budgetBytes = 0;
    expect(room(0, 50 * GB)).toBe('free');
  });

  it('asks for a look once so much was written, and says once each that something is not recorded', () => {
    const gauge = new DiskGauge();
    const told: string[] = [];
    gauge.onGrowth = () => told.push('growth');
    gauge.onDrop = (room, cause) => told.push(`${room} ${cause}`);
    gauge.budgetBytes = 32 * KB;
    for (let n = 0; n < 40; n++) gauge.add(100);
    expect(told).toEqual(['growth']);
    gauge.measured({ bytes: 32 * KB }, gauge.written);
    gauge.add(1 * KB);
    for (const room of ['scarce', 'scarce', 'none', 'scarce', 'none'] as const) gauge.dropped(room);
    expect(told).toEqual(['growth', 'growth', 'scarce budget', 'none budget']);
  });
});
