import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { init, shutdown } from '../../src/client/init.ts';
import { classifyFailure } from '../../src/events/failure-class.ts';
import type { FailedEvent } from '../../src/events/failure-class.ts';
import type { SpanEvent } from '../../src/events/model.ts';
import { isKnownCode } from '../../src/events/custom-vocabulary.ts';
import { readRecording } from '../../src/recording/recording.ts';
import { recordTool } from '../../src/session/wrappers.ts';
import { startRun } from '../../src/session/runs.ts';
import { haveExchanges, SHARED } from '../providers/decode/wire-exchanges.ts';
import { loadDrivers, loadRecorded, outcomeOf } from '../scenarios/wire/drive.ts';
import { loadSdks } from './failure-sdks.ts';
import type { Answer } from './failure-sdks.ts';

const step = (type: string): object => ({ type: 'step', step: { seq: 1, type, attempt: 1 } });
const word = (failed: object): string => {
  const found = classifyFailure({ type: 'llm', threw: true, ...failed } as FailedEvent);
  if (found !== null) expect(isKnownCode('failure', found.type, found.code)).toBe(true);
  return found === null ? 'null' : `${found.type} ${found.code}`;
};

describe('S8 what codes say', () => {
  it.each<[string, object]>([
    // A model.
    ['model rate_limit', { error: { type: 'RateLimitError', status: 429 } }],
    ['model quota_exceeded', { error: { type: 'RateLimitError', status: 429, code: 'insufficient_quota' } }],
    ['model rate_limit', { error: { type: 'ThrottlingException' } }],
    ['model context_length_exceeded', { error: { type: 'BadRequestError', code: 'string_above_max_length', status: 400 } }],
    [
      'model context_length_exceeded',
      {
        error: { type: 'BadRequestError', status: 400, code: 'invalid_request_error' },
        said: 'prompt is too long: 9 tokens > 8 maximum',
      },
    ],
    [
      'model rate_limit',
      { error: { type: 'RateLimitError', status: 429 }, said: 'Request too large, too many tokens per minute' },
    ],
    [
      'model rate_limit',
      { error: { type: 'ApiError', status: 429, code: 'RESOURCE_EXHAUSTED' }, said: 'You exceeded your current quota' },
    ],
    ['model content_filter', { error: { type: 'ContentFilterFinishReasonError' } }],
    [
      'model content_filter',
      { error: { type: 'PermissionDeniedError', status: 403 }, said: 'Your input was flagged by moderation' },
    ],
    [
      'model auth_error',
      { error: { type: 'BadRequestError', status: 400, code: 'invalid-argument' }, said: 'Incorrect API key provided.' },
    ],
    ['model timeout', { error: { type: 'APIConnectionTimeoutError' } }],
    ['model timeout', { error: { type: 'APIConnectionError', code: 'UND_ERR_HEADERS_TIMEOUT' } }],
    ['model timeout', { error: { type: 'AbortError' }, words: ['AbortError', 'TimeoutError'] }],
    ['orchestration aborted', { error: { type: 'APIUserAbortError' } }],
    ['orchestration aborted', { error: { type: 'AbortError' } }],
    ['model connection_error', { error: { type: 'APIConnectionError', code: 'ECONNREFUSED' } }],
    ['model connection_error', { error: { type: 'TypeError' }, words: ['TypeError', 'Error', 'EAI_AGAIN'] }],
    ['model connection_error', { error: { type: 'APIConnectionError', code: 'ERR_TLS_CERT_ALTNAME_INVALID' } }],
    ['model connection_error', { error: { type: 'incomplete_stream' } }],
    ['model invalid_output', { error: { type: 'SyntaxError' } }],
    ['model invalid_output', { error: { type: 'AI_NoObjectGeneratedError' } }],
    ['model invalid_output', { error: { type: 'AI_TypeValidationError' } }],
    ['model invalid_output', { error: { type: 'ResponseValidationError', status: 200 } }],
    ['model api_error', { error: { type: 'SyntaxError' }, status: 502 }],
    ['model api_error', { error: { type: 'overloaded_error' } }],
    ['model api_error', { error: { type: 'failed' }, threw: false }],
    ['null', { error: { type: 'failed' } }],
    ['null', { error: { type: 'TypeError' } }],
    ['null', { error: { type: 'TypeError' }, threw: false }],
    ['null', { error: undefined }],
    ['model api_error', { error: { type: 'APIError', status: 418 } }],
    // A tool.
    ['tool connection_error', { type: 'tool', error: { type: 'Error', code: 'ECONNRESET' } }],
    ['tool timeout', { type: 'tool', error: { type: 'TimeoutError' } }],
    ['tool timeout', { type: 'tool', error: { type: 'AxiosError', code: 'ECONNABORTED' }, said: 'timeout of 1000ms exceeded' }],
    ['tool auth_error', { type: 'tool', error: { type: 'AxiosError', code: 'ERR_BAD_REQUEST' }, status: 401 }],
    ['tool api_error', { type: 'tool', error: { type: 'RequestError' }, status: 429 }],
    ['tool api_error', { type: 'tool', error: { type: 'ValidationException' }, status: 400 }],
    ['tool invalid_response', { type: 'tool', error: { type: 'SyntaxError' } }],
    ['tool schema_invalid', { type: 'tool', error: { type: 'ZodError' } }],
    ['tool schema_invalid', { type: 'tool', error: { type: 'McpError', code: '-32602' } }],
    ['tool timeout', { type: 'tool', error: { type: 'McpError', code: '-32001' } }],
    ['tool api_error', { type: 'tool', error: { type: 'tool_error' } }],
    ['model context_length_exceeded', { type: 'tool', error: { type: 'BadRequestError', code: 'context_length_exceeded' } }],
    ['null', { type: 'tool', error: { type: 'TypeError' }, said: 'prompt is too long' }],
    ['null', { type: 'tool', error: { type: 'Error', code: 'ENOENT' } }],
    // Steps by their type.
    ['tool connection_error', { ...step('tool'), error: { type: 'Error', code: 'ENOTFOUND' } }],
    ['retrieval connection_error', { ...step('retrieve'), error: { type: 'Error', code: 'ENOTFOUND' } }],
    ['retrieval timeout', { ...step('retrieve'), error: { type: 'TimeoutError' } }],
    ['retrieval invalid_query', { ...step('retrieve'), error: { type: 'ResponseError' }, status: 400 }],
    ['null', { ...step('retrieve'), error: { type: 'ResponseError' }, status: 500 }],
    ['model invalid_output', { ...step('respond'), error: { type: 'ZodError' } }],
    ['model rate_limit', { ...step('plan'), error: { type: 'Error' }, status: 429 }],
    ['null', { ...step('plan'), error: { type: 'Error', code: 'ECONNREFUSED' } }],
    ['null', { ...step('other'), error: { type: 'Error', code: 'ECONNREFUSED' } }],
    ['null', { ...step('constructor'), error: { type: 'ZodError' } }],
    ['orchestration aborted', { ...step('other'), error: { type: 'AbortError' } }],
    // Runs and what else the program does.
    ['orchestration constraint_violation', { type: 'agent', error: { type: 'MaxTurnsExceededError' } }],
    [
      'orchestration constraint_violation',
      { type: 'agent', error: { type: 'GraphRecursionError', code: 'GRAPH_RECURSION_LIMIT' } },
    ],
    ['orchestration constraint_violation', { type: 'agent', error: { type: 'error_max_turns' } }],
    ['orchestration invalid_state', { type: 'agent', error: { type: 'InvalidUpdateError' } }],
    ['orchestration max_retries_exceeded', { type: 'agent', error: { type: 'AI_RetryError' } }],
    ['null', { type: 'agent', error: { type: 'Error', status: 429 } }],
    ['null', { type: 'action', error: { type: 'Error', code: 'ECONNREFUSED' } }],
    ['model content_filter', { type: 'action', error: { type: 'BadRequestError', code: 'content_policy_violation' } }],
    ['null', { type: 'error', error: { type: 'TypeError' } }],
  ])('%s: %j', (expected, failed) => {
    expect(word(failed)).toBe(expected);
  });
});

/** A server that answers everything with one error. */
class Refuser {
  answer: Answer | 'hang' | undefined;
  readonly #server: Server = createServer((request, response) => {
    request.resume();
    if (this.answer === undefined || this.answer === 'hang') return;
    const { status, body, headers } = this.answer;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response
      .writeHead(status, { 'content-type': typeof body === 'string' ? 'text/html' : 'application/json', ...headers })
      .end(text);
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** An address at which nobody listens. `fetch` refuses the low ports itself. */
async function closedPort(): Promise<string> {
  const server = new Refuser();
  const url = await server.listen();
  await server.close();
  return url;
}

const autoOf = (event: SpanEvent | undefined): string =>
  (event?.notes ?? [])
    .map((note) => (note.kind === 'failure' && note.auto ? `${note.type} ${note.code}` : `? ${note.kind}`))
    .join() || 'null';

describe('S8 errors of the real SDKs', async () => {
  const sdks = await loadSdks();
  const refuser = new Refuser();
  const dir = mkdtempSync(join(tmpdir(), 'hindcast-class-'));
  let url: string;
  beforeAll(async () => {
    url = await refuser.listen();
  });
  afterAll(async () => {
    await shutdown();
    await refuser.close();
    rmSync(dir, { recursive: true, force: true });
  });

  /** The one LLM event that `call` leaves, and every event that failed. */
  async function eventsOf(call: () => Promise<unknown>): Promise<SpanEvent[]> {
    const folder = mkdtempSync(join(dir, 'r-'));
    init({ record: 'metadata', dir: folder, quiet: true });
    const thrown = await call().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(thrown).toBeDefined();
    await shutdown();
    const recordings = join(folder, 'recordings');
    const file = readdirSync(recordings).find((name) => name.endsWith('.jsonl'))!;
    return readRecording(join(recordings, file)).events;
  }

  it.each(sdks.map((sdk) => [sdk.name, sdk] as const))(
    '%s',
    async (_, { call, answers, timeout = 'model timeout' }) => {
      const wrong: unknown[] = [];
      const check = async (expected: string, what: unknown, make: () => Promise<unknown>): Promise<void> => {
        const events = await eventsOf(make);
        const llm = events.find(({ type }) => type === 'llm');
        // An error is one failure, however many events it goes up through.
        const all = events.map(autoOf).filter((found) => found !== 'null');
        if (autoOf(llm) !== expected || all.length !== 1) wrong.push([expected, autoOf(llm), all, what, llm?.error]);
        expect(JSON.stringify(events)).not.toContain('"said"');
      };
      for (const [code, list] of Object.entries(answers)) {
        for (const answer of list) {
          refuser.answer = answer;
          await check(`model ${code}`, answer, () => call(url, 5000));
        }
      }
      refuser.answer = 'hang';
      await check(timeout, 'hang', () => call(url, 60));
      await check('model connection_error', 'refused', async () => call(await closedPort(), 5000));
      expect(wrong).toEqual([]);
    },
    60_000,
  );

  it.skipIf(!haveExchanges)('recorded answers of real providers, none of which is in no class', { timeout: 60_000 }, async () => {
    const { startWireServer } = await import(join(SHARED, 'wire/serve.mjs'));
    const server = await startWireServer({ dir: join(SHARED, 'wire/open') });
    try {
      const drivers = await loadDrivers('latest');
      const found: Record<string, string> = {};
      for (const exchange of loadRecorded().filter(({ id, status }) => status >= 400 || id.includes('with-error'))) {
        const events = await eventsOf(async () => {
          const outcome = await outcomeOf(drivers, server.url, exchange);
          return Promise.reject(outcome.error ?? new Error(exchange.id));
        });
        found[exchange.id] = autoOf(events.find(({ type }) => type === 'llm'));
      }
      const ids = (code: string): string[] => Object.keys(found).filter((id) => found[id] === code);
      expect(Object.keys(found).length).toBeGreaterThan(35);
      expect(ids('null')).toEqual([]);
      expect(ids('model context_length_exceeded').map((id) => id.split('/')[0])).toEqual(['anthropic', 'cohere', 'perplexity']);
      expect(ids('model rate_limit').map((id) => id.split('/')[0])).toEqual(['openrouter']);
      expect(ids('model invalid_output').map((id) => id.split('/')[0])).toEqual(['groq']);
      for (const [id, code] of Object.entries(found))
        if (/error-40[13]|invalid-api-key|grok-4-1-fast|gemini-2-5-flash-raises/.test(id))
          expect([id, code]).toEqual([id, 'model auth_error']);
    } finally {
      await server.close();
    }
  });
});

describe('S8 errors of tools and steps', () => {
  it('are read from whatever was thrown, and from its causes', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'hindcast-class-'));
    const nobody = await closedPort();
    const refused = (): Promise<unknown> => fetch(nobody);
    const wrapped = (): Promise<unknown> => refused().catch((cause: unknown) => Promise.reject(new Error('wrapped', { cause })));
    const failing: Record<string, [() => unknown, string]> = {
      'fetch refused': [refused, 'tool connection_error'],
      'fetch refused, wrapped': [wrapped, 'tool connection_error'],
      'fetch timed out': [() => Promise.reject(AbortSignal.abort(new DOMException('x', 'TimeoutError')).reason), 'tool timeout'],
      'axios 403': [
        () => Promise.reject(Object.assign(new Error('x'), { name: 'AxiosError', response: { status: 403 } })),
        'tool auth_error',
      ],
      JSON: [() => JSON.parse('<html>'), 'tool invalid_response'],
      zod: [() => z.object({ a: z.number() }).parse({}), 'tool schema_invalid'],
      bug: [() => (undefined as any).x, 'null'],
      'a proxy that throws': [
        () => {
          throw new Proxy(new Error('x'), {
            get: () => {
              throw new Error('trap');
            },
          });
        },
        'null',
      ],
      text: [() => Promise.reject('ECONNREFUSED'), 'null'],
    };
    try {
      init({ record: 'metadata', dir, quiet: true });
      const run = startRun();
      for (const [name, [fn]] of Object.entries(failing)) await recordTool(name, async () => fn())().catch(() => {});
      await run.step('retrieve', 'docs', refused).catch(() => {});
      run.end();
      await shutdown();
      const file = readdirSync(join(dir, 'recordings')).find((name) => name.endsWith('.jsonl'))!;
      const { events } = readRecording(join(dir, 'recordings', file));
      expect(
        Object.fromEntries(events.filter(({ type }) => type === 'tool').map((event) => [event.tool!.name, autoOf(event)])),
      ).toEqual(Object.fromEntries(Object.entries(failing).map(([name, [, expected]]) => [name, expected])));
      expect(autoOf(events.find(({ type }) => type === 'step'))).toBe('retrieval connection_error');
    } finally {
      await shutdown();
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
