/** Texts of events, and hits in them. */
import { describe, expect, test } from 'vitest';
import { eventTexts, findIn, leaves, messageTexts, patternOf } from '../../src/analysis/search-text.ts';
import { eventOf } from '../recording/support.ts';

describe('a pattern', () => {
  test('of a text is that text, in any case', () => {
    const special = String.raw`a.b*c[0]{1}(x)|y^$\d/-`;
    expect(findIn(`<${special.toUpperCase()}>`, patternOf(special, { regex: false }))?.match).toBe(special.toUpperCase());
    expect(findIn('aXb', patternOf('a.b', { regex: false }))).toBeUndefined();
    expect(findIn('STRASSE Ärger', patternOf('äRGER', { regex: false }))?.match).toBe('Ärger');
  });
  test('of an expression may be one that is none', () => {
    expect(findIn('NP-5512', patternOf(String.raw`np-\d{4}`, { regex: true }))?.match).toBe('NP-5512');
    expect(() => patternOf('(', { regex: true })).toThrow(SyntaxError);
    expect(findIn('bbb', patternOf('a*', { regex: true }))).toBeUndefined();
  });
});

test('an excerpt has what is around the hit, and never half a character', () => {
  const text = `${'😀'.repeat(100)}hit${'😀'.repeat(100)}`;
  const { before, match, after } = findIn(text, patternOf('hit', { regex: false }))!;
  expect(match).toBe('hit');
  expect(before).toBe(`…${'😀'.repeat(30)}`);
  expect(after).toBe(`${'😀'.repeat(30)}…`);
  expect(findIn('a hit', patternOf('hit', { regex: false }))).toEqual({ before: 'a ', match: 'hit', after: '' });
});

test('every text of an event has a place', () => {
  const event = eventOf(1, {
    name: 'n-name',
    agent: { name: 'n-agent' },
    error: { type: 'n-type', code: 'n-code', requestId: 'n-req' },
    llm: {
      operation: 'chat',
      provider: 'n-prov',
      request: { model: 'n-model' },
      response: { model: 'n-answered', toolCalls: [{ name: 'n-call' }] },
    },
    tool: { name: 'n-tool', callId: 'n-id' },
    attributes: { plan: 'n-attr' },
    notes: [
      { kind: 'decision', at: 0, type: 't', reasonCode: 'n-why', content: { selected: 'n-sel', candidates: ['n-cand'] } },
      { kind: 'failure', at: 0, type: 't', code: 'c', content: { message: 'n-said' } },
    ],
    content: {
      error: { message: 'n-message', stack: 'n-stack' },
      arguments: { deep: [{ order: 'n-arg' }] },
      result: 'n-result',
    },
  });
  const places = new Map([...eventTexts(event)].map(({ where, text }) => [/n-\w+/.exec(text)?.[0], where]));
  expect(Object.fromEntries(places)).toMatchObject({
    'n-name': 'name',
    'n-agent': 'agent',
    'n-type': 'error type',
    'n-code': 'error code',
    'n-req': 'request id',
    'n-prov': 'provider',
    'n-model': 'model',
    'n-answered': 'answering model',
    'n-call': 'tool asked for',
    'n-tool': 'tool',
    'n-id': 'tool call',
    'n-attr': 'attribute',
    'n-why': 'decision',
    'n-sel': 'decision',
    'n-cand': 'decision',
    'n-said': 'failure',
    'n-message': 'error message',
    'n-stack': 'stack',
    'n-arg': 'arguments',
    'n-result': 'result',
  });
});

test('messages without the bytes of images; values without end', () => {
  const texts = [
    ...messageTexts({
      input: [
        {
          role: 'user',
          parts: [
            { type: 'blob', content: 'AAAA', mime_type: 'image/png' },
            { type: 'text', content: 'look' },
          ],
        },
      ],
      output: [{ role: 'assistant', finish_reason: 'stop', parts: [{ type: 'tool_call', name: 'f', arguments: { a: 1 } }] }],
    }),
  ];
  expect(texts).toEqual([
    { where: 'request (user)', text: 'look' },
    { where: 'answer', text: 'name: f' },
    { where: 'answer', text: 'a: 1' },
  ]);
  const circle: Record<string, unknown> = { word: 'x' };
  circle['again'] = circle;
  expect([...leaves('result', circle)].length).toBeLessThan(100);
});
