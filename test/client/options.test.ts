import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OPTIONS } from '../../src/client/options.ts';
import type { Options, Values } from '../../src/client/options.ts';
import { renderOptionsSchema } from '../../src/client/options-schema.ts';
import { renderOptionsTable } from '../../src/client/options-table.ts';
import { CONFIG_FILE, recordMode, resolveOptions, showValue } from '../../src/client/resolve.ts';

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hindcast-options-'));
  mkdirSync(join(root, '.hindcast'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const file = (data: unknown): void =>
  writeFileSync(join(root, CONFIG_FILE), typeof data === 'string' ? data : JSON.stringify(data));
const resolved = (given: Options = {}, env: Record<string, string> = {}) => resolveOptions(given, env, root);

describe('C3 precedence', () => {
  it('is defaults < file < environment < code, for each pair', () => {
    expect(resolved()).toMatchObject({
      values: { tags: [], exitTimeoutMs: 1500 },
      origins: { exitTimeoutMs: 'default' },
      problems: [],
    });
    file({ exitTimeoutMs: 100, agent: { name: 'from-file' } });
    const env = { HINDCAST_EXIT_TIMEOUT_MS: '200', HINDCAST_AGENT_ID: 'from-env' };
    expect(resolved()).toMatchObject({ values: { exitTimeoutMs: 100 }, origins: { exitTimeoutMs: join(root, CONFIG_FILE) } });
    expect(resolved({}, env)).toMatchObject({
      values: { exitTimeoutMs: 200, agent: { id: 'from-env', name: 'from-file' } },
      origins: {
        exitTimeoutMs: 'HINDCAST_EXIT_TIMEOUT_MS',
        'agent.id': 'HINDCAST_AGENT_ID',
        'agent.name': join(root, CONFIG_FILE),
      },
    });
    expect(resolved({ exitTimeoutMs: 300 }, env)).toMatchObject({
      values: { exitTimeoutMs: 300 },
      origins: { exitTimeoutMs: 'init()' },
    });
    rmSync(join(root, CONFIG_FILE));
    expect(resolved({ exitTimeoutMs: 300 }, env).values.exitTimeoutMs).toBe(300);
    expect(resolved({}, env).values.exitTimeoutMs).toBe(200);
  });

  it('finds the file and the folder from any directory below the project', () => {
    file({ service: 'shop', dir: 'kept' });
    const below = join(root, 'a/b');
    mkdirSync(below, { recursive: true });
    expect(resolveOptions({}, {}, below).values).toMatchObject({ service: 'shop', dir: join(root, 'kept') });
    expect(resolveOptions({ dir: 'here' }, {}, below).values.dir).toBe(join(below, 'here'));
    rmSync(join(root, CONFIG_FILE));
    expect(resolveOptions({}, {}, below).values.dir).toBe(join(root, '.hindcast'));
  });
});

describe('C4 environment', () => {
  /** A good text for each variable, and what it comes to. */
  const EXAMPLES: Record<string, [text: string, value: unknown]> = {
    HINDCAST_ENABLED: ['no', false],
    OTEL_SDK_DISABLED: ['true', false],
    HINDCAST_RECORD: ['Metadata', 'metadata'],
    HINDCAST_REPLAYABLE: ['on', 'on'],
    HINDCAST_DIR: ['/tmp/x', '/tmp/x'],
    HINDCAST_ENDPOINT: ['http://c:4318', 'http://c:4318/v1/traces'],
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ['https://c/custom?x=1', 'https://c/custom?x=1'],
    OTEL_EXPORTER_OTLP_ENDPOINT: ['http://c:4318/base/', 'http://c:4318/base/v1/traces'],
    HINDCAST_HEADERS: ['a=1,b=two%20words', { a: '1', b: 'two words' }],
    HINDCAST_CAPTURE_CONTENT: ['1', true],
    OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: ['SPAN_AND_EVENT', true],
    HINDCAST_AGENT_ID: ['i', 'i'],
    HINDCAST_AGENT_NAME: ['n', 'n'],
    HINDCAST_AGENT_VERSION: ['v', 'v'],
    HINDCAST_ENVIRONMENT: ['staging', 'staging'],
    NODE_ENV: ['test', 'test'],
    HINDCAST_SERVICE: ['s', 's'],
    OTEL_SERVICE_NAME: ['s', 's'],
    HINDCAST_TAGS: ['a, b,', ['a', 'b']],
    HINDCAST_SESSION_ID: ['s-1', 's-1'],
    HINDCAST_SESSION_NAME: ['nightly', 'nightly'],
    HINDCAST_PARENT_SESSION: ['s-0', 's-0'],
    HINDCAST_TRACEPARENT: [TRACEPARENT, TRACEPARENT],
    TRACEPARENT: [TRACEPARENT, TRACEPARENT],
    HINDCAST_AUTO_START: ['0', false],
    HINDCAST_AUTO_END: ['off', false],
    HINDCAST_CAPTURE_LOGS: ['ALL', 'all'],
    HINDCAST_HOST_INFO: ['off', 'off'],
    HINDCAST_LOG_FILE: ['/tmp/x.log', '/tmp/x.log'],
    HINDCAST_SEMCONV: ['1.41', '1.41'],
    HINDCAST_NATIVE_SPANS: ['native', 'native'],
    HINDCAST_PROPAGATE_CONTEXT: ['false', false],
    HINDCAST_EXIT_TIMEOUT_MS: ['5', 5],
    HINDCAST_EXPORT_TIMEOUT_MS: ['5', 5],
    OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: ['6', 6],
    OTEL_EXPORTER_OTLP_TIMEOUT: ['7', 7],
    HINDCAST_FLUSH_INTERVAL_MS: ['50', 50],
    HINDCAST_DISK_BUDGET_MB: ['512', 512],
    HINDCAST_KEEP_DAYS: ['30', 30],
    HINDCAST_QUIET: ['on', true],
    HINDCAST_LOG_LEVEL: ['debug', 'debug'],
    HINDCAST_PRICES: ['{"M":{"input":1}}', { m: { input: 1 } }],
  };

  it('sets every option that has a variable', () => {
    const variables = OPTIONS.flatMap((option) =>
      option.env.filter((variable) => !variable.only).map(({ name }) => ({ option, name })),
    );
    expect(variables.map(({ name }) => name).toSorted()).toEqual(Object.keys(EXAMPLES).toSorted());
    for (const { option, name } of variables) {
      const [text, value] = EXAMPLES[name]!;
      const { values, origins, problems } = resolved({}, { [name]: text });
      const got = option.name.split('.').reduce<unknown>((of, key) => (of as Record<string, unknown>)[key], values);
      expect(got, name).toEqual(value);
      expect([origins[option.name], problems], name).toEqual([name, []]);
    }
  });

  it('sends the headers of OTEL variables only to an endpoint of OTEL variables', () => {
    const headers = { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20x' };
    expect(resolved({}, { ...headers, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' }).values.headers).toEqual({
      authorization: 'Bearer x',
    });
    expect(resolved({}, { ...headers, HINDCAST_ENDPOINT: 'http://other' }).values.headers).toEqual({});
    expect(
      resolved({ endpoint: 'http://other' }, { ...headers, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' }).values.headers,
    ).toEqual({});
  });

  it.each([
    ['true', true],
    ['false', false],
    ['SPAN_ONLY', true],
    ['span_and_event', true],
    ['NO_CONTENT', false],
    ['EVENT_ONLY', false],
  ])('knows the capture spelling %s', (word, value) => {
    expect(resolved({}, { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: word }).values.captureContent).toBe(value);
  });

  it('does not post to an endpoint that is set to gRPC', () => {
    const { values, problems } = resolved(
      {},
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    );
    expect(values.endpoint).toBeUndefined();
    expect(problems).toHaveLength(1);
  });
});

describe('values that cannot be used', () => {
  it.each<[string, Options, Record<string, string>, keyof Values, unknown, RegExp]>([
    [
      'a word',
      { record: 'everything' as never },
      {},
      'record',
      'auto',
      /record in init\(\) must be one of auto, full, metadata, off/,
    ],
    [
      'a number',
      {},
      { HINDCAST_EXIT_TIMEOUT_MS: 'soon' },
      'exitTimeoutMs',
      1500,
      /HINDCAST_EXIT_TIMEOUT_MS must be milliseconds from 0/,
    ],
    ['a boolean', {}, { HINDCAST_QUIET: 'maybe' }, 'quiet', false, /true or false/],
    ['a URL', { endpoint: 'collector:4318' }, {}, 'endpoint', undefined, /an http:\/\/ or https:\/\/ URL/],
    ['headers', { headers: { 'bad name': 'x' } }, {}, 'headers', {}, /header names/],
    ['a header value with a line break', { headers: { a: 'x\r\ny: z' } }, {}, 'headers', {}, /header names/],
    ['prices', { prices: { m: { input: '1' as never } } }, {}, 'prices', undefined, /US dollars/],
  ])('are said in one line and passed over: %s', (_name, given, env, option, value, said) => {
    const { values, problems } = resolved(given, env);
    expect(values[option]).toEqual(value);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(said);
    expect(problems[0]).not.toContain('\n');
  });

  it('leave the next source its turn', () => {
    file({ exitTimeoutMs: 100 });
    expect(resolved({}, { HINDCAST_EXIT_TIMEOUT_MS: '-4' }).values.exitTimeoutMs).toBe(100);
  });

  it('say so of a file that is no JSON object, and of unknown options', () => {
    file('{');
    expect(resolved().problems).toEqual([expect.stringContaining('must be a JSON object')]);
    file({ recrod: 'full', agent: { nmae: 'x' }, $schema: 'x' });
    expect(resolved({ nonsense: 1 } as never).problems).toEqual([
      expect.stringContaining('"nonsense"'),
      expect.stringContaining('"recrod"'),
      expect.stringContaining('"agent.nmae"'),
    ]);
  });

  it('never show credentials', () => {
    const { values } = resolved({ headers: { authorization: 'SECRET' }, endpoint: 'http://u:SECRET@c' });
    expect(OPTIONS.map((option) => showValue(option, values)).join()).not.toContain('SECRET');
  });
});

describe('V1 modes', () => {
  it('are full in development, and metadata in production', () => {
    expect(recordMode({ record: 'auto' }, {})).toBe('full');
    expect(recordMode({ record: 'auto' }, { NODE_ENV: 'production' })).toBe('metadata');
    expect(recordMode({ record: 'full' }, { NODE_ENV: 'production' })).toBe('full');
    expect(recordMode({ record: 'off' }, {})).toBe('off');
  });

  it('say that content cannot be exported from recordings without content', () => {
    expect(resolved({ captureContent: true }, { NODE_ENV: 'production' }).problems).toEqual([
      expect.stringContaining('captureContent'),
    ]);
  });
});

describe('the one table', () => {
  const client = join(import.meta.dirname, '../../src/client');
  const source = readdirSync(client)
    .filter((name) => !['options.ts', 'options-schema.ts', 'options-table.ts', 'parse.ts'].includes(name))
    .map((name) => readFileSync(join(client, name), 'utf8'))
    .join('\n');

  it('holds no option that nothing reads', () => {
    for (const { name } of OPTIONS) expect(source, name).toMatch(new RegExp(`\\b${name.split('.')[0]}\\b`));
  });

  it('is the schema of docs/config.schema.json', () => {
    const doc = readFileSync(join(import.meta.dirname, '../../docs/config.schema.json'), 'utf8');
    expect(JSON.parse(doc)).toEqual(JSON.parse(renderOptionsSchema()));
  });

  it('is the table of docs/configuration.md', () => {
    const doc = readFileSync(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8');
    expect(doc).toContain(`\n${renderOptionsTable()}\n\n`);
  });
});
