/** What a change of a request does to its body, and what is said of one that does not fit. */
import { expect, it } from 'vitest';
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
