/** Programs that import Mistral's SDK in every way and order: each makes one call, which is one event with its exchange. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runtimePath } from '../../scripts/runtimes.ts';
import type { RuntimeMajor } from '../../scripts/runtimes.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { StandIn } from '../../src/testing/stand-in.ts';
import * as wire from '../../src/testing/wire-mistral.ts';

const root = join(import.meta.dirname, '../..');
const OURS = JSON.stringify(pathToFileURL(join(root, 'src/index.ts')).href);
const INIT = `(await import(${OURS})).init({ quiet: true, logLevel: 'off', record: 'full', dir: process.env.DIR });`;
const CHAT = `{ model: 'm', messages: [{ role: 'user', content: 'Hello?' }] }`;
const OPTIONS = `{ apiKey: 'key', serverURL: process.env.URL }`;
const CALL = `await client.chat.complete(${CHAT});`;
const FUNCTION = `const { ok } = await chatComplete(new MistralCore(${OPTIONS}), ${CHAT}); if (!ok) throw new Error('refused');`;
const REQUIRE = `const require = (await import('node:module')).createRequire(process.cwd() + '/x.js');`;

/** Lines of a program; a client is made and a call made at the end. */
const PROGRAMS: Record<string, readonly string[]> = {
  '2: import, init': [`import { Mistral } from '@mistralai/mistralai';`, INIT, `const client = new Mistral(${OPTIONS});`, CALL],
  '2: init, import()': [
    INIT,
    `const { Mistral } = await import('@mistralai/mistralai');`,
    `const client = new Mistral(${OPTIONS});`,
    CALL,
  ],
  '2: client and a first call, init': [
    `import { Mistral } from '@mistralai/mistralai';`,
    `const client = new Mistral(${OPTIONS});`,
    CALL,
    INIT,
    CALL,
  ],
  '2: functions only, imported before': [
    `import { MistralCore } from '@mistralai/mistralai/core.js';`,
    `import { chatComplete } from '@mistralai/mistralai/funcs/chatComplete.js';`,
    INIT,
    FUNCTION,
  ],
  '2: functions only, imported after': [
    INIT,
    `const { MistralCore } = await import('@mistralai/mistralai/core.js');`,
    `const { chatComplete } = await import('@mistralai/mistralai/funcs/chatComplete.js');`,
    FUNCTION,
  ],
  '1: require, init': [
    REQUIRE,
    `const { Mistral } = require('mistral-1');`,
    INIT,
    `const client = new Mistral(${OPTIONS});`,
    CALL,
  ],
  '1: init, require': [
    INIT,
    REQUIRE,
    `const { Mistral } = require('mistral-1');`,
    `const client = new Mistral(${OPTIONS});`,
    CALL,
  ],
  '1: init, import()': [INIT, `const { Mistral } = await import('mistral-1');`, `const client = new Mistral(${OPTIONS});`, CALL],
  '1: functions only, required after': [
    INIT,
    REQUIRE,
    `const { MistralCore } = require('mistral-1/core.js');`,
    `const { chatComplete } = require('mistral-1/funcs/chatComplete.js');`,
    FUNCTION,
  ],
};
const EVERYWHERE = ['2: import, init', '2: functions only, imported after', '1: init, require'];

const folder = mkdtempSync(join(tmpdir(), 'hindcast-mistral-'));
let server: StandIn;
beforeAll(async () => {
  server = await startStandIn(() => ({ body: wire.mistralChat() }));
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function run(node: string, lines: readonly string[], dir: string): Promise<{ code: number | null; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(node, ['--no-warnings', '--input-type=module', '-e', lines.join('\n')], {
      cwd: root,
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, DIR: dir, URL: server.url },
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: 60_000,
    });
    let stderr = '';
    child.stderr.on('data', (bytes) => (stderr += bytes));
    child.on('close', (code) => resolve({ code, stderr }));
  });
}

function eventsIn(dir: string): any[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(dir, name), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line))
    .flatMap(({ k, e }) => (k === 'event' ? [e] : []));
}

describe.each([24, 22, 26] satisfies RuntimeMajor[])('P2 reach, Node %s', (major) => {
  const node = runtimePath(major);
  const names = major === 24 ? Object.keys(PROGRAMS) : EVERYWHERE;
  test.skipIf(node === null).each(names)('mistral %s', async (name) => {
    const dir = mkdtempSync(join(folder, 'run-'));
    const { code, stderr } = await run(node!, PROGRAMS[name]!, dir);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(eventsIn(dir)).toMatchObject([
      {
        type: 'llm',
        status: 'ok',
        llm: { provider: 'mistral_ai', api: 'mistral_chat', usage: { input: 12, output: 5 } },
        attempts: [{ status: 200 }],
      },
    ]);
  });
});
