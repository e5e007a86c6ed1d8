import { describe, expect, test } from 'vitest';
import { gatewayOf, providerOf, providerOfClient } from '../../src/providers/hosts.ts';

describe('P1 who really answers', () => {
  test.each([
    ['https://api.openai.com/v1', 'openai', 'api.openai.com', 443],
    ['https://openrouter.ai/api/v1', 'openrouter', 'openrouter.ai', 443],
    ['https://api.groq.com/openai/v1', 'groq', 'api.groq.com', 443],
    ['https://api.mistral.ai/v1', 'mistral_ai', 'api.mistral.ai', 443],
    ['https://api.deepseek.com', 'deepseek', 'api.deepseek.com', 443],
    ['https://api.x.ai/v1', 'x_ai', 'api.x.ai', 443],
    ['https://mine.openai.azure.com/openai', 'azure.ai.openai', 'mine.openai.azure.com', 443],
    ['http://localhost:11434/v1', 'ollama', 'localhost', 11434],
    ['http://127.0.0.1:11434', 'ollama', '127.0.0.1', 11434],
    ['http://[::1]:8080', 'given', '::1', 8080],
    ['http://gateway.internal/v1', 'given', 'gateway.internal', 80],
    ['https://api.openai.com.evil.example', 'given', 'api.openai.com.evil.example', 443],
    ['https://notopenai.azure.com', 'given', 'notopenai.azure.com', 443],
  ])('%s', (url, provider, address, port) => {
    expect(providerOf(url, 'given')).toEqual({ provider, server: { address, port } });
    expect(providerOf(url, 'given')).toEqual({ provider, server: { address, port } });
  });

  test('what is no URL says nothing', () => {
    for (const url of ['nonsense', '', undefined, 7, null]) expect(providerOf(url, 'given')).toEqual({ provider: 'given' });
  });

  test('the class of the client says it before the host does', () => {
    class AzureOpenAI {
      baseURL = 'http://127.0.0.1:9/openai';
    }
    expect(providerOfClient(new AzureOpenAI(), 'openai')).toEqual({
      provider: 'azure.ai.openai',
      server: { address: '127.0.0.1', port: 9 },
    });
    expect(providerOfClient(undefined, 'openai')).toEqual({ provider: 'openai' });
    expect(providerOfClient({ constructor: { name: 'toString' } }, 'openai')).toEqual({ provider: 'openai' });
  });

  test('gateways', () => {
    expect(gatewayOf(new Headers({ 'x-litellm-call-id': '1' }))).toBe('litellm');
    expect(gatewayOf({ server: 'x' })).toBeUndefined();
  });
});
