/** What a program asks, put as a recording of elsewhere has it. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EnvLine, SessionLine } from '../../src/events/lines.ts';
import { Elsewhere } from '../../src/replay/elsewhere.ts';
import { commandOf, moveOf, movePaths } from '../../src/replay/moved-paths.ts';
import { digestOf } from '../../src/replay/request-digest.ts';
import { readSource } from '../../src/replay/source.ts';
import { newFolder } from '../cli/process.ts';
import { WrittenRecording } from '../cli/written.ts';

let folder: string;
beforeEach(() => {
  folder = newFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Recorded {
  url?: string;
  body: string;
}

/** A recording in which these were asked, each at a place of its own. */
function elsewhere(requests: Recorded[], header: Partial<SessionLine> = {}): Elsewhere {
  const recording = new WrittenRecording(join(folder, '.hindcast'), 'ses_aaaa00000001', {
    flags: [1],
    scrubbed: true,
    cwd: '~/shop',
    ...header,
  });
  requests.forEach(({ url = 'https://a.example/v1', body }, index) =>
    recording.add({ k: 'request', t: index, x: index + 1, method: 'POST', url, headers: [], body, lin: `p${index}`, lo: 1 }),
  );
  recording.end();
  return new Elsewhere(readSource([recording.path]), '/srv/bob/shop-2', '/srv/bob');
}
const ask = (body: string | Uint8Array, more: object = {}) => ({
  method: 'POST',
  url: 'https://a.example/v1',
  headers: [],
  body,
  lin: 'x',
  lo: 1,
  ...more,
});

const KEY = '<redacted:openai-key#1>';

describe('R12 what was taken out', () => {
  it.each([
    ['a text', `{"a":"it is ${KEY}."}`, '{"a":"it is sk-123."}'],
    ['the whole text', `{"a":"${KEY}"}`, '{"a":"x"}'],
    ['several in one text', `{"a":"${KEY} and ${KEY}, <redacted:jwt#2>"}`, '{"a":"k and k, j"}'],
    ['members in another order', `{"a":["${KEY}"],"b":1}`, '{ "b": 1, "a": ["k"] }'],
    ['the place itself', `{"a":"${KEY}"}`, `{"a":"${KEY}"}`],
    ['no JSON', `key=${KEY}&x=1`, 'key=abc&x=1'],
    ['a path of here', `{"a":"~/shop/a.txt of ${KEY}, ~/b"}`, '{"a":"/srv/bob/shop-2/a.txt of k, /srv/bob/b"}'],
  ])('%s is what stands there now', (_what, recorded, asked) => {
    expect(elsewhere([{ body: recorded }]).asRecorded(ask(asked)).body).toBe(recorded);
    expect(elsewhere([{ body: recorded }]).asRecorded(ask(Buffer.from(asked))).body).toBe(recorded);
  });

  it.each([
    ['another text around it', '{"a":"it was sk-123."}'],
    ['nothing in its place', '{"a":"it is ."}'],
    ['one member more', '{"a":"it is sk-123.","b":1}'],
    ['one member less', '{}'],
    ['another type', '{"a":1}'],
    ['a list', '["it is sk-123."]'],
  ])('%s is another request', (_what, asked) => {
    const recorded = `{"a":"it is ${KEY}."}`;
    expect(elsewhere([{ body: recorded }]).asRecorded(ask(asked)).body).toBe(asked);
  });

  it('of two that fit, the one that stands where the program asks', () => {
    const bodies = ['<redacted:jwt#1>', '<redacted:jwt#2>'];
    const there = elsewhere(bodies.map((body) => ({ body })));
    expect(there.asRecorded(ask('a', { lin: 'p1' })).body).toBe(bodies[1]);
    expect(there.asRecorded(ask('a', { lin: 'p0' })).body).toBe(bodies[0]);
    expect(there.asRecorded(ask('a')).body).toBe(bodies[0]);
  });

  it('in a path of a URL, whatever the host and the credentials', () => {
    const url = 'https://api.example/bot<redacted:telegram-token#1>/send?key=<redacted>';
    const found = elsewhere([{ url, body: '{}' }]).asRecorded(ask('{}', { url: 'http://127.0.0.1:80/bot1:AA/send?key=real' }));
    expect(digestOf(found)).toBe(digestOf(ask('{}', { url })));
    expect(elsewhere([{ url, body: '{}' }]).asRecorded(ask('{}', { url: 'http://a/bot1:AA/read?key=real' })).url).toContain(
      '/read',
    );
  });

  it('means nothing in a recording that was not scrubbed', () => {
    const asked = ask('{"a":"k"}');
    expect(elsewhere([{ body: `{"a":"${KEY}"}` }], { scrubbed: undefined as never }).asRecorded(asked).body).toBe('{"a":"k"}');
  });
});

describe('R14 paths', () => {
  it.each<[string, string, { from: string; to: string } | null]>([
    ['/home/ann/shop', '/home/ann/shop', null],
    ['/home/ann/shop', '/ci/shop', { from: '/home/ann', to: '/ci' }],
    ['/home/ann/shop', '/ci/store', { from: '/home/ann/shop', to: '/ci/store' }],
    ['/w/shop/packages/a', '/home/x/shop/packages/a', { from: '/w', to: '/home/x' }],
    ['/shop', '/ci/shop', { from: '/shop', to: '/ci/shop' }],
    ['~/shop', '/ci/x/shop', { from: '~/shop', to: '/ci/x/shop' }],
    ['C:\\u\\shop', '/ci/store', { from: 'C:/u/shop', to: '/ci/store' }],
  ])('%s is %s', (from, to, move) => {
    expect(moveOf(from, to)).toEqual(move);
  });

  it('move with their folder, and nothing that only begins or ends alike', () => {
    const move = { from: '/a/b', to: '/c' };
    for (const [text, moved] of [
      ['/a/b', '/c'],
      ['see "/a/b/x.ts:3" (file:///a/b/y)', 'see "/c/x.ts:3" (file:///c/y)'],
      ['/a/bc /x/a/b /a/b.d https://h.example/a/b', '/a/bc /x/a/b /a/b.d https://h.example/a/b'],
    ] as const)
      expect(movePaths(text, move)).toBe(moved);
  });

  it('of the command line and of variables are those of here', () => {
    const header = {
      cwd: '/w/shop',
      argv: ['/usr/bin/node', '/w/shop/a.ts', '--in', '/w/shop/in', '/etc/x'],
      execArgv: ['--import', 'file:///w/shop/node_modules/tsx/loader.mjs'],
    };
    expect(commandOf(header, '/ci/store')).toEqual([
      '--import',
      'file:///ci/store/node_modules/tsx/loader.mjs',
      '/ci/store/a.ts',
      '--in',
      '/ci/store/in',
      '/etc/x',
    ]);
    const v = { DATA: '~/shop/data:/usr', NOTE: KEY, HOME: '~', NONE: null, OTHER: KEY };
    const line = { k: 'env', s: 1, t: 1, v } as EnvLine;
    expect(elsewhere([]).environment([line], { NOTE: 'mine' })[0]?.v).toEqual({
      DATA: '/srv/bob/shop-2/data:/usr',
      NOTE: 'mine',
      HOME: '/srv/bob',
      NONE: null,
      OTHER: KEY,
    });
  });
});
