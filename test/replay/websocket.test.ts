/** WebSockets of Node and of npm ws: recorded they are as they were, and in a replay nothing connects. */
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runtimePath } from '../../scripts/runtimes.ts';
import { cleanEnv, hindcast, newFolder } from '../cli/process.ts';
import { programAt, recordProgram, recordText } from './recorded.ts';
import { startWebSockets } from './websocket-server.ts';

const RUNS = Number(process.env['HINDCAST_TEST_RUNS'] ?? 5);

describe.each([
  ['websocket-facts', 3, 15],
  ['websocket-agents', 0, 12],
  ['realtime', 0, 2],
])('R4 the program %s', (name, code, sockets) => {
  it(`is replayed exactly, ${RUNS} of ${RUNS}`, { timeout: RUNS * 60_000 }, async () => {
    const outputs = new Set<string>();
    for (let run = 0; run < RUNS; run++) {
      const recorded = await recordProgram(name, startWebSockets);
      expect({ code: recorded.ran.code, stderr: recorded.ran.stderr }).toMatchObject({ code });
      outputs.add(recorded.ran.stdout);
      const channels = recorded.recording().inputs.filter((line) => line.k === 'channel');
      expect(channels.filter(({ kind }) => kind === 'websocket').length).toBeGreaterThanOrEqual(sockets);
      // The server is gone: what connected would be refused, and end the replay.
      const again = await recorded.replay();
      expect({ stdout: again.stdout, code: again.code }).toEqual({ stdout: recorded.ran.stdout, code });
      expect(again.summary).toMatch(/^✓ .*\d+ WebSockets answered from the recording/);
    }
    expect(outputs.size).toBe(RUNS);
  });
});

it.each([22, 24, 26] as const)(
  'what an app sees of a WebSocket is the same bare, recorded and replayed, on Node %i',
  { timeout: 120_000 },
  async (major) => {
    const node = runtimePath(major);
    if (node === null) return;
    const file = programAt('websocket-facts');
    const server = await startWebSockets({ dice: false });
    const cwd = newFolder();
    const env = { MODEL_URL: server.url, HINDCAST_HOST_INFO: 'off' };
    const bare = await inProcess(node, [file], env);
    const ran = await hindcast(['run', '--', node, file], { cwd, env });
    await server.close();
    expect(ran.stdout).toBe(bare.stdout);
    expect(ran.code).toBe(bare.code);
    const again = await hindcast(['replay', 'last', '--', node, file], { cwd });
    expect(again.stdout).toBe(bare.stdout);
    expect(again.code).toBe(3);
  },
);

/** The certificate of the server is known to npm ws by its own option, to Node's class by the process, and by a dispatcher. */
const SECURE = `
import { readFileSync } from 'node:fs';
import { Agent } from ${JSON.stringify(import.meta.resolve('undici'))};
import Ws from ${JSON.stringify(import.meta.resolve('ws'))};
const url = process.env.MODEL_URL.replace('http', 'ws') + '/x';
const ca = readFileSync(process.env.CA_FILE);
const talk = async (name, open) => {
  const socket = open();
  const said = await new Promise((then) => {
    socket.addEventListener('open', () => socket.send('hello'));
    socket.addEventListener('message', ({ data }) => then(String(data)));
    socket.addEventListener('error', ({ message, error }) => then(['failed', message, error?.code ?? error?.cause?.code]));
  });
  console.log(name, url.startsWith('wss:'), said);
  socket.close();
  await new Promise((then) => (socket.readyState === 3 ? then() : socket.addEventListener('close', then)));
};
await talk('ws', () => new Ws(url, { ca }));
await talk('class', () => new WebSocket(url));
await talk('dispatcher', () => new WebSocket(url, { dispatcher: new Agent({ connect: { ca } }) }));
await talk('stranger', () => new Ws(url, { ca: [] }));
`;

it('R4 wss is replayed exactly, also where the certificate is not known', { timeout: 60_000 }, async () => {
  const recorded = await recordText(SECURE, 'program.mjs', () => startWebSockets({ tls: true }));
  expect(recorded.ran.code).toBe(0);
  for (const name of ['ws', 'class', 'dispatcher'])
    expect(recorded.ran.stdout).toMatch(new RegExp(`^${name} true \\{"heard":"hello","word":"word-\\d+"\\}$`, 'm'));
  expect(recorded.ran.stdout).toMatch(/^stranger true \[\n? *'failed',\n? *'[^']+',\n? *'DEPTH_ZERO_SELF_SIGNED_CERT'\n?\]$/m);
  // What the replay needs of the certificate is that the program can read its file.
  const again = await recorded.replay();
  expect([again.code, again.stdout]).toEqual([0, recorded.ran.stdout]);
  expect(again.summary).toMatch(/^✓ .*4 WebSockets answered from the recording/);
});

describe('what the recording holds', () => {
  it('is the messages in both directions, without credentials', { timeout: 60_000 }, async () => {
    const recorded = await recordProgram('realtime', startWebSockets);
    const recording = recorded.recording();
    const channels = recording.inputs.filter((line) => line.k === 'channel');
    expect(channels.map(({ kind, what }) => [kind, what])).toEqual([
      ['websocket', { url: expect.stringMatching(/^wss:\/\/127\.0\.0\.1:\d+\/v1\/realtime\?model=gpt-realtime$/) }],
      ['websocket', { url: expect.any(String), protocols: ['realtime', 'openai-insecure-api-key.<redacted>'] }],
    ]);
    const folder = join(recorded.cwd, '.hindcast/recordings');
    const text = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
      .join('');
    expect(text).toContain('response.output_text.delta');
    expect(text).toContain('Be brief.');
    expect(text).not.toContain('sk-of-the-test-only');
  });
});

describe('R6 a WebSocket that is not the recorded one', () => {
  const talk = (kind: string, message: string, path = '/x'): string => `
    const { default: Ws } = await import(${JSON.stringify(import.meta.resolve('ws'))});
    const socket = new ${kind}(process.env.MODEL_URL.replace('http', 'ws') + '${path}');
    await new Promise((open) => socket.addEventListener('open', open));
    socket.send(${message});
    await new Promise((heard) => socket.addEventListener('message', ({ data }) => heard(console.log(String(data)))));
    socket.close();
    await new Promise((closed) => socket.addEventListener('close', closed));\n`;
  const asking = (prompt: string): string => `JSON.stringify({ type: 'say', prompt: '${prompt}' }, null, 0).replace('{', ' {')`;

  describe.each(['WebSocket', 'Ws'])('%s', (kind) => {
    it('stops at a changed message, and shows the difference and the line', async () => {
      const recorded = await recordText(talk(kind, asking('amber')), 'program.mjs', startWebSockets);
      expect(recorded.ran.code).toBe(0);
      recorded.write(talk(kind, asking('basalt')));
      const { code, stderr } = await recorded.replay();
      expect(code).toBe(86);
      expect(stderr).toMatch(/what the WebSocket ws:\S+\/x is given is not what was recorded/);
      expect(stderr).toMatch(/asked at .*program\.mjs:5:\d+/);
      expect(stderr).toMatch(/~ prompt .*amber.*basalt/);
    });

    it('stops at a changed binary message, at one too many, and at another code of closing', async () => {
      const program = talk(kind, 'new Uint8Array([1, 2])');
      const recorded = await recordText(program, 'program.mjs', startWebSockets);
      for (const changed of [
        program.replace('[1, 2]', '[1, 3]'),
        program.replace('[1, 2]));', `[1, 2])); socket.send('more');`),
        program.replace('close()', 'close(3001)'),
      ]) {
        expect(changed).not.toBe(program);
        recorded.write(changed);
        const { code, stderr } = await recorded.replay();
        expect(code).toBe(86);
        expect(stderr).toContain('is given is not what was recorded');
      }
    });

    it('stops at one that nobody recorded, and at the end where one was never opened', async () => {
      const recorded = await recordText(talk(kind, `'hello'`), 'program.mjs', startWebSockets);
      recorded.write(talk(kind, `'hello'`, '/other'));
      const other = await recorded.replay();
      expect(other.code).toBe(86);
      expect(other.stderr).toMatch(/the WebSocket ws:\S+\/other is not in the recording/);
      recorded.write('');
      const none = await recorded.replay();
      expect(none.code).toBe(86);
      expect(none.stderr).toMatch(/WebSocket ws:\S+\/x/);
    });
  });
});

async function inProcess(node: string, args: string[], env: NodeJS.ProcessEnv): Promise<{ stdout: string; code: number | null }> {
  const child = spawn(node, args, { env: cleanEnv(env), stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  return new Promise((resolve) => child.once('close', (code) => resolve({ stdout, code })));
}
