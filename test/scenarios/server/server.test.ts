import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Recordings } from '../../session/rig.ts';

const REQUESTS = 500;

const provider = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (text: string) => (body += text));
  request.on('end', () => {
    const { messages } = JSON.parse(body) as { messages: { content: string }[] };
    response.setHeader('content-type', 'application/json');
    const message = { role: 'assistant', content: `echo ${messages[0]!.content}` };
    const usage = { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 };
    const answer = {
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: 'gpt-4o-mini',
      choices: [{ index: 0, message, finish_reason: 'stop' }],
      usage,
    };
    setTimeout(() => response.end(JSON.stringify(answer)), Math.random() * 20);
  });
});
const cwd = mkdtempSync(join(tmpdir(), 'hindcast-server-'));

beforeAll(async () => {
  mkdirSync(join(cwd, '.hindcast'));
  provider.listen(0, '127.0.0.1');
  await once(provider, 'listening');
});
afterAll(() => {
  provider.close();
  provider.closeAllConnections();
  rmSync(cwd, { recursive: true, force: true });
});

function get(port: number, path: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => resolve(text));
    });
    request.on('error', reject).end();
  });
}

describe('S1 a server', () => {
  it('keeps 500 parallel requests apart, every event in its own session', async () => {
    const env = {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      BASE_URL: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`,
    };
    const child = fork(join(import.meta.dirname, 'app.mjs'), {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: [],
    });
    let stderr = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const closed = once(child, 'close');
    const [port] = (await once(child, 'message')) as [number];
    const agent = new Agent({ keepAlive: true, maxSockets: REQUESTS });
    const answers = await Promise.all(Array.from({ length: REQUESTS }, (_, i) => get(port, `/${i}`, agent)));
    agent.destroy();
    child.send('stop');
    const [code] = (await closed) as [number];
    expect(code).toBe(0);

    const recordings = new Recordings(join(cwd, '.hindcast/recordings'));
    expect(recordings.ids()).toHaveLength(REQUESTS);
    for (let i = 0; i < REQUESTS; i++) {
      expect(answers[i]).toBe(JSON.stringify([`echo first of ${i}`, `saw ${i}`, `echo second of ${i}`]));
      const id = `job-${i}`;
      const events = recordings.events(id);
      expect(events.map(({ type, status }) => [type, status])).toEqual([
        ['llm', 'ok'],
        ['tool', 'ok'],
        ['llm', 'ok'],
      ]);
      expect(events[1]!.content?.result).toBe(`saw ${i}`);
      const bodies = recordings.lines(id).flatMap((line) => (line.k === 'request' ? [JSON.stringify(line.body)] : []));
      expect(bodies).toHaveLength(2);
      expect(bodies[0]).toContain(`first of ${i}\\"`);
      expect(recordings.end(id)).toMatchObject({
        state: 'success',
        reason: 'ended',
        stats: { llm: 2, tools: 1, tokens: { input: 6, output: 2 } },
      });
    }
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
      /^● 500 sessions {2}1,000 LLM calls, 500 tools, 3,000 in \/ 1,000 out tokens, /,
    );
  }, 120_000);
});
