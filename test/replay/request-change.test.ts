/** What a change of a request does to its body, and what is said of one that does not fit. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { changeRequest, plainText, sentInstead } from '../../src/replay/edited-request.ts';
import { changeBody } from '../../src/replay/request-change.ts';

const BODY = {
  model: 'a',
  temperature: 1,
  messages: [
    { role: 'system', content: 'Be polite, very polite.' },
    { role: 'user', content: [{ type: 'text', text: 'polite?' }] },
  ],
};

it('R7 sets, takes away and replaces, in a copy', () => {
  const before = structuredClone(BODY);
  const { body, faults } = changeBody(BODY, {
    set: { '/model': 'b', '/temperature': null, '/seed': 7 },
    replace: [{ find: 'polite', with: '$&terse' }],
  });
  expect(faults).toEqual([]);
  expect(body).toEqual({
    model: 'b',
    seed: 7,
    messages: [
      { role: 'system', content: 'Be $&terse, very $&terse.' },
      { role: 'user', content: [{ type: 'text', text: '$&terse?' }] },
    ],
  });
  expect(BODY).toEqual(before);
});

it('does what it can, and says what it cannot', () => {
  const { body, faults } = changeBody(BODY, {
    set: { '/model': 'b', '/tools/0/name': 'x' },
    replace: [{ find: 'rude', with: 'x' }],
  });
  expect((body as typeof BODY).model).toBe('b');
  expect(faults).toEqual([
    expect.stringMatching(/^\/tools\/0\/name cannot be set: there is no \/tools/),
    'none of its texts holds "rude"',
  ]);
});

describe('a request whose body was packed', () => {
  const body = Buffer.from(JSON.stringify({ model: 'a', text: 'ü' }));
  const headers = [
    ['Content-Type', 'application/json'],
    ['Content-Encoding', 'gzip'],
  ] as const;
  const request = { method: 'POST', url: 'http://a/', headers, body: gzipSync(body), signal: undefined };

  it('is changed, and packed again; what was sent is kept as text', () => {
    const { request: sent, faults } = changeRequest(request, { set: { '/model': 'b' } });
    expect([faults, gunzipSync(sent.body as Uint8Array).toString()]).toEqual([[], '{"model":"b","text":"ü"}']);
    expect([sent.headers, sent.instead?.body]).toEqual([headers, sent.body]);
    expect(sentInstead(request.body, plainText(sent))).toEqual({ head: 0, tail: 0, mid: '{"model":"b","text":"ü"}' });
  });

  it('stays as it is where it is no JSON', () => {
    const packed = { ...request, body: gzipSync('no') };
    expect(changeRequest(packed, { set: { '/model': 'b' } })).toEqual({ request: packed, faults: ['its body is no JSON'] });
  });
});
