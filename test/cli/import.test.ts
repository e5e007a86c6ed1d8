/** `import`: recordings, AgentTrace files and OTLP, sound and unsound, and the way there and back. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SpanEvent } from '../../src/events/model.ts';
import { listRecordings, readRecording, type Recording } from '../../src/recording/recording.ts';
import { verifyRecording } from '../../src/recording/verify.ts';
import { exchangeIn, logIn, STATS } from '../recording/support.ts';
import { hindcast, newFolder } from './process.ts';
import { idOf, writeAgent, WrittenRecording } from './written.ts';

let folder: string;
let there: string;
let here: string;

beforeEach(() => {
  folder = newFolder();
  there = join(folder, 'there/.hindcast');
  here = join(folder, 'here');
  mkdirSync(here, { recursive: true });
  mkdirSync(there, { recursive: true });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]) => hindcast(['import', '--dir', join(here, '.hindcast'), ...args], { cwd: here });
const recordings = (): string => join(here, '.hindcast/recordings');
const files = (): string[] => (existsSync(recordings()) ? readdirSync(recordings()).sort() : []);
const imported = (): Recording[] => listRecordings(recordings()).map(({ path }) => readRecording(path));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

describe('R12 a recording', () => {
  test('is copied byte for byte, with its bodies, and never exported', async () => {
    const log = logIn(join(there, 'recordings'), { id: 'ses_blobs' });
    log.event({ id: idOf(1), trace: 'a'.repeat(32), type: 'llm', name: 'chat m', start: 1, end: 2, status: 'ok' });
    exchangeIn(log, 'x'.repeat(20_000), ['y'.repeat(20_000)], idOf(1));
    log.end({ state: 'success', reason: 'ended', stats: STATS });
    const { stdout, stderr, code } = await run(log.path);
    expect([stdout, stderr, code]).toEqual([expect.stringMatching(/^✓ ses_blobs {2}\d+ lines\n$/), '', 0]);
    expect(files()).toEqual(['ses_blobs.blobs', 'ses_blobs.jsonl']);
    for (const name of files()) {
      expect(readFileSync(join(recordings(), name)).equals(readFileSync(join(there, 'recordings', name)))).toBe(true);
      expect(statSync(join(recordings(), name)).mode & 0o777).toBe(0o600);
    }
    expect(imported()[0]?.exchanges.get(1)?.requestText()).toBe('x'.repeat(20_000));
    expect((await run(log.path)).stdout).toBe('✓ ses_blobs  already there\n');
    expect(files()).toHaveLength(2);
    expect(readFileSync(join(here, '.hindcast/.gitignore'), 'utf8')).toBe('*\n');
  });

  test('of a taken id gets the name that the writer would give it; one of a killed process stays one', async () => {
    const ours = writeAgent(join(here, '.hindcast'));
    const theirs = writeAgent(there, ours.id, { name: 'another' });
    expect((await run(theirs.path)).stdout).toMatch(/^✓ ses_aaaa00000001\.2 /);
    const crashed = new WrittenRecording(there, 'ses_bbbb00000002').open(idOf(1), 5, 'chat m');
    writeFileSync(crashed.path, '{"s":2,"k":"ev', { flag: 'a' });
    expect((await run(crashed.path)).code).toBe(0);
    expect(files()).toEqual(['ses_aaaa00000001.2.jsonl', 'ses_aaaa00000001.jsonl', 'ses_bbbb00000002.jsonl']);
    expect(verifyRecording(join(recordings(), 'ses_bbbb00000002.jsonl'))).toMatchObject({ state: 'crashed', lines: 2 });
  });

  test('that is damaged or being recorded is refused, and does not stop the others', async () => {
    const damaged = writeAgent(there, 'ses_dddd00000004');
    const bytes = readFileSync(damaged.path);
    bytes[400] = (bytes[400] as number) ^ 1;
    writeFileSync(damaged.path, bytes);
    const live = new WrittenRecording(there, 'ses_eeee00000005', { epoch: Date.now() * 1000, pid: process.pid });
    const sound = writeAgent(there, 'ses_ffff00000006');
    const { stdout, stderr, code } = await run(damaged.path, live.path, join(folder, 'nowhere'), sound.path);
    expect(stdout.split('\n').map((line) => line[0])).toEqual(['✗', '✗', '✗', '✓', undefined]);
    expect(stderr).toMatch(/line \d: the line does not match its checksum[^]*hindcast repair/);
    expect(stderr).toContain('is being recorded');
    expect(stderr).toContain('is not there');
    expect([code, files()]).toEqual([1, ['ses_ffff00000006.jsonl']]);
  });
});

/** What has to come back. */
function essence({ events, header }: Recording): unknown[] {
  const zero = Math.min(...events.map(({ start }) => start));
  return events
    .map((event: SpanEvent) => ({
      ...{ id: event.id, parent: event.parent, type: event.type, status: event.status, tool: event.tool, cost: event.cost },
      ...{ run: event.run, runId: event.runId, step: event.step },
      ...{ start: event.start - zero, end: event.end - zero, error: event.error },
      ...{ model: event.llm?.request.model, usage: event.llm?.usage, provider: event.llm?.provider, api: event.llm?.api },
      // How long the last one took is not on the wire.
      ...{
        attempts: event.attempts?.map(({ status, us }, at, all) => [status, at < all.length - 1 && us]),
        answered: event.llm?.response?.model,
      },
      notes: event.notes?.map(({ at, ...note }) => ({ ...note, at: at - zero })),
      agent: (event.agent ?? header.agent)?.version,
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

describe('OTLP', () => {
  test('there and back: the same tree, tokens, cost and failures', async () => {
    const original = writeAgent(there);
    const failed = new WrittenRecording(there, 'ses_bbbb00000002').event({
      ...{ id: idOf(7), type: 'llm', name: 'chat m', start: 5000, end: 9000, status: 'error' },
      error: { type: 'RateLimitError', code: 'rate_limit_exceeded', status: 429, requestId: 'req_1', retryAfterMs: 20 },
      llm: { operation: 'chat', provider: 'anthropic', api: 'messages', request: { model: 'claude', maxTokens: 5 } },
      notes: [{ kind: 'failure', at: 8000, type: 'model', code: 'rate_limit', content: { message: 'too fast' } }],
    });
    const run1 = idOf(20);
    const trace = 'a'.repeat(32);
    const steps = new WrittenRecording(there, 'ses_cccc00000003', { agent: { id: 'bot', name: 'bot', version: '2' } });
    for (const [n, attempt] of [
      [1, 1],
      [2, 2],
    ] as const)
      steps.event({
        ...{
          id: idOf(20 + n),
          trace,
          parent: run1,
          runId: run1,
          type: 'step',
          name: 'look up',
          start: n * 1000,
          end: n * 1000 + 500,
        },
        ...{ status: attempt === 1 ? 'error' : 'ok', ...(attempt === 1 && { error: { type: 'Oops' } }) },
        step: { seq: n, type: 'retrieve', attempt, ...(attempt === 2 && { retryOf: idOf(21) }) },
      });
    steps.event({
      ...{ id: run1, trace, type: 'agent', name: 'bot', start: 0, end: 3000 },
      run: { status: 'partial', reason: 'ended', environment: 'prod', steps: 2, retries: 1, errors: 1 },
    });
    const out = join(folder, 'out.json');
    for (const content of [[], ['--content']]) {
      rmSync(join(here, '.hindcast'), { recursive: true, force: true });
      const args = ['export', '--all', '--format', 'otlp', '-o', out, '--force', ...content];
      expect(await hindcast(args, { cwd: join(folder, 'there') })).toMatchObject({ code: 0 });
      expect(await run(out)).toMatchObject({ code: 0, stderr: '' });
      for (const path of [original.path, failed.path, steps.path]) {
        const before = readRecording(path);
        const after = imported().find(({ header }) => header.id === before.header.id)!;
        const expected = essence(before).map((event: any) =>
          content.length > 0 ? event : { ...event, notes: event.notes?.map(({ content: _said, ...note }: any) => note) },
        );
        expect(essence(after)).toEqual(expected);
        expect(verifyRecording(join(recordings(), `${before.header.id}.jsonl`))).toMatchObject({ state: 'ended', problems: [] });
      }
      const stats = imported().find(({ header }) => header.id === original.id)!.end!.stats;
      expect(stats).toMatchObject({
        llm: 1,
        tools: 1,
        errors: 1,
        retries: 2,
        tokens: { input: 212, output: 18 },
        cost: { usd: 0.0001136 },
      });
    }
    // What was said is there again too.
    const again = await hindcast(['export', 'ses_aaaa', '--content'], { cwd: here });
    expect(JSON.parse(again.stdout).sessions[0].events[1].messages.input[0].parts).toEqual([
      { type: 'text', content: 'Where is it?' },
    ]);
    expect((await run(out)).stdout).toMatch(/(.*already there\n){3}$/);
    expect(files().some((name) => name.endsWith('.cursor'))).toBe(false);
  });

  const attribute = (key: string, value: unknown) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : typeof value === 'string' ? { stringValue: value } : value,
  });
  const span = (id: number, name: string, facts: object, attributes: Record<string, unknown> = {}) => ({
    ...{ traceId: 'c'.repeat(32), spanId: idOf(id), name, kind: 3 },
    ...{ startTimeUnixNano: `17723664000000${id}0000`, endTimeUnixNano: `17723664010000${id}0000` },
    attributes: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
    ...facts,
  });
  const document = (spans: object[], resource: Record<string, unknown> = {}) => ({
    resourceSpans: [
      {
        resource: { attributes: Object.entries(resource).map(([key, value]) => attribute(key, value)) },
        scopeSpans: [{ spans }],
      },
    ],
  });

  test('of another exporter: runs, calls, tools, and words of earlier conventions', async () => {
    const spans = [
      span(
        1,
        'invoke_agent helper',
        { status: { code: 'STATUS_CODE_ERROR' } },
        { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'helper' },
      ),
      span(
        2,
        'chat m',
        { parentSpanId: idOf(1) },
        {
          ...{ 'gen_ai.operation.name': 'chat', 'gen_ai.system': 'openai', 'gen_ai.request.model': 'm' },
          ...{ 'gen_ai.usage.prompt_tokens': 11, 'gen_ai.usage.completion_tokens': 5, 'my.own': 'kept' },
          'gen_ai.request.temperature': { doubleValue: 0.5 },
          'gen_ai.response.finish_reasons': { arrayValue: { values: [{ stringValue: 'stop' }] } },
        },
      ),
      span(
        3,
        'execute_tool find',
        { parentSpanId: idOf(1) },
        { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'find' },
      ),
      span(4, 'GET /', { parentSpanId: idOf(2) }),
    ];
    const text = JSON.stringify(document(spans, { 'service.name': 'shop', 'deployment.environment': 'prod' }));
    expect(await run(file('traces.json', text))).toMatchObject({ code: 0, stdout: `✓ trace_${'c'.repeat(32)}  4 events\n` });
    const [recording] = imported();
    expect(recording!.header).toMatchObject({ service: 'shop', environment: 'prod', agent: { name: 'helper' } });
    expect(recording!.end).toMatchObject({ state: 'failure' });
    const events = new Map(recording!.events.map((event) => [event.id, event]));
    expect(events.get(idOf(1))).toMatchObject({ type: 'agent', start: 0, run: { status: 'failure', errors: 0 } });
    expect(events.get(idOf(2))).toMatchObject({
      ...{ type: 'llm', runId: idOf(1), attributes: { 'my.own': 'kept' } },
      llm: {
        ...{ operation: 'chat', provider: 'openai', usage: { input: 11, output: 5 } },
        ...{ request: { model: 'm', temperature: 0.5 }, response: { finishReasons: ['stop'] } },
      },
    });
    expect(events.get(idOf(3))).toMatchObject({ type: 'tool', tool: { name: 'find' }, runId: idOf(1) });
    expect(events.get(idOf(4))).toMatchObject({ type: 'span', name: 'GET /', parent: idOf(2), runId: idOf(1) });
  });

  test('lines of documents; unsound spans are named, sound ones kept; ids that are no file names', async () => {
    const named = span(1, 'a', {}, { 'session.id': '../../etc/passwd' });
    const lines = [document([named, { name: 'x' }, 5 as never]), document([span(2, 'b', { traceId: 'd'.repeat(32) })])].map(
      (one) => JSON.stringify(one),
    );
    const { stdout, stderr, code } = await run(file('traces.jsonl', `${lines[0]}\n{"half\n${lines[1]}\n`));
    expect(code).toBe(1);
    expect(stdout).toBe(`✓ .._.._etc_passwd  1 event\n✓ trace_${'d'.repeat(32)}  1 event\n`);
    expect(stderr).toMatch(/line 1: resourceSpans\[0\]\.scopeSpans\[0\]\.spans\[1\]: has no trace id/);
    expect(stderr).toContain('spans[2]: is no object');
    expect(stderr).toContain('line 2: is no OTLP');
    expect(files()).toEqual(['.._.._etc_passwd.jsonl', `trace_${'d'.repeat(32)}.jsonl`]);
  });

  test('what is none of the three is refused', async () => {
    for (const text of ['', 'hello', '{"a":1}', '[1,2]', '{"resourceSpans":[]}']) {
      expect(await run(file('thing', text)), text).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('was not imported'),
      });
    }
    expect(files()).toEqual([]);
    expect((await run()).code).toBe(2);
  });
});

describe('R1 AgentTrace', () => {
  const line = (value: object | string): string => {
    const json = typeof value === 'string' ? value : JSON.stringify(value);
    return `${json}\t${crc32(json).toString(16).padStart(8, '0')}\n`;
  };
  const RECORDS = [
    { session_id: 'at-1', agent_id: 'bot', agent_version: '3' },
    { id: 'r1', type: 'agent_run', timestamp: '2026-03-01T12:00:00Z', name: 'bot', duration_ms: 2000 },
    {
      id: 'c1',
      parent_id: 'r1',
      type: 'llm_call',
      ts: 1_772_366_400.5,
      duration_ms: 250,
      model: 'm',
      usage: { prompt_tokens: 9, completion_tokens: 4 },
    },
    { id: 't1', parent_id: 'r1', type: 'tool_start', time: 1_772_366_401_000, tool_name: 'find', input: { q: 1 } },
    { id: 't1', type: 'tool_end', time: 1_772_366_401_100, error: { type: 'Timeout', message: 'too slow' } },
    { id: 'x1', type: 'Memory Write', time: 1_772_366_401_200_000, parent_id: 'r1' },
  ];

  test('records become events; what they were stays with them', async () => {
    const { stdout, stderr, code } = await run(file('trace.agenttrace', RECORDS.map(line).join('')));
    expect([stdout, stderr, code]).toEqual(['✓ at-1  4 events\n', '', 0]);
    const [recording] = imported();
    expect(recording!.header).toMatchObject({ id: 'at-1', epoch: 1_772_366_400_000_000, agent: { id: 'bot', version: '3' } });
    const byType = new Map(recording!.events.map((event) => [event.type, event]));
    const run1 = byType.get('agent')!;
    expect(run1).toMatchObject({ name: 'bot', start: 0, end: 2_000_000 });
    expect(byType.get('llm')).toMatchObject({
      ...{ parent: run1.id, start: 500_000, end: 750_000 },
      llm: { request: { model: 'm' }, usage: { input: 9, output: 4 } },
    });
    expect(byType.get('tool')).toMatchObject({
      ...{ tool: { name: 'find' }, start: 1_000_000, end: 1_100_000, status: 'error', error: { type: 'Timeout' } },
      content: { arguments: { q: 1 }, error: { message: 'too slow' } },
    });
    expect(JSON.parse(byType.get('tool')!.attributes!['agenttrace.record'] as string)).toEqual(RECORDS.slice(3, 5));
    expect(byType.get('memory_write')).toMatchObject({ start: 1_200_000 });
    expect(recording!.end!.stats).toMatchObject({ events: 4, llm: 1, tools: 1, errors: 1, tokens: { input: 9, output: 4 } });
    expect((await run(join(folder, 'trace.agenttrace'))).stdout).toBe('✓ at-1  already there\n');
  });

  test('unsound lines are named by number, sound ones kept', async () => {
    const lines = RECORDS.map(line);
    lines[2] = lines[2]!.replace('"m"', '"n"');
    lines[5] = line({ id: 'no time', type: 'x' });
    lines.push('{"torn": "li', line('[1]').trimEnd());
    lines.splice(6, 1, '{"torn": "li\n');
    const { stdout, stderr, code } = await run(file('trace.jsonl', lines.join('')));
    expect([stdout, code]).toEqual(['✓ at-1  2 events\n', 1]);
    expect(stderr.match(/line (\d+): .*/g)).toEqual([
      'line 3: the line does not match its checksum',
      'line 6: the record has no id, no type or no time',
      'line 7: the line has no checksum',
      'line 8: the line is no JSON object',
    ]);
  });

  test('without a sound header, the file gives the name', async () => {
    const [header, ...records] = RECORDS.map(line);
    copyFileSync(file('x', header!.replace('bot', 'bad') + records.join('')), join(folder, 'my trace.jsonl'));
    expect(await run(join(folder, 'my trace.jsonl'))).toMatchObject({ code: 1, stdout: '✓ my_trace  4 events\n' });
  });
});
