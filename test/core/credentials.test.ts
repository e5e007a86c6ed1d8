import { describe, expect, it } from 'vitest';
import { redactHeaders, redactUrl } from '../../src/core/credentials.ts';

const valueOf = (name: string, value = 'v1-plain'): string => redactHeaders([[name, value]])[0]![1];

describe('R1 credentials stay out of the recording', () => {
  it.each([
    'authorization',
    'Authorization',
    'Proxy-Authorization',
    'x-api-key',
    'api-key',
    'apikey',
    'X-Goog-Api-Key',
    'cookie',
    'Set-Cookie',
    'x-amz-security-token',
    'ocp-apim-subscription-key',
    'x-client-secret',
    'x-auth-token',
    'X-AccessToken',
    'x-vault-password',
    'x-hub-signature',
  ])('replaces the value of %s', (name) => {
    expect(redactHeaders([[name, 'v1-plain']])).toEqual([[name, '<redacted>']]);
  });

  it.each([
    'content-type',
    'x-request-id',
    'x-ratelimit-remaining-tokens',
    'anthropic-ratelimit-tokens-reset',
    'idempotency-key',
    'retry-after',
    'openai-organization',
  ])('keeps %s', (name) => {
    expect(valueOf(name)).toBe('v1-plain');
  });

  it('knows a credential by its look, whatever the header is called', () => {
    expect(valueOf('x-upstream', 'Bearer abc.def')).toBe('<redacted>');
    expect(valueOf('x-upstream', 'sk-ant-api03-abcdefghijkl')).toBe('<redacted>');
    expect(valueOf('x-upstream', 'basically fine')).toBe('basically fine');
  });

  it('takes any iterable of pairs', () => {
    expect(redactHeaders(new Headers({ 'x-api-key': 'k', accept: 'a' }))).toEqual([
      ['accept', 'a'],
      ['x-api-key', '<redacted>'],
    ]);
  });

  it.each([
    ['https://api.openai.com/v1/chat/completions', 'https://api.openai.com/v1/chat/completions'],
    ['https://u:p@host:8443/v1?a=1', 'https://<redacted>@host:8443/v1?a=1'],
    ['https://host/m:generate?alt=sse&key=AIzaSecret', 'https://host/m:generate?alt=sse&key=<redacted>'],
    [
      'https://host/?X-Amz-Signature=abc&X-Amz-Date=1&x-amz-security-token=t',
      'https://host/?X-Amz-Signature=<redacted>&X-Amz-Date=1&x-amz-security-token=<redacted>',
    ],
    ['https://host/?sig=a%2Bb&sv=2020', 'https://host/?sig=<redacted>&sv=2020'],
    ['https://host/?api%5Fkey=abc', 'https://host/?api%5Fkey=<redacted>'],
    ['https://host/?access_token=x#id_token=y', 'https://host/?access_token=<redacted>#id_token=<redacted>'],
    ['https://host/a@b?max_tokens=5&q=a%zz', 'https://host/a@b?max_tokens=5&q=a%zz'],
    ['/relative?token=abc', '/relative?token=<redacted>'],
    ['', ''],
  ])('cleans %s', (url, clean) => {
    expect(redactUrl(url)).toBe(clean);
  });
});
