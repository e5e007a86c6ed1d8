/** T9 X3: the app's own exporter, processors and redactor stand between the recordings and the backend, and nothing goes past them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { attributesOf, startReceiver, type Receiver } from '../../support/otlp-receiver.ts';
import { startPrograms, type Programs } from '../../support/programs.ts';

const repository = join(import.meta.dirname, '../../..');
let programs: Programs;
const receivers: Receiver[] = [];
beforeAll(async () => {
  programs = await startPrograms();
});
afterAll(() => programs.close());
afterEach(async () => {
  for (const receiver of receivers.splice(0)) await receiver.close();
});

async function receiver(...args: Parameters<typeof startReceiver>): Promise<Receiver> {
  const started = await startReceiver(...args);
  receivers.push(started);
  return started;
}

const spansOf = (of: Receiver) => of.requests.filter(({ accepted }) => accepted).flatMap(({ spans }) => spans);
/** All that came, as text: a canary that is nowhere in it did not leave. */
const wire = (of: Receiver): string => of.requests.map(({ body }) => body.toString('latin1')).join();

/** A run in which everything that can be said is said, with a canary in each. */
const SAYS_ALL = `
  const tool = recordTool('look', (query) => ({ found: 'CANARY result ' + query.q }));
  await ask('CANARY prompt');
  await ask('CANARY stream', { stream: true });
  tool({ q: 'CANARY argument', 'CANARY key': 1 });
  try { recordTool('fail', () => { throw new Error('CANARY error'); })(); } catch {}
  recordTool('decide', () => {
    hindcast.recordDecision({ type: 'tool_selection', reasonCode: 'tool_unavailable', selected: 'CANARY selected', candidates: ['CANARY candidate'] });
    hindcast.recordFailure({ type: 'tool', code: 'timeout', message: 'CANARY failure' });
  })();
`;

describe('T9 a custom exporter', () => {
  it('sees every event of a run with a real SDK: as data, as spans, in order, and none twice', async () => {
    const { code, stderr, stdout, recordings } = await programs.run(`
      const seen = [];
      init({ quiet: true, captureContent: true, exporter: { export: (batch) => void seen.push(...batch) } });
      await startSession({ name: 's' }).run(async () => {
        await ask('hello');
        await ask('more', { stream: true });
        recordTool('look', () => 7)();
      });
      await Promise.all(Array.from({ length: 50 }, () => ask()));
      same(await flush(), true, 'flushed');
      console.log(JSON.stringify(seen));
    `);
    expect([code, stderr]).toEqual([0, '']);
    const seen = JSON.parse(stdout) as any[];
    const recorded = recordings.ids().flatMap((id) => recordings.events(id));
    expect(recorded).toHaveLength(53);
    expect(seen.map(({ event }) => event.id as string).toSorted()).toEqual(recorded.map(({ id }) => id).toSorted());
    for (const { session, event, span } of seen) {
      expect(span).toMatchObject({ spanId: event.id, traceId: event.trace, resource: { 'telemetry.sdk.name': 'hindcast' } });
      expect(span.attributes['session.id']).toBe(session.id);
      expect(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano)).toBe(true);
      expect([session.argv, session.cwd]).toEqual([undefined, undefined]);
    }
    expect(seen.find(({ messages }) => messages?.input?.[0].parts[0].content === 'hello')).toMatchObject({
      session: { name: 's' },
      event: { type: 'llm', llm: { usage: { input: 10, output: 5 } } },
      messages: { output: [{ role: 'assistant', parts: [{ type: 'text', content: 'ANSWER' }], finish_reason: 'stop' }] },
      span: { kind: 'client', name: 'chat gpt-4o-mini', attributes: { 'gen_ai.usage.input_tokens': 10 } },
    });
    expect(seen.map(({ event }) => event.content?.result)).toContain(7);
  });

  it('V1 is given no content unless it was opted in', async () => {
    const { stdout, code } = await programs.run(`
      const seen = [];
      init({ quiet: true, tags: ['CANARY tag'], exporter: { export: (batch) => void seen.push(...batch) } });
      ${SAYS_ALL}
      await flush();
      console.log(JSON.stringify(seen));
    `);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toHaveLength(5);
    expect(stdout).not.toContain('CANARY');
  });

  it('gets again what it did not take, and what a killed process left behind', async () => {
    const cwd = programs.newProject();
    const refuses = `init({ quiet: true, flushIntervalMs: 10, exporter: { export() { console.log('refused'); throw new Error('CANARY'); } } });`;
    const first = await programs.run(
      `${refuses} recordTool('a', () => 1)(); recordTool('b', () => 1)(); setInterval(() => {}, 1000);`,
      { cwd, onLine: (_, child) => child.kill('SIGKILL') },
    );
    expect(first.stdout).toContain('refused');
    const second = await programs.run(
      `
      let tries = 0;
      const taken = [];
      init({ quiet: true, exporter: {
        async export(batch) { if (tries++ < 1) throw new Error('later'); taken.push(...batch.map(({ event }) => event.name)); },
        shutdown: async () => console.log('closed'),
      } });
      recordTool('c', () => 1)();
      while (taken.length < 3) { await flush(5_000); }
      console.log(taken.sort().join());
      await shutdown();
    `,
      { cwd },
    );
    expect([second.code, second.stdout]).toEqual([0, 'execute_tool a,execute_tool b,execute_tool c\nclosed\n']);
    expect(second.said).toEqual([
      expect.stringContaining('export fails (the exporter threw Error)'),
      'hindcast: export works again',
    ]);
    const third = await programs.run(`init({ quiet: true, exporter: { export: () => console.log('again') } }); await flush();`, {
      cwd,
    });
    expect(third.stdout).toBe('');
  });

  it('does not hold the program when it hangs, and what it calls is not recorded', async () => {
    const { code, recordings, stdout } = await programs.run(`
      const inner = recordTool('inner', () => 1);
      let calls = 0;
      init({ quiet: true, logLevel: 'off', flushIntervalMs: 10, exporter: { async export() { calls++; inner(); await ask('from the exporter'); await new Promise(() => {}); } } });
      recordTool('outer', () => 1)();
      console.log(await flush(300), calls);
      await shutdown(300);
    `);
    expect([code, stdout]).toEqual([0, 'false 1\n']);
    expect(recordings.events(recordings.ids()[0]!).map(({ name }) => name)).toEqual(['execute_tool outer']);
  });
});

describe('X3 processors', () => {
  it('drop, change in place and replace what leaves; the recording keeps it', async () => {
    const backend = await receiver();
    const { code, recordings, said } = await programs.run(
      `
      init({ quiet: true, captureContent: true, processors: [
        (event) => (event.name.endsWith('secret') ? null : event),
        (event, session) => { if (event.content?.arguments) event.content.arguments = 'changed in ' + session.id.slice(0, 4); session.id = 'x'; },
        (event) => (event.type === 'llm' ? { ...event, content: { ...event.content, request: { ...event.content.request, messages: [{ role: 'user', content: 'shorter' }] } } } : event),
      ] });
      recordTool('secret', () => 'CANARY')('CANARY');
      recordTool('open', () => 'fine')('CANARY');
      await ask('CANARY');
      await flush();
    `,
      { env: { HINDCAST_ENDPOINT: backend.url } },
    );
    expect([code, said]).toEqual([0, []]);
    const spans = spansOf(backend);
    expect(spans.map(({ name }) => name)).toEqual(['execute_tool open', 'chat gpt-4o-mini']);
    expect(wire(backend)).not.toContain('CANARY');
    expect(JSON.stringify(attributesOf(spans[0]!.attributes))).toContain('changed in ses_');
    expect(attributesOf(spans[1]!.attributes)).toMatchObject({
      'gen_ai.input.messages': JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: 'shorter' }] }]),
      'gen_ai.output.messages': expect.stringContaining('ANSWER'),
    });
    const text = JSON.stringify(recordings.ids().map((id) => recordings.lines(id)));
    expect(text.match(/CANARY/g)!.length).toBeGreaterThanOrEqual(4);
    expect(text).not.toContain('shorter');
  });

  it('that throw let nothing out that was said, are said once, and change nothing else', async () => {
    const backend = await receiver();
    const { code, said } = await programs.run(
      `
      init({ quiet: true, captureContent: true, tags: ['CANARY tag'], processors: [() => { throw new TypeError('CANARY'); }] });
      ${SAYS_ALL}
      await flush();
    `,
      { env: { HINDCAST_ENDPOINT: backend.url } },
    );
    expect([code, said]).toEqual([
      0,
      [
        'hindcast: a processor threw, or answered with a promise, and what it was given is sent without anything that was said (TypeError)',
      ],
    ]);
    expect(spansOf(backend)).toHaveLength(5);
    expect(wire(backend)).not.toContain('CANARY');
  });

  it('that return no event let nothing out that was said', async () => {
    const backend = await receiver();
    await programs.run(`init({ captureContent: true, processors: [(event) => event.content] }); ${SAYS_ALL} await flush();`, {
      env: { HINDCAST_ENDPOINT: backend.url },
    });
    expect(spansOf(backend)).toHaveLength(5);
    expect(wire(backend)).not.toContain('CANARY');
  });
});

describe('X3 V3 a redactor', () => {
  it('is given every text that was said and leaves, with its place', async () => {
    const backend = await receiver();
    const { code, stdout, recordings } = await programs.run(
      `
      const places = new Set();
      init({ quiet: true, captureContent: true, tags: ['CANARY tag'], redactor: (text, place) => { places.add(place); return text.replaceAll('CANARY', '###'); } });
      ${SAYS_ALL}
      await ask('CANARY prompt', { tools: [{ type: 'function', function: { name: 'f', description: 'CANARY tool', parameters: { type: 'object', properties: { a: { type: 'string', description: 'CANARY property' } } } } }] });
      await flush();
      console.log([...places].sort().join());
    `,
      { env: { HINDCAST_ENDPOINT: backend.url } },
    );
    expect(code).toBe(0);
    expect(stdout.trim().split(',')).toEqual([
      'arguments',
      'decision',
      'error',
      'failure',
      'messages.input',
      'messages.output',
      'result',
      'tags',
      'tools',
    ]);
    expect(wire(backend)).not.toContain('CANARY');
    const all = JSON.stringify(spansOf(backend));
    for (const left of [
      '### prompt',
      '### stream',
      '### argument',
      '### key',
      '### result',
      '### error',
      '### tag',
      '### tool',
      '### property',
      '### selected',
      '### candidate',
      '### failure',
    ]) {
      expect(all).toContain(left);
    }
    // The words of the schema are none that somebody said.
    expect(all).toContain('\\"role\\":\\"user\\"');
    expect(JSON.stringify(recordings.ids().map((id) => recordings.lines(id)))).not.toContain('###');
  });

  it('that throws, or returns no text, sends <redacted> and is said once', async () => {
    const backend = await receiver();
    for (const redactor of [`() => { throw new Error('CANARY'); }`, `() => undefined`]) {
      const { said } = await programs.run(
        `init({ quiet: true, captureContent: true, tags: ['CANARY tag'], redactor: ${redactor} }); ${SAYS_ALL} await flush();`,
        { env: { HINDCAST_ENDPOINT: backend.url } },
      );
      expect(said).toEqual([expect.stringMatching(/the redactor threw, .*sent as <redacted> \((Type)?Error\)/)]);
    }
    expect(spansOf(backend)).toHaveLength(10);
    expect(wire(backend)).not.toContain('CANARY');
    expect(wire(backend)).toContain('<redacted>');
  });
});

describe('V1 what such code has not seen does not leave', () => {
  const GUARDED = `init({ quiet: true, logLevel: 'off', captureContent: true, flushIntervalMs: 60_000, redactor: (text) => text.replaceAll('CANARY', '###') });`;
  const PLAIN = `init({ quiet: true, captureContent: true });`;

  it('neither by the child that delivers at the end of a process, nor by another process without it; one that has it sends it', async () => {
    const cwd = programs.newProject();
    const down = await receiver(() => ({ status: 503 }));
    const a = await programs.run(
      `${GUARDED} await ask('CANARY'); await flush(200); console.log('x'); setInterval(() => {}, 1000);`,
      {
        cwd,
        env: { HINDCAST_ENDPOINT: down.url },
        onLine: (_, child) => child.kill('SIGKILL'),
      },
    );
    const [id] = a.recordings.ids();
    expect(a.recordings.header(id!)).toMatchObject({ guarded: true, guards: ['redactor'] });
    const up = await receiver();
    const env = { HINDCAST_ENDPOINT: up.url };
    // Ends well, with the backend up: the child that delivers has no redactor.
    await programs.run(`${GUARDED} await ask('CANARY');`, { cwd, env });
    expect(spansOf(up)).toHaveLength(0);
    const b = await programs.run(`${PLAIN} await ask('of b'); await flush();`, { cwd, env });
    expect(b.code).toBe(0);
    expect(spansOf(up)).toHaveLength(1);
    expect(wire(up)).toContain('of b');
    // One that has other code, but no redactor, may not send it either.
    await programs.run(`init({ quiet: true, captureContent: true, processors: [(event) => event] }); await flush();`, {
      cwd,
      env,
    });
    expect(spansOf(up)).toHaveLength(1);
    expect(wire(up)).not.toMatch(/CANARY|###/);
    await programs.run(`${GUARDED} await flush();`, { cwd, env });
    expect(spansOf(up)).toHaveLength(3);
    expect(wire(up)).toContain('###');
    expect(wire(up)).not.toContain('CANARY');
  });

  it('also a redactor that comes too late for a recording that has begun is refused', async () => {
    const backend = await receiver();
    const { stdout } = await programs.run(
      `
      init({ quiet: true, captureContent: true });
      console.log(JSON.stringify(configure({ redactor: () => 'early' })));
      await ask('CANARY');
      console.log(JSON.stringify(configure({ redactor: () => 'late' })));
      console.log(JSON.stringify(configure({ processors: [(event) => event] })));
      await flush();
    `,
      { env: { HINDCAST_ENDPOINT: backend.url } },
    );
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { applied: ['redactor'], refused: [] },
      { applied: ['redactor'], refused: [] },
      { applied: [], refused: [{ option: 'processors', reason: expect.stringContaining('a recording has begun') }] },
    ]);
    expect(wire(backend)).toContain('late');
    expect(wire(backend)).not.toContain('CANARY');
  });
});

describe('X3 the examples', () => {
  const run = (name: string) => {
    const dir = mkdtempSync(join(tmpdir(), 'hindcast-extension-'));
    const env = { PATH: process.env['PATH'], HINDCAST_DIR: dir, HINDCAST_RECORD: 'full' };
    const { stdout, stderr, status } = spawnSync(process.execPath, [join(repository, 'examples/extension', name)], {
      cwd: repository,
      env,
      encoding: 'utf8',
      timeout: 60_000,
    });
    const recordings = join(dir, 'recordings');
    const text = readdirSync(recordings)
      .filter((file) => file.endsWith('.jsonl'))
      .map((file) => readFileSync(join(recordings, file), 'utf8'))
      .join();
    rmSync(dir, { recursive: true, force: true });
    return { out: stdout, stderr, status, text };
  };

  it.each([
    ['exporter.mjs', /^(execute_tool search: ok, \d+ attributes\n){2}$/, 'Lisbon'],
    ['processor.mjs', /^execute_tool balance \{"number":"ends in 23"\}\n$/, 'PT50 0002 0123'],
    [
      'redactor.mjs',
      /^\{"arguments":\{"to":"<address>","text":"Write to <address>\."\},"result":"\(not for others\)"\}\n$/,
      'bob@example.org',
    ],
  ])('%s', (name, out, kept) => {
    const { text, ...ran } = run(name);
    expect(ran).toEqual({ out: expect.stringMatching(out), stderr: '', status: 0 });
    expect(text).toContain(kept);
  });
});
