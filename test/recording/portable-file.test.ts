/** R12 and V4: recordings that are scrubbed stay recordings, and one file takes them elsewhere. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readFrames } from '../../src/core/event-frames.ts';
import { bytesOf } from '../../src/recording/exchange-reader.ts';
import { type Exchange, readRecording } from '../../src/recording/recording.ts';
import { blobsPathOf } from '../../src/recording/summary.ts';
import { unpackPortable, writePortable } from '../../src/recording/portable-file.ts';
import { learnRecording, scrubRecording } from '../../src/recording/scrub-recording.ts';
import { Scrubber, type ScrubRules } from '../../src/recording/scrub-text.ts';
import { verifyRecording } from '../../src/recording/verify.ts';
import { eventOf, exchangeIn, logIn, rawLinesOf, scratchFolder, STATS } from './support.ts';

const OPENAI = `sk-proj-${'aB3d'.repeat(20)}`;
const GITHUB = `ghp_${'Zx9yQw3eRt7uMnB2kLp5'.repeat(2).slice(0, 36)}`;
const PASSWORD = 'hunter2!Kq9z';

const sse = (events: object[]): string => events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
const delta = (content: string, index = 0): object => ({
  id: 'chatcmpl-1',
  object: 'chunk',
  choices: [{ index, delta: { content } }],
});

function frame(payload: string): Buffer {
  const name = Buffer.from('\u000b:event-type\u0007\u0000\u0005chunk');
  const body = Buffer.from(payload);
  const bytes = Buffer.concat([Buffer.alloc(12), name, body, Buffer.alloc(4)]);
  bytes.writeUInt32BE(bytes.length, 0);
  bytes.writeUInt32BE(name.length, 4);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
  return bytes;
}

/** Scrubs a recording as `share` does. */
function scrubbed(
  path: string,
  folder: string,
  rules: ScrubRules & { stripContent?: boolean } = {},
): { path: string; scrubber: Scrubber } {
  const scrubber = new Scrubber(rules);
  learnRecording(path, scrubber);
  const to = join(folder, 'scrubbed.jsonl');
  scrubRecording(path, to, { scrubber, stripContent: rules.stripContent ?? false });
  return { path: to, scrubber };
}

const allBytes = (path: string): string => {
  const { exchanges } = readRecording(path);
  const bodies = [...exchanges.values()].flatMap((one) => [one.requestBody(), one.responseBody()]);
  return [readFileSync(path, 'utf8'), ...bodies.map((body) => Buffer.from(body ?? []).toString('latin1'))].join('\n');
};
const exchange = (path: string, x: number): Exchange => readRecording(path).exchanges.get(x) as Exchange;

describe('V4 a scrubbed recording', () => {
  test('has none of what came through channels, small or large, and keeps the rest of it', () => {
    const folder = scratchFolder();
    const log = logIn(join(folder, 'from'));
    const large = Buffer.from(`${'x'.repeat(300_000)} ${OPENAI} ${Math.random()}`);
    log.input({ k: 'channel', n: 1, kind: 'stdin', what: 'data', lin: '0123456789abcdef', lo: 1 });
    log.input({ k: 'came', n: 1, event: 'data', ord: 1 }, Buffer.from(`key ${OPENAI}\n`));
    log.input({ k: 'came', n: 1, event: 'data', ord: 2 }, large);
    log.input({ k: 'came', n: 1, event: 'data', ord: 3 }, Uint8Array.of(0xff, 0xfe));
    log.input({ k: 'came', n: 1, event: 'end', ord: 4 });
    log.end({ state: 'success', reason: 'ended', stats: STATS });
    const { path } = scrubbed(log.path, folder);
    expect(verifyRecording(path)).toMatchObject({ state: 'ended', problems: [] });
    const came = readRecording(path).inputs.flatMap((line) => (line.k === 'came' ? [line] : []));
    const bytes = came.map(({ body }) =>
      body === undefined ? null : Buffer.from(bytesOf(body, blobsPathOf(path))!).toString('latin1'),
    );
    expect(bytes).toEqual([
      'key <redacted:openai-key#1>\n',
      large.toString().replace(OPENAI, '<redacted:openai-key#1>'),
      '\xff\xfe',
      null,
    ]);
    expect(came.map(({ ord }) => ord)).toEqual([1, 2, 3, 4]);
  });

  test('has none in what came and went through channels, and counts anew what had gone out', () => {
    const folder = scratchFolder();
    const log = logIn(join(folder, 'from'), { flags: [1] });
    const large = `${'some words '.repeat(2_000)}${GITHUB}`;
    log.input({ k: 'channel', n: 1, kind: 'child', what: { command: 'tool', args: [OPENAI] }, lin: '00', lo: 1 });
    log.input({ k: 'went', n: 1, event: 'stdin' }, Buffer.from(`ask with ${OPENAI}\n`));
    log.input({ k: 'came', n: 1, event: 'data', ord: 1, sent: 10 + OPENAI.length, data: { fd: 1 } }, Buffer.from(large));
    log.end({ state: 'success', reason: 'ended', stats: STATS });
    const { path } = scrubbed(join(folder, 'from', 'ses_test.jsonl'), folder);
    const { inputs, problems } = readRecording(path);
    const bodies = inputs.map((line) =>
      'body' in line && line.body !== undefined ? bytesOf(line.body, blobsPathOf(path)) : undefined,
    );
    expect(problems).toEqual([]);
    expect(bodies[2]?.toString()).toMatch(/^(some words )+[^ ]+$/);
    expect(JSON.stringify(inputs) + bodies.join('')).not.toMatch(new RegExp(`${OPENAI}|${GITHUB}`));
    expect(inputs[2]).toMatchObject({ sent: bodies[1]!.length });
  });

  test('has the secret nowhere, in the same structure, sound, and nothing is left for a second time', () => {
    const folder = scratchFolder();
    const log = logIn(join(folder, 'from'), {
      pid: 4242,
      cwd: '/home/marlene/agent',
      argv: ['node', '/home/marlene/agent/a.js', '--api-key', 'zzz-top'],
    });
    log.event(
      eventOf(1, {
        content: {
          arguments: { config: { password: PASSWORD, port: 5432 }, path: '/home/marlene/agent/.env', list: [OPENAI, null, 1.5] },
          error: { message: `401 for ${OPENAI}`, stack: 'Error\n    at f (/home/marlene/agent/a.js:1:2)' },
        },
        attributes: { note: `it was ${PASSWORD}`, big: 12 },
        notes: [{ kind: 'failure', at: 1, type: 'tool', code: 'x', content: { message: OPENAI } }],
      }),
    );
    log.print({ stream: 'stdout', text: `export KEY=${GITHUB}\n/tmp/marlene/x` });
    log.update({ tags: ['a'], metadata: { key: GITHUB }, links: [{ url: `https://u:${PASSWORD}@h/x` }] });
    log.host({
      memory: { total: 5 },
      cpu: { cores: 2 },
      projectRoot: '/home/marlene/agent',
      packages: { loaded: { openai: '6.0.0' } },
    });
    // Numbers that JSON.parse would not give back, and layout of its own.
    const body = `{ "n": 12345678901234567890, "messages": [ {"content":"line\\n${OPENAI}\\nuse \\"${GITHUB}\\""} ] }`;
    exchangeIn(log, body, [JSON.stringify({ text: `so ${OPENAI}`, ünï: '✓' })], eventOf(1).id);
    log.end({ state: 'success', reason: 'ended', stats: STATS });
    const { path, scrubber } = scrubbed(log.path, folder);

    const bytes = allBytes(path);
    for (const secret of [OPENAI, GITHUB, PASSWORD, 'zzz-top', 'marlene', '4242']) expect(bytes).not.toContain(secret);
    expect(verifyRecording(path)).toMatchObject({ state: 'ended', problems: [] });
    expect(rawLinesOf(path).map(({ s, k, t }) => [s, k, t])).toEqual(rawLinesOf(log.path).map(({ s, k, t }) => [s, k, t]));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const { events, header, host } = readRecording(path);
    expect(events[0]?.content).toMatchObject({
      arguments: {
        config: { password: '<redacted:password#1>', port: 5432 },
        path: '~/agent/.env',
        list: ['<redacted:openai-key#1>', null, 1.5],
      },
      error: { message: '401 for <redacted:openai-key#1>', stack: 'Error\n    at f (~/agent/a.js:1:2)' },
    });
    expect(events[0]?.attributes).toEqual({ note: 'it was <redacted:password#1>', big: 12 });
    expect([header.pid, header.cwd, header.argv]).toEqual([
      0,
      '~/agent',
      ['node', '~/agent/a.js', '--api-key', '<redacted:assigned-secret#1>'],
    ]);
    expect(host).toEqual({ projectRoot: '~/agent', packages: { loaded: { openai: '6.0.0' } } });
    expect(exchange(path, 1).requestText()).toBe(
      body.replace(OPENAI, '<redacted:openai-key#1>').replace(GITHUB, '<redacted:github-token#1>'),
    );
    expect(scrubber.counts).toMatchObject({ 'openai-key': 5, 'github-token': 3 });

    const again = scrubbed(path, join(scratchFolder()));
    expect(again.scrubber.counts).toEqual({});
    expect(readFileSync(again.path).equals(readFileSync(path))).toBe(true);
  });

  test('keeps conversations as differences, each text with the same numbers', () => {
    const folder = scratchFolder();
    const log = logIn(join(folder, 'from'));
    const messages: { role: string; content: string }[] = [];
    const texts: string[] = [];
    for (let turn = 0; turn < 30; turn++) {
      const secret = turn === 7 ? OPENAI : turn === 20 ? GITHUB : 'none';
      messages.push({ role: 'user', content: `turn ${turn} ${'word '.repeat(60)} ${secret}` });
      texts.push(JSON.stringify({ model: 'm', messages, tail: 'x'.repeat(100) }));
      exchangeIn(log, texts.at(-1), ['{}']);
    }
    log.end({ state: 'success', reason: 'ended', stats: STATS });
    const { path } = scrubbed(log.path, folder);
    const clean = (text: string): string =>
      text.replaceAll(OPENAI, '<redacted:openai-key#1>').replaceAll(GITHUB, '<redacted:github-token#1>');
    const { exchanges } = readRecording(path);
    expect(texts.map((_, at) => exchanges.get(at + 1)?.requestText())).toEqual(texts.map(clean));
    expect(statSync(path).size).toBeLessThan(statSync(log.path).size * 1.05);
    expect(verifyRecording(path).problems).toEqual([]);
  });

  test('gives as many pieces as there were, wherever they were cut', () => {
    const folder = scratchFolder();
    const log = logIn(join(folder, 'from'));
    const whole = `äöü ${OPENAI} mid ✓ ${GITHUB} end`;
    const bytes = Buffer.from(whole);
    const answers = [1, 3, 7, 50, 1000].map((size) =>
      Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size)),
    );
    for (const pieces of answers) exchangeIn(log, 'q', pieces);
    const large = Buffer.from(`${'é'.repeat(150_000)}${OPENAI}${'z'.repeat(300_000)}${GITHUB}`);
    // Two lines of 256 KiB and more: the second secret may begin in one and end in the next.
    const pieces = Array.from({ length: Math.ceil(large.length / 40_001) }, (_, at) =>
      large.subarray(at * 40_001, (at + 1) * 40_001),
    );
    exchangeIn(log, 'q', pieces);
    log.end({ state: 'success', reason: 'ended', stats: STATS });
    const { path } = scrubbed(log.path, folder);
    const clean = whole.replace(OPENAI, '<redacted:openai-key#1>').replace(GITHUB, '<redacted:github-token#1>');
    for (const [at, expected] of answers.entries()) {
      const { cuts, responseText } = exchange(path, at + 1);
      expect(responseText()).toBe(clean);
      expect(cuts.len).toHaveLength(expected.length);
      expect(cuts.len.reduce((sum, length) => sum + length, 0)).toBe(Buffer.byteLength(clean));
      expect(Math.min(...cuts.len)).toBeGreaterThanOrEqual(0);
      expect(cuts.at).toEqual(exchange(log.path, at + 1).cuts.at);
    }
    const last = exchange(path, answers.length + 1);
    expect(last.cuts.len).toHaveLength(pieces.length);
    expect(last.cuts.len.reduce((sum, length) => sum + length, 0)).toBe(last.responseBody()?.length);
    expect(allBytes(path)).not.toMatch(/aB3daB3d|Zx9yQw3e/);
    expect(verifyRecording(path).problems).toEqual([]);
  });

  test('has a secret nowhere that only one place gives away, a body as well as a difference to one', () => {
    const folder = scratchFolder();
    const log = logIn(join(folder, 'from'));
    log.event(eventOf(1, { content: { result: `it says ${PASSWORD} and kT5!vv8Qz2Lm` } }));
    const before = `{"messages":["${'so '.repeat(200)}"`;
    exchangeIn(log, `${before}]}`, [`{"password":"${PASSWORD}"}`]);
    exchangeIn(log, `${before},{"db_password":"kT5!vv8Qz2Lm"}]}`, ['{}']);
    log.end({ state: 'success', reason: 'ended', stats: STATS });
    const { path } = scrubbed(log.path, folder);
    expect(readRecording(path).events[0]?.content?.result).toMatch(/^it says <redacted:password#\d> and <redacted:password#\d>$/);
    expect(exchange(path, 1).responseText()).toMatch(/^\{"password":"<redacted:password#\d>"\}$/);
    expect(allBytes(path)).not.toMatch(/hunter2|kT5/);
  });

  test('has no secret that came letter by letter', () => {
    const folder = scratchFolder();
    const log = logIn(join(folder, 'from'));
    const parts = (text: string): string[] => text.match(/.{1,5}/gs) ?? [];
    const events = ['the key is ', ...parts(OPENAI), ', done'].map((text) => delta(text));
    // Two choices at once: their pieces alternate.
    const two = parts(GITHUB).flatMap((text) => [delta(text, 0), delta('other ', 1)]);
    for (const said of [events, two]) exchangeIn(log, 'q', [sse(said)]);
    exchangeIn(log, 'q', [
      `${parts(OPENAI)
        .map((text) => JSON.stringify({ message: { content: text }, done: false }))
        .join('\n')}\n`,
    ]);
    exchangeIn(log, 'q', [JSON.stringify(parts(OPENAI).map((text) => ({ candidates: [{ content: { parts: [{ text }] } }] })))]);
    exchangeIn(
      log,
      'q',
      parts(OPENAI).map((text) => frame(JSON.stringify({ contentBlockIndex: 0, delta: { text } }))),
    );
    const inner = (text: string): string =>
      JSON.stringify({ bytes: Buffer.from(JSON.stringify({ delta: { text } })).toString('base64') });
    exchangeIn(
      log,
      'q',
      parts(OPENAI).map((text) => frame(inner(text))),
    );
    log.end({ state: 'success', reason: 'ended', stats: STATS });
    const { path } = scrubbed(log.path, folder);
    const said = (x: number, of: (event: never) => string, index?: number): string =>
      (exchange(path, x).responseText() ?? '')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line.replace(/^data: /, '')) as never)
        .filter((event: { choices?: { index: number }[] }) => index === undefined || event.choices?.[0]?.index === index)
        .map(of)
        .join('');
    const content = (event: { choices: { delta: { content: string } }[] }): string => event.choices[0]?.delta.content ?? '';
    expect(said(1, content as never)).toBe('the key is <redacted:openai-key#1>, done');
    expect(said(2, content as never, 0)).toBe('<redacted:github-token#1>');
    expect(said(2, content as never, 1)).toBe('other '.repeat(8));
    expect(said(3, ((event: { message: { content: string } }) => event.message.content) as never)).toBe(
      '<redacted:openai-key#1>',
    );
    const list = JSON.parse(exchange(path, 4).responseText() ?? '') as {
      candidates: { content: { parts: { text: string }[] } }[];
    }[];
    expect(list.map((one) => one.candidates[0]?.content.parts[0]?.text).join('')).toBe('<redacted:openai-key#1>');
    for (const x of [5, 6]) {
      const { responseBody, cuts } = exchange(path, x);
      const frames = [...readFrames(responseBody() as Uint8Array)].map(
        ({ payload }) => JSON.parse(Buffer.from(payload).toString()) as { delta?: { text: string }; bytes?: string },
      );
      const texts = frames.map(
        ({ delta: told, bytes }) =>
          told?.text ?? (JSON.parse(Buffer.from(bytes ?? '', 'base64').toString()) as { delta: { text: string } }).delta.text,
      );
      expect(texts.join('')).toBe('<redacted:openai-key#1>');
      expect([frames.length, cuts.len.length]).toEqual([parts(OPENAI).length, parts(OPENAI).length]);
    }
  });

  test('leaves alone what is no secret, bytes that are no text included', () => {
    const folder = scratchFolder();
    const log = logIn(join(folder, 'from'));
    const noise = Buffer.from(Array.from({ length: 20_000 }, (_, at) => (at * 7919) % 256));
    exchangeIn(log, noise, [noise.subarray(0, 9000), noise.subarray(9000)]);
    exchangeIn(log, 'token limit exceeded', [JSON.stringify({ id: 'chatcmpl-abc', usage: { total_tokens: 5 } })]);
    log.event(eventOf(1, { content: { error: { message: 'token limit exceeded' } } }));
    log.end({ state: 'success', reason: 'ended', stats: STATS });
    const { path, scrubber } = scrubbed(log.path, folder);
    expect(scrubber.counts).toEqual({});
    expect(Buffer.from(exchange(path, 1).requestBody() ?? []).equals(noise)).toBe(true);
    expect(Buffer.from(exchange(path, 1).responseBody() ?? []).equals(noise)).toBe(true);
    expect(rawLinesOf(path).slice(1)).toEqual(rawLinesOf(log.path).slice(1));
  });

  test('by patterns of somebody else stays JSON, names and numbers as they are', () => {
    const folder = scratchFolder();
    const log = logIn(join(folder, 'from'));
    const body = '{"acme":"x ACME-12 y","n":12345,"q":"a\\"ACME-13\\"","mail":"\\nbob@example.org"}';
    exchangeIn(log, body, ['ACME-14']);
    log.end({ state: 'success', reason: 'ended', stats: STATS });
    const { path } = scrubbed(log.path, folder, { also: [/acme-\d+"?/i, /\d{5}/, /acme|content|"q":/], emails: true });
    expect(JSON.parse(exchange(path, 1).requestText() ?? '')).toEqual({
      acme: 'x <redacted:custom#1> y',
      n: 12345,
      q: expect.stringMatching(/^a"<redacted:custom#\d>"?$/),
      mail: '\n<redacted:email#1>',
    });
    expect(verifyRecording(path).problems).toEqual([]);
  });

  test('without content is one of mode metadata', () => {
    const folder = scratchFolder();
    const log = logIn(join(folder, 'from'), { cwd: '/x', metadata: { a: 1 } });
    log.event(eventOf(1, { content: { arguments: 'said' }, attributes: { a: 'said' } }));
    exchangeIn(log, 'said'.repeat(9000), ['said']);
    log.print({ stream: 'stdout', text: 'said' });
    log.end({ state: 'success', reason: 'ended', stats: STATS });
    const { path } = scrubbed(log.path, folder, { stripContent: true });
    expect(allBytes(path)).not.toContain('said');
    expect(existsSync(join(folder, 'scrubbed.blobs'))).toBe(false);
    expect(rawLinesOf(path).map(({ k }) => k)).toEqual(['session', 'event', 'end']);
    expect(readRecording(path).header).toMatchObject({ mode: 'metadata' });
    expect(verifyRecording(path)).toMatchObject({ state: 'ended', problems: [] });
  });
});

describe('R12 one file', () => {
  async function packed(): Promise<{ folder: string; from: string; file: string }> {
    const folder = scratchFolder();
    const log = logIn(join(folder, 'from'), { id: 'ses_one' });
    exchangeIn(log, 'x'.repeat(20_000), ['y'.repeat(20_000)]);
    log.end({ state: 'success', reason: 'ended', stats: STATS });
    const file = join(folder, 'one.hindcast');
    await writePortable(file, [{ id: 'ses_one', path: log.path }], { sdk: 'hindcast/0' });
    return { folder, from: log.path, file };
  }
  const unpack = (file: string, folder: string): ReturnType<typeof unpackPortable> => {
    const to = join(folder, `to-${Math.random()}`);
    mkdirSync(to);
    return unpackPortable(file, to);
  };

  test('is opened by tar, is private, and gives back every byte', async () => {
    const { folder, from, file } = await packed();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const plain = join(folder, 'plain.tar');
    writeFileSync(plain, zstdDecompressSync(readFileSync(file)));
    expect(execFileSync('tar', ['-tf', plain], { encoding: 'utf8' }).split('\n')).toEqual([
      'manifest.json',
      'recordings/ses_one.jsonl',
      'recordings/ses_one.blobs',
      '',
    ]);
    const { paths, manifest } = await unpack(file, folder);
    expect(manifest).toMatchObject({ format: 'hindcast-recordings', version: 1, scrubbed: false, sessions: [{ id: 'ses_one' }] });
    expect(readFileSync(paths[0] ?? '').equals(readFileSync(from))).toBe(true);
    expect(
      readFileSync((paths[0] ?? '').replace('.jsonl', '.blobs')).equals(readFileSync(from.replace('.jsonl', '.blobs'))),
    ).toBe(true);
  });

  test('with any byte changed, or cut off anywhere, is refused, or gives back every byte', async () => {
    const { folder, from, file } = await packed();
    const bytes = readFileSync(file);
    let refused = 0;
    const tryIt = async (): Promise<void> => {
      const taken = await unpack(file, folder).catch((error: unknown) => error as Error);
      if (taken instanceof Error) {
        refused++;
        expect(taken.message).toMatch(/is damaged|newer/);
      } else expect(readFileSync(taken.paths[0] ?? '').equals(readFileSync(from))).toBe(true);
    };
    for (let at = 5; at < bytes.length; at += 37) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 0x10;
      writeFileSync(file, changed);
      await tryIt();
      writeFileSync(file, bytes.subarray(0, at));
      await tryIt();
    }
    // Behind the last byte of the recordings stand the end of the tar and a checksum.
    expect(refused).toBeGreaterThan((2 * bytes.length) / 37 - 6);
  });

  test('has a name for a session with the longest id', async () => {
    const folder = scratchFolder();
    const id = 'i'.repeat(128);
    const log = logIn(join(folder, 'from'), { id });
    log.end({ state: 'success', reason: 'ended', stats: STATS });
    const file = join(folder, 'long.hindcast');
    await writePortable(file, [{ id, path: log.path }], { sdk: 'hindcast/0' });
    const { paths } = await unpack(file, folder);
    expect(readFileSync(paths[0] ?? '').equals(readFileSync(log.path))).toBe(true);
  });
});
