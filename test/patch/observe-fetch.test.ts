import { AsyncLocalStorage } from 'node:async_hooks';
import diagnosticsChannel from 'node:diagnostics_channel';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { watchFetches } from '../../src/patch/observe-fetch.ts';
import type { FetchedRequest } from '../../src/patch/observe-fetch.ts';
import { until } from '../../src/testing/contract/bench.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { StandIn } from '../../src/testing/stand-in.ts';

const scope = new AsyncLocalStorage<string>();
let server: StandIn;
let told: string[];
let unwatch: () => void;

/** Notes everything about the requests of code that runs as somebody. */
const listen = ({ method, url }: FetchedRequest) => {
  const who = scope.getStore();
  if (who === undefined) return null;
  told.push(`${who} ${method} ${new URL(url).pathname}`);
  return {
    head: (status: number, headers: Iterable<readonly [string, string]>) => {
      told.push(`${who} ${status} ${new Map(headers).get('x-is')}`);
    },
    end: (how: string, error?: any) => told.push(`${who} ${how}${error === undefined ? '' : ` ${error.code ?? error.name}`}`),
  };
};

beforeEach(async () => {
  told = [];
  unwatch = watchFetches(listen);
  server = await startStandIn(async ({ path }) => {
    if (path === '/hang') return { pieces: ['a'], after: 'hang' };
    if (path === '/reset') return { pieces: ['a'], after: 'reset' };
    await setTimeout(path.length);
    return { headers: { 'x-is': path }, body: { ok: true } };
  });
});
afterEach(async () => {
  unwatch();
  await server.close();
});

const as = (who: string, path: string, init: RequestInit = {}): Promise<string> =>
  scope.run(who, async () => (await fetch(server.url + path, init)).text());

describe('what fetch sends', () => {
  test('is told in the scope of its sender', async () => {
    await Promise.all([as('a', '/aaaaa', { method: 'POST', body: '{}' }), as('b', '/b'), fetch(`${server.url}/nobody`)]);
    expect(told.filter((line) => line.startsWith('a'))).toEqual(['a POST /aaaaa', 'a 200 /aaaaa', 'a unread']);
    expect(told.filter((line) => line.startsWith('b'))).toEqual(['b GET /b', 'b 200 /b', 'b unread']);
    expect(told).toHaveLength(6);
  });

  test('its failures: a reset, an abort', async () => {
    await expect(as('a', '/reset')).rejects.toThrow();
    const abort = new AbortController();
    const hanging = as('b', '/hang', { signal: abort.signal });
    await until(() => told.some((line) => line.startsWith('b 200')), 'the head');
    abort.abort();
    await expect(hanging).rejects.toThrow();
    expect(told.filter((line) => line.startsWith('a')).at(-1)).toMatch(/^a error /);
    expect(told.at(-1)).toMatch(/^b cancelled/);
  });

  test('is told of as long as somebody wants it told, and once', async () => {
    const name = 'undici:request:create';
    const second = watchFetches(listen);
    await as('a', '/a');
    expect(told).toHaveLength(3);
    second();
    second();
    await as('a', '/a');
    expect(told).toHaveLength(6);
    unwatch();
    expect(diagnosticsChannel.channel(name).hasSubscribers).toBe(false);
    await as('a', '/a');
    expect(told).toHaveLength(6);
    unwatch = watchFetches(listen);
    await as('a', '/a');
    expect(told).toHaveLength(9);
  });
});
