/**
 * V1 V5: a canary in all that an app, a user, a model, a tool or a server may say, through every SDK and framework, and then looked for in all that leaves: the bytes to the collector, what
 * an exporter of the app's own is given, the log of mode `metadata`, stderr and stdout, files of `hindcast export`, and requests to providers. Where content was asked for it must be found.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHindcast } from '../../cli/process.ts';
import { attributesOf } from '../../support/otlp-receiver.ts';
import { filesIn, said, songsIn, songsInFiles } from './canary.ts';
import { newFolder, removeFolders, runProgram } from './runs.ts';
import type { Run } from './runs.ts';

const MAIN = join(import.meta.dirname, '../../../src/cli/main.ts');
/** Each is a program of this folder and its argument. */
const PROGRAMS = ['calls', 'frameworks', 'places plain', 'places exporter', 'places faults'] as const;
const MODES = ['metadata', 'full'] as const;

/** In all of them, also where the canary sings in the environment, the arguments and the working directory. */
async function run(program: string, env: NodeJS.ProcessEnv, more: string[] = []): Promise<Run> {
  const [file, how] = program.split(' ');
  const cwd = join(newFolder(), said('cwd'));
  mkdirSync(cwd);
  const args = [how ?? 'init', ...more, `--${said('argv')}`];
  return await runProgram(`${file}.ts`, { cwd, args, env: { [said('ENV')]: said('env'), ...env } });
}

const runs = new Map<string, Run>();
const requests = new Map<string, any[]>();

beforeAll(async () => {
  const sent = newFolder();
  const tasks = [
    ...PROGRAMS.flatMap((program) =>
      MODES.map((mode) => async () => {
        const more = program === 'calls' ? [join(sent, mode)] : [];
        runs.set(`${program}, ${mode}`, await run(program, { HINDCAST_RECORD: mode, HINDCAST_LOG_LEVEL: 'warn' }, more));
      }),
    ),
    ...['calls', 'places plain'].map((program) => async () => {
      const env = { HINDCAST_RECORD: 'full', HINDCAST_CAPTURE_CONTENT: '1' };
      runs.set(`${program}, content`, await run(program, env));
    }),
    async () => {
      const env = { HINDCAST_ENDPOINT: '' };
      await runProgram('calls.ts', { args: ['bare', join(sent, 'bare')], env });
    },
  ];
  // Two at a time: as many as the smallest machine has cores.
  const work = async (): Promise<void> => {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) await task();
  };
  await Promise.all([work(), work()]);
  for (const name of ['bare', ...MODES]) requests.set(name, JSON.parse(readFileSync(join(sent, name), 'utf8')));
}, 300_000);
afterAll(removeFolders);

const of = (name: string): Run => runs.get(name)!;
const ALL = PROGRAMS.flatMap((program) => MODES.map((mode) => `${program}, ${mode}`));
const EXPORTING = ALL.filter((name) => !/exporter|faults/.test(name));

describe('V1 V5 without content, the canary is not', () => {
  it.each(ALL)('in stderr and stdout: %s', (name) => {
    const { code, stderr, stdout } = of(name);
    expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
    expect([...songsIn(stderr), ...songsIn(stdout)]).toEqual([]);
    expect(stderr).toContain('hindcast: recording');
  });

  it.each(EXPORTING)('in the bytes to the collector: %s', (name) => {
    const { wire, spans } = of(name);
    expect(wire.flatMap(songsIn)).toEqual([]);
    expect(spans.length).toBeGreaterThan(20);
  });

  it.each(MODES)('in what an exporter of its own is given: %s', (mode) => {
    const { batches } = JSON.parse(of(`places exporter, ${mode}`).stdout.split('\n').at(-1)!);
    expect(batches.length).toBeGreaterThan(20);
    expect(songsIn(JSON.stringify(batches))).toEqual([]);
  });

  it.each(PROGRAMS)('in any file of mode metadata: %s', (program) => {
    const { dir } = of(`${program}, metadata`);
    expect(songsInFiles(dir)).toEqual([]);
    const logs = readdirText(join(dir, 'kept/recordings'));
    expect(logs).toContain('"mode":"metadata"');
    expect(logs.split('"k":"event"').length).toBeGreaterThan(program === 'places faults' ? 2 : 20);
  });

  it.each([
    ['calls', 'metadata'],
    ...(['calls', 'frameworks', 'places plain'] as const).map((program) => [program, 'full'] as const),
  ] as const)(
    'in what the command line exports and counts: %s, %s',
    async (program, mode) => {
      const dir = join(of(`${program}, ${mode}`).dir, 'kept');
      const formats = ['json', 'csv', 'otlp', 'md', 'html'].map((format) => ['export', '--all', '--format', format]);
      for (const args of [...formats, ['stats'], ['ls', '--json'], ['explain', '--json']]) {
        if (mode === 'full' && args[0] === 'explain') continue;
        const { stdout, stderr, code } = await startHindcast([...args, '--dir', dir], { main: MAIN }).ended;
        // What the session says of itself is for the eyes of its owner.
        const shown = args[0] === 'ls' && mode === 'full' ? '' : stdout;
        expect([code, args, songsIn(shown), songsIn(stderr)]).toEqual([0, args, [], []]);
        expect(stdout.length).toBeGreaterThan(10);
      }
    },
    120_000,
  );

  it.each(MODES)('added to the environment of child processes, which are given ids: %s', (mode) => {
    const { added, title } = JSON.parse(of(`places plain, ${mode}`).stdout.split('\n').at(-1)!);
    expect(added.map(([name]: [string]) => name)).toEqual(['HINDCAST_PARENT_SESSION']);
    expect(added[0][1]).toMatch(/^ses_[0-9a-f]+$/);
    expect(songsIn(title)).toEqual([]);
  });
});

describe('V1 the SDKs send what they send without us', () => {
  /** Different with each call, whoever makes it. */
  const generated = /^(host|date|idempotency-key|x-idempotency-key|authorization|x-amz-date|amz-sdk-invocation-id)$/;
  const plain = (sent: any[]): unknown[] =>
    sent.map(({ headers, ...request }) => ({
      ...request,
      headers: Object.entries(headers).map(([name, value]) => [name, generated.test(name) ? '' : value]),
    }));

  it.each(MODES)('byte for byte: %s', (mode) => {
    expect(requests.get('bare')!.length).toBeGreaterThan(90);
    expect(plain(requests.get(mode)!)).toEqual(plain(requests.get('bare')!));
  });
});

describe('V1 where content was asked for, the canary is found', () => {
  it('on the wire, of every operation of every provider', () => {
    const { spans } = of('calls, content');
    const operations = (all: typeof spans): string[] => [
      ...new Set(all.map(({ attributes }) => operationIn(attributesOf(attributes)))),
    ];
    const singing = spans.filter((span) => songsIn(JSON.stringify(span)).length > 0);
    expect(operations(singing).toSorted()).toEqual(operations(spans).toSorted());
    expect(operations(spans).length).toBeGreaterThan(20);
    expect(singing.length).toBeGreaterThan(spans.length / 2);
  });

  it.each(['attribute', 'tag', 'argument', 'result', 'message', 'prompt', 'answer', 'selected', 'candidate', 'failure'])(
    'on the wire: %s',
    (place) => {
      expect(of('places plain, content').wire.some((bytes) => bytes.includes(said(place)))).toBe(true);
    },
  );

  it.each(['calls', 'frameworks', 'places plain'])('in a full recording: %s', (program) => {
    expect(songsInFiles(join(of(`${program}, full`).dir, 'kept')).length).toBeGreaterThan(50);
  });

  it('in every form that it may take', () => {
    const song = said('form');
    const bytes = Buffer.from(`ab${song}`);
    const forms = [song, song.toUpperCase(), JSON.stringify({ [song]: 1 }), encodeURIComponent(song), bytes.toString('hex')];
    for (const at of [0, 1, 2]) forms.push(bytes.subarray(at).toString('base64'));
    for (const form of [...forms, Buffer.from(song, 'utf16le')]) expect(songsIn(form)).not.toEqual([]);
    expect(songsIn('an answer of nobody')).toEqual([]);
  });
});

/** Provider and API of a span. */
function operationIn(attributes: Record<string, unknown>): string {
  return [attributes['gen_ai.provider.name'], attributes['openai.api.type'] ?? attributes['hindcast.api']].join(' ');
}

function readdirText(dir: string): string {
  return filesIn(dir)
    .map(({ bytes }) => bytes.toString('utf8'))
    .join('');
}
