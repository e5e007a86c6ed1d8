import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const require = createRequire(import.meta.url);
const MANAGER = require.resolve('@opentelemetry/context-async-hooks');
/** The one that the published packages use among themselves. */
const published = createRequire(require.resolve('otlp-transformer-0-215'));
const CORE = published.resolve('@opentelemetry/core');
const APIS = { '1.9.1': require.resolve('@opentelemetry/api'), '1.10.0': require.resolve('opentelemetry-api-1-10') };
const OURS = join(import.meta.dirname, '../../src/otel/app-context.ts');

/** Runs a program of its own: an API registers itself for the whole process. */
function run(api: string, body: string): unknown {
  const program = `
    import { createRequire } from 'node:module';
    const require = createRequire(${JSON.stringify(import.meta.filename)});
    const { activeSpanContext, withoutAppTracing } = await import(${JSON.stringify(OURS)});
    const api = ${api === 'none' ? 'null' : `require(${JSON.stringify(api)})`};
    const { AsyncLocalStorageContextManager } = require(${JSON.stringify(MANAGER)});
    ${body}
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    timeout: 30_000,
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

const CONTEXT = `{ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 }`;

describe.each(Object.entries(APIS))('T2 an app with OpenTelemetry API %s', (version, api) => {
  it('is the version that it says', () => {
    expect(
      run(
        api,
        `console.log(JSON.stringify(globalThis[Symbol.for('opentelemetry.js.api.1')]?.version ?? (api.diag.setLogger({}), globalThis[Symbol.for('opentelemetry.js.api.1')].version)))`,
      ),
    ).toBe(version);
  });

  it('tells the active span, through async work, and none outside', () => {
    const seen = run(
      api,
      `
      const before = activeSpanContext();
      api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
      const outside = activeSpanContext();
      const inside = await api.context.with(api.trace.setSpan(api.context.active(), api.trace.wrapSpanContext(${CONTEXT})), async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        return activeSpanContext();
      });
      const unsampled = api.context.with(api.trace.setSpan(api.context.active(), api.trace.wrapSpanContext({ ...${CONTEXT}, traceFlags: 0 })), () => activeSpanContext());
      const invalid = api.context.with(api.trace.setSpan(api.context.active(), api.trace.wrapSpanContext({ ...${CONTEXT}, traceId: '0'.repeat(32) })), () => activeSpanContext());
      console.log(JSON.stringify({ before, outside, inside, unsampled, invalid, after: activeSpanContext() }));
      `,
    );
    const found = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', sampled: true };
    expect(seen).toEqual({
      before: null,
      outside: null,
      inside: found,
      unsampled: { ...found, sampled: false },
      invalid: null,
      after: null,
    });
  });

  it('is told to make no spans of our requests, and only of ours', () => {
    const seen = run(
      api,
      `
      api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
      const { isTracingSuppressed } = require(${JSON.stringify(CORE)});
      const suppressed = () => isTracingSuppressed(api.context.active());
      console.log(JSON.stringify([suppressed(), withoutAppTracing(suppressed), await withoutAppTracing(async () => (await null, suppressed())), suppressed()]));
      `,
    );
    expect(seen).toEqual([false, true, true, false]);
  });
});

describe('T2 an app without OpenTelemetry', () => {
  it('has no active span', () => {
    expect(run('none', `console.log(JSON.stringify([activeSpanContext(), withoutAppTracing(() => 7)]))`)).toEqual([null, 7]);
  });

  it('may have something odd under the symbol', () => {
    const seen = run(
      'none',
      `
      const key = Symbol.for('opentelemetry.js.api.1');
      const results = [];
      for (const odd of [{}, { context: {} }, { context: { active: () => null } }, { context: { active() { throw new Error('odd'); } } }]) {
        globalThis[key] = odd;
        results.push(activeSpanContext(), withoutAppTracing(() => 7));
      }
      console.log(JSON.stringify(results));
      `,
    );
    expect(seen).toEqual([null, 7, null, 7, null, 7, null, 7]);
  });
});
