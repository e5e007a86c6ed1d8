import { describe, expect, test } from 'vitest';
import { answerError, requestId, waitAsked, stainlessError } from '../../src/providers/errors.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');

describe('P7 what an error says', () => {
  test.each([
    [{ 'retry-after-ms': '1500', 'retry-after': '9' }, 1500],
    [{ 'retry-after': '2' }, 2000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': 'Sun, 01 Mar 2026 12:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Sun, 01 Mar 2026 11:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '-3' }, undefined],
    [{ 'retry-after': '' }, undefined],
    [{ 'retry-after': '9'.repeat(30) }, 86_400_000],
    [{ 'retry-after': '1e300' }, undefined],
    [{}, undefined],
    [undefined, undefined],
    ['text', undefined],
  ])('retry after: %j is %s', (headers: any, expected) => {
    expect(waitAsked(headers, NOW)).toBe(expected);
    if (typeof headers === 'object') expect(waitAsked(new Headers(headers), NOW)).toBe(expected);
  });

  test('request ids of both providers, and nothing that is no id', () => {
    expect(requestId({ 'x-request-id': 'req_1' })).toBe('req_1');
    expect(requestId(new Headers({ 'request-id': 'req_2' }))).toBe('req_2');
    expect(requestId({ 'x-request-id': 'two words' })).toBeUndefined();
    expect(requestId({ 'x-request-id': 'x'.repeat(200) })).toBeUndefined();
  });

  test('whatever is thrown', () => {
    expect(stainlessError('text')).toEqual({ type: 'string' });
    expect(stainlessError(undefined)).toEqual({ type: 'undefined' });
    expect(stainlessError({})).toEqual({ type: 'Object' });
    expect(stainlessError(new TypeError('said by a user'))).toEqual({ type: 'TypeError' });
    expect(stainlessError(new DOMException('gone', 'AbortError'))).toEqual({ type: 'AbortError' });
    expect(stainlessError(Object.assign(new Error('x'), { code: 'a sentence that a user said', status: 'no' }))).toEqual({
      type: 'Error',
    });
    const cause = Object.assign(new Error('fetch failed'), {
      cause: new AggregateError([Object.assign(new Error('x'), { code: 'ECONNREFUSED' })]),
    });
    expect(stainlessError(Object.assign(new Error('x'), { cause }))).toEqual({ type: 'Error', code: 'ECONNREFUSED' });
  });

  test('an error answer that was only seen on the wire', () => {
    expect(answerError(429, { 'retry-after': '1' }, { error: { type: 'requests', code: 'rate_limit_exceeded' } })).toEqual({
      type: 'RateLimitError',
      code: 'rate_limit_exceeded',
      status: 429,
      retryAfterMs: 1000,
    });
    expect(answerError(529, {}, undefined)).toEqual({ type: 'InternalServerError', status: 529 });
    expect(answerError(418, {}, 'tea')).toEqual({ type: 'APIError', status: 418 });
  });
});
