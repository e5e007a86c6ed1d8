/** C4 each option is read: a program does visibly something else when it is set. An option that is added without a case here fails the last test but one. C3 for each option that can be set in all places. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostLine, LogLine } from '../../src/events/lines.ts';
import { OPTIONS } from '../../src/client/options.ts';
import { SCHEMA_URL } from '../../src/events/genai-names.ts';
import { CONFIG_FILE, pick, resolveOptions } from '../../src/client/resolve.ts';
import { decodeTraces, startReceiver, type ReceivedRequest, type Receiver } from '../support/otlp-receiver.ts';
import { startPrograms, type Programs, type Ran } from '../support/programs.ts';

/** More than twice the default of `exitTimeoutMs`. */
const SLOW_MS = 4_000;

let programs: Programs;
let backend: Receiver;
let hanging: Receiver;
/** Answers when nobody waits any more who waits as long as is usual. */
let slow: Receiver;
beforeAll(async () => {
  programs = await startPrograms();
  [backend, hanging] = [await startReceiver(), await startReceiver(() => 'hang')];
  slow = await startReceiver(() => wait(SLOW_MS, 'ok'));
});
afterAll(async () => {
  programs.close();
  await backend.close();
  await hanging.close();
  await slow.close();
});
/** What the backend was sent by the run that is looked at. */
let requests: ReceivedRequest[] = [];

/** What most cases run: a call, a failure, something printed, a child process. */
const AGENT = `
  await ask('PROMPT');
  try { recordTool('fail', () => { throw new Error('x'); })(); } catch {}
  console.log('PRINTED');
  const { spawnSync } = await import('node:child_process');
  const child = spawnSync(process.execPath, ['-p', '"child of " + (process.env.HINDCAST_PARENT_SESSION ?? "nobody")'], { encoding: 'utf8' });
  process.stdout.write(child.stdout);
  await flush(5_000);
`;

interface Case {
  /** As an environment variable; absent for what can only be code. */
  text?: string;
  /** As JSON, or as source text where it can only be code. */
  value?: unknown;
  code?: string;
  /** Options that are set in both runs, as source text of members. */
  with?: () => string;
  /** In place of AGENT. */
  body?: string;
  /** What is to be seen, without the option and with it. */
  sees(ran: Ran): unknown;
  before: unknown;
  after: unknown;
}

const header = ({ recordings }: Ran) => recordings.header(recordings.ids()[0]!);
const sent = () => requests.flatMap(({ spans }) => spans);
const exporting = (): string => `endpoint: '${backend.url}',`;
const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const inHeader = (member: string, value: unknown, before?: unknown): Omit<Case, 'value' | 'text'> => ({
  sees: (ran) => (header(ran) as unknown as Record<string, unknown>)[member],
  before,
  after: value,
});
const agent = (member: string): Case => ({ value: 'given', text: 'given', ...inHeader('agent', { [member]: 'given' }) });
/** An OpenTelemetry in which another span is active at each look: the SDK's own made one. */
const NATIVE = `
  let n = 0;
  const context = { getValue: () => ({ spanContext: () => ({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: String(++n).padStart(16, '0'), traceFlags: 1 }) }), setValue: () => context };
  globalThis[Symbol.for('opentelemetry.js.api.1')] = { context: { active: () => context, with: (_, fn) => fn() } };
  await ask('PROMPT');
  await flush(5_000);
`;
const RACE = `
  recordTool('t', () => 1)();
  await new Promise((resolve) => setTimeout(resolve, 500));
  console.log(globalThis.exported ? 'sent' : 'waits');
`;
const HOST = `
  await ask('PROMPT');
  const { readdirSync, readFileSync } = await import('node:fs');
  const file = '.hindcast/recordings/' + readdirSync('.hindcast/recordings').find((name) => name.endsWith('.jsonl'));
  const untilMs = process.env.HINDCAST_HOST_INFO === 'off' ? 3_000 : 30_000;
  for (let ms = 0; ms < untilMs && !readFileSync(file, 'utf8').includes('"k":"host"'); ms += 50) await new Promise((resolve) => setTimeout(resolve, 50));
`;
const KEPT = `
  const { existsSync, utimesSync } = await import('node:fs');
  const say = recordTool('say', (text) => text.length);
  const session = startSession({ id: 'old' });
  await session.run(() => say('x'));
  session.end();
  const file = '.hindcast/recordings/old.jsonl';
  utimesSync(file, Date.now() / 1000 - 8 * 86_400, Date.now() / 1000 - 8 * 86_400);
  for (let n = 0; n < 60; n++) say(n + 'x'.repeat(10_000));
  for (let ms = 0; ms < 3_000 && existsSync(file); ms += 50) await new Promise((resolve) => setTimeout(resolve, 50));
  console.log(existsSync(file) ? 'kept' : 'removed');
`;
const ended = ({ recordings }: Ran) => recordings.end(recordings.ids()[0]!)?.reason;
const idsOf = ({ recordings, cwd }: Ran): string[] => (existsSync(join(cwd, '.hindcast/recordings')) ? recordings.ids() : []);

const CASES: Record<string, Case> = {
  enabled: { value: false, text: 'false', sees: (ran) => idsOf(ran).length, before: 1, after: 0 },
  record: { value: 'metadata', text: 'metadata', ...inHeader('mode', 'metadata', 'full') },
  replayable: {
    value: 'on',
    text: 'on',
    // A program that calls init() itself cannot be recorded so, and is told; test/replay/ has those that can.
    sees: ({ stderr }) => stderr.includes('node --import hindcast/register'),
    before: false,
    after: true,
  },
  dir: {
    value: 'elsewhere',
    text: 'elsewhere',
    sees: ({ cwd }) => existsSync(join(cwd, 'elsewhere/recordings')),
    before: false,
    after: true,
  },
  endpoint: { value: 'BACKEND', text: 'BACKEND', sees: () => sent().length, before: 0, after: 2 },
  headers: {
    value: { 'x-key': 'k' },
    text: 'x-key=k',
    with: exporting,
    sees: () => requests[0]?.headers['x-key'],
    before: undefined,
    after: 'k',
  },
  captureContent: {
    value: true,
    text: 'true',
    with: exporting,
    sees: () => JSON.stringify(sent()).includes('PROMPT'),
    before: false,
    after: true,
  },
  'agent.id': agent('id'),
  'agent.name': agent('name'),
  'agent.version': agent('version'),
  environment: { value: 'e', text: 'e', ...inHeader('environment', 'e') },
  service: { value: 's', text: 's', ...inHeader('service', 's') },
  tags: { value: ['a', 'b'], text: 'a,b', ...inHeader('tags', ['a', 'b']) },
  'session.id': { value: 'given', text: 'given', sees: (ran) => idsOf(ran).includes('given'), before: false, after: true },
  'session.name': { value: 'nightly', text: 'nightly', ...inHeader('name', 'nightly') },
  'session.parent': { value: 'above', text: 'above', ...inHeader('parent', 'above') },
  'session.traceparent': {
    value: TRACEPARENT,
    text: TRACEPARENT,
    ...inHeader('within', { trace: TRACEPARENT.slice(3, 35), span: TRACEPARENT.slice(36, 52) }),
  },
  autoStart: { value: false, text: 'false', sees: (ran) => idsOf(ran).length, before: 1, after: 0 },
  autoEnd: { value: false, text: 'false', sees: ended, before: 'ended', after: 'not_ended' },
  captureLogs: {
    value: 'console',
    text: 'console',
    sees: ({ recordings }) =>
      recordings
        .lines(recordings.ids()[0]!)
        .filter((line): line is LogLine => line.k === 'log')
        .map(({ text }) => text.trim()),
    before: [],
    after: ['PRINTED'],
  },
  hostInfo: {
    value: 'off',
    text: 'off',
    // It is looked up in the background.
    body: HOST,
    sees: ({ recordings }) => recordings.lines(recordings.ids()[0]!).some((line): line is HostLine => line.k === 'host'),
    before: true,
    after: false,
  },
  semconv: {
    value: '1.41',
    text: '1.41',
    with: exporting,
    sees: () => decodeTraces(requests[0]!.body).resourceSpans[0]!.scopeSpans[0]!.schemaUrl,
    before: SCHEMA_URL.main,
    after: SCHEMA_URL['1.41'],
  },
  nativeSpans: { value: 'native', text: 'native', with: exporting, body: NATIVE, sees: () => sent().length, before: 1, after: 0 },
  propagateContext: {
    value: false,
    text: 'false',
    sees: ({ stdout }) => /child of (\w{3})/.exec(stdout)?.[1],
    before: 'ses',
    after: 'nob',
  },
  exitTimeoutMs: {
    value: 60_000,
    text: '60000',
    with: () => `endpoint: '${slow.url}', flushIntervalMs: 60_000,`,
    body: `await ask('PROMPT');`,
    // Whether the program was still there when its spans were taken.
    sees: () => slow.requests.some(({ accepted }) => accepted),
    before: false,
    after: true,
  },
  exportTimeoutMs: {
    value: 50,
    text: '50',
    with: () => `endpoint: '${hanging.url}', exitTimeoutMs: 0, flushIntervalMs: 10,`,
    body: `await ask('PROMPT'); await flush(1_000);`,
    sees: ({ stderr }) => stderr.includes('export fails (timeout)'),
    before: false,
    after: true,
  },
  flushIntervalMs: {
    value: 10,
    text: '10',
    with: () => 'exporter: { export: () => void (globalThis.exported = true) },',
    body: RACE,
    sees: ({ stdout }) => stdout,
    before: 'waits\n',
    after: 'sent\n',
  },
  diskBudgetMb: {
    value: 1,
    text: '1',
    body: `const say = recordTool('say', (text) => text.length); for (let n = 0; n < 40; n++) say(n + 'x'.repeat(50_000));`,
    sees: ({ recordings }) => recordings.end(recordings.ids()[0]!)?.dropped !== undefined,
    before: false,
    after: true,
  },
  keepDays: {
    value: 7,
    text: '7',
    // The folder is looked at when something was written.
    with: () => 'diskBudgetMb: 8,',
    body: KEPT,
    sees: ({ stdout }) => stdout,
    before: 'kept\n',
    after: 'removed\n',
  },
  quiet: { value: true, text: 'true', sees: ({ said }) => said.length > 0, before: true, after: false },
  logLevel: {
    value: 'off',
    text: 'off',
    with: () => 'nonsense: 1,',
    sees: ({ stderr }) => stderr.includes('nonsense'),
    before: true,
    after: false,
  },
  logFile: { value: 'x.log', text: 'x.log', sees: ({ cwd }) => existsSync(join(cwd, 'x.log')), before: false, after: true },
  prices: {
    value: { 'gpt-4o-mini': { input: 1_000_000, output: 0 } },
    text: '{"gpt-4o-mini":{"input":1000000,"output":0}}',
    sees: ({ recordings }) => (recordings.events(recordings.ids()[0]!)[0]?.cost?.usd ?? 0) >= 10,
    before: false,
    after: true,
  },
  instrument: {
    code: '{ acme: class Acme {} }',
    sees: ({ stderr }) => stderr.includes('instrument.acme is not known'),
    before: false,
    after: true,
  },
  classifier: {
    code: `() => ({ type: 'retrieval', code: 'no_results' })`,
    sees: ({ recordings }) => recordings.events(recordings.ids()[0]!).flatMap(({ notes = [] }) => notes.map(({ type }) => type)),
    before: [],
    after: ['retrieval'],
  },
  exporter: {
    code: '{ export: (batch) => console.log("took", batch.length) }',
    sees: ({ stdout }) => /took \d/.exec(stdout)?.[0],
    before: undefined,
    after: 'took 2',
  },
  processors: { code: '[() => null]', with: exporting, sees: () => sent().length, before: 2, after: 0 },
  redactor: {
    code: `() => 'REDACTED'`,
    with: () => `${exporting()} captureContent: true,`,
    sees: () => JSON.stringify(sent()).includes('REDACTED'),
    before: false,
    after: true,
  },
};

/** The option as source text of the argument of `init()`. */
function inCode(name: string, value: string): string {
  const [first, second] = name.split('.');
  return second === undefined ? `${first}: ${value},` : `${first}: { ${second}: ${value} },`;
}

/** Runs without any option of its own, which cases share. */
const plain = new Map<string, { ran: Ran; requests: ReceivedRequest[] }>();

async function run(name: string, how: Case, isSet: boolean): Promise<unknown> {
  const variable = OPTIONS.find((option) => option.name === name)?.env[0]?.name;
  const common = how.with?.() ?? '';
  const code = how.code !== undefined && isSet ? inCode(name, how.code) : '';
  const env = how.text !== undefined && isSet ? { [variable!]: how.text.replace('BACKEND', backend.url) } : {};
  const program = `init({ ${common} ${code} }); ${how.body ?? AGENT}`;
  let known = isSet ? undefined : plain.get(program);
  if (known === undefined) {
    for (const { requests: sentThere } of [backend, slow]) sentThere.splice(0);
    const ran = await programs.run(program, { env });
    expect(ran.code, ran.stderr).toBe(0);
    known = { ran, requests: [...backend.requests] };
    if (!isSet) plain.set(program, known);
  }
  ({ requests } = known);
  return how.sees(known.ran);
}

describe('C4 each option is read', () => {
  it.each(Object.entries(CASES))('%s', async (name, how) => {
    const [before, after] = [await run(name, how, false), await run(name, how, true)];
    expect(before).toEqual(how.before);
    expect(after).toEqual(how.after);
    expect(after).not.toEqual(before);
  });

  it('has a case for each', () => {
    expect(Object.keys(CASES).toSorted()).toEqual(OPTIONS.map(({ name }) => name).toSorted());
    for (const { name, env } of OPTIONS) expect(CASES[name]!.text === undefined, name).toBe(env.length === 0);
  });
});

describe('C3 for each option: default < file < environment < code', () => {
  const settable = OPTIONS.filter(({ env }) => env.length > 0);

  it.each(settable.map((option) => [option.name, option] as const))('%s', (name, option) => {
    const root = mkdtempSync(join(tmpdir(), 'hindcast-order-'));
    mkdirSync(join(root, '.hindcast'));
    try {
      const how = CASES[name]!;
      const nested = (value: unknown): Record<string, unknown> => {
        const [first = '', second] = name.split('.');
        return second === undefined ? { [first]: value } : { [first]: { [second]: value } };
      };
      const file = join(root, CONFIG_FILE);
      const text = how.text!.replace('BACKEND', 'http://127.0.0.1:1');
      const value = how.value === 'BACKEND' ? 'http://127.0.0.1:1' : how.value;
      const at = (given: object, env: Record<string, string>) => {
        const { values, origins, problems } = resolveOptions(given, env, root);
        expect(problems.filter((problem) => !problem.startsWith('captureContent'))).toEqual([]);
        return { value: pick(values as unknown as Record<string, unknown>, name), origin: origins[name] };
      };
      const env = { [option.env[0]!.name]: text };
      const none = at({}, {});
      expect(none.origin).toBe('default');
      const byEnv = at({}, env);
      const byCode = at(nested(value), {});
      writeFileSync(file, JSON.stringify(nested(value)));
      const byFile = at({}, {});
      expect([byFile.origin, byEnv.origin, byCode.origin]).toEqual([file, option.env[0]!.name, 'init()']);
      // However it is set, it comes to the same.
      const relative = option.kind.name === 'path';
      for (const one of [byFile, byCode]) {
        if (relative) expect(one.value).toBe(join(root, String(value)));
        else expect(one.value).toEqual(byEnv.value);
      }
      expect(byFile.value).not.toEqual(none.value);
      // Each pair, where both are set.
      expect(at({}, env).origin).toBe(option.env[0]!.name);
      expect(at(nested(value), {}).origin).toBe('init()');
      expect(at(nested(value), env).origin).toBe('init()');
      // What cannot be used does not hide what comes after it.
      writeFileSync(file, JSON.stringify(nested(null)));
      expect(resolveOptions({}, env, root).origins[name]).toBe(option.env[0]!.name);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});
