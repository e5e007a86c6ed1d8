/** A reader written from docs/recording-format.md alone: it shares no code with the project, and reads what the writer wrote. */
import { existsSync, readFileSync } from 'node:fs';
import { zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { eventOf, exchangeIn, logIn, nextTurn, scratchFolder, STATS } from './support.ts';

type Members = Record<string, any>;

function checksum(bytes: Uint8Array): string {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0');
}

function blobChecksum(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function read(path: string) {
  const text = readFileSync(path);
  const blobsPath = path.replace(/jsonl$/, 'blobs');
  const blobs = existsSync(blobsPath) ? readFileSync(blobsPath) : Buffer.alloc(0);
  const lines: Members[] = [];
  for (let at = 0; at < text.length;) {
    const lf = text.indexOf('\n', at);
    if (lf < 0) throw new Error('torn');
    const line: Members = JSON.parse(text.toString('utf8', at, lf));
    const covered = lf - ',"c":"xxxxxxxx"}'.length;
    if (checksum(text.subarray(at, covered)) !== line['c']) throw new Error(`checksum of line ${lines.length + 1}`);
    if (line['s'] !== lines.length) throw new Error('sequence');
    lines.push(line);
    at = lf + 1;
  }
  if (lines[0]!['k'] !== 'session' || lines[0]!['v'] > 1) throw new Error('header');
  const requests = new Map<number, Buffer>();
  const responses = new Map<number, Members>();
  const decode = (body: any): Buffer => {
    if (body === undefined) return Buffer.alloc(0);
    if (typeof body === 'string') return Buffer.from(body);
    if ('b64' in body) return Buffer.from(body.b64, 'base64');
    if ('base' in body) {
      const base = requests.get(body.base)!.toString();
      return Buffer.from(base.slice(0, body.head) + body.mid + base.slice(base.length - body.tail));
    }
    const blob = blobs.subarray(body.at, body.at + body.len);
    if (blobChecksum(blob) !== body.crc) throw new Error('blob');
    return body.zstd === undefined ? blob : zstdDecompressSync(blob);
  };
  for (const line of lines) {
    if (line['k'] === 'request') requests.set(line['x'], decode(line['body']));
    if (line['k'] !== 'response' && line['k'] !== 'data') continue;
    const answer: Members = responses.get(line['x']) ?? { ...line, pieces: [], body: Buffer.alloc(0), last: line['ord'] };
    const body = decode(line['body']);
    answer['body'] = Buffer.concat([line === answer ? Buffer.alloc(0) : answer['body'], body]);
    let from = 0;
    let at = 0;
    (line['cuts']?.len ?? []).forEach((length: number, index: number) => {
      at += line['cuts'].at[index];
      const step = line['cuts'].ord?.[index] ?? 1;
      answer['last'] = index === 0 && line['cuts'].ord ? step : answer['last'] + step;
      answer['pieces'].push([body.subarray(from, (from += length)).toString('latin1'), at, answer['last']]);
    });
    if (line['end']) answer['end'] = line['end'];
    responses.set(line['x'], answer);
  }
  return { lines, requests, responses };
}

describe('R1 the document is enough to write a reader from', () => {
  it('reads lines, bodies of every form, pieces and their order', async () => {
    const log = logIn(scratchFolder(), { name: 'Zoë' });
    const long = (turn: number): string =>
      JSON.stringify({ messages: Array.from({ length: turn }, (_, index) => `turn ${index} ${'é'.repeat(300)}`), stream: true });
    log.open({ id: eventOf(1).id, type: 'llm', name: 'chat' });
    for (let turn = 1; turn <= 12; turn++) exchangeIn(log, long(turn), [`data: ${turn}\n\n`, 'ж'], eventOf(1).id);
    exchangeIn(log, Buffer.from([0xff, 0, 0xfe]), [Buffer.from([0xc3]), Buffer.from([0xa9])]);
    exchangeIn(log, 'x'.repeat(50_000), ['y'.repeat(30_000), 'z'.repeat(30_000)]);
    const [a, b] = [
      log.exchange({ method: 'POST', url: 'u', headers: [] }),
      log.exchange({ method: 'POST', url: 'u', headers: [] }),
    ];
    a.head(200, []);
    b.head(200, []);
    for (let index = 0; index < 40; index++) for (const exchange of [a, b]) exchange.chunk(Buffer.alloc(10_000, `${index}`));
    await nextTurn();
    a.chunk(Buffer.from('a'));
    a.end('complete');
    b.end('cancelled');
    log.event(eventOf(1));
    log.end({ state: 'success', reason: 'ended', stats: STATS });

    const { lines, requests, responses } = read(log.path);
    expect(lines.at(-1)).toMatchObject({ k: 'end', stats: STATS });
    expect(lines.find((line) => line['k'] === 'event')!['e']).toEqual(eventOf(1));
    for (let turn = 1; turn <= 12; turn++) {
      expect(requests.get(turn)!.toString()).toBe(long(turn));
      expect(responses.get(turn)!['body'].toString()).toBe(`data: ${turn}\n\nж`);
    }
    expect(lines.filter((line) => line['body']?.base !== undefined).length).toBeGreaterThanOrEqual(11);
    expect([...requests.get(13)!]).toEqual([0xff, 0, 0xfe]);
    expect(responses.get(13)!['body'].toString()).toBe('é');
    expect(requests.get(14)!.toString()).toBe('x'.repeat(50_000));
    expect(responses.get(14)!['pieces'].map((piece: [string]) => piece[0].length)).toEqual([30_000, 30_000]);
    const orders = [15, 16].flatMap((x) => [
      responses.get(x)!['ord'],
      ...responses.get(x)!['pieces'].map((piece: unknown[]) => piece[2]),
      responses.get(x)!['end'].ord,
    ]);
    const first = Math.min(...orders);
    expect(orders.sort((x, y) => x - y)).toEqual(Array.from({ length: 85 }, (_, index) => first + index));
    expect(responses.get(15)!['pieces'].at(-1)[0]).toBe('a');
    expect(responses.get(16)!['end'].how).toBe('cancelled');
  });
});
