/** On Bun, where it is installed: a program is recorded and replayed with the server gone. And what Bun and Deno are told by their command lines. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runtimeOf, withoutRegister, withRegister } from '../../src/replay/register-options.ts';
import { cleanEnv, hindcast, newFolder } from '../cli/process.ts';
import { moduleAt } from './processes.ts';
import { startWhimsicalModel } from './whimsical-model.ts';

const bun = spawnSync('bun', ['--version'], { encoding: 'utf8' }).status === 0;

const AGENT = `
  import OpenAI from ${moduleAt('openai/index.mjs')};
  const client = new OpenAI({ apiKey: 'none', baseURL: process.env.MODEL_URL + '/v1', maxRetries: 9 });
  const ask = async (content) => (await client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content }] })).choices[0].message.content;
  console.log(await ask('one ' + Math.random()), Date.now(), crypto.randomUUID());
  console.log(await Promise.all(['a', 'b', 'c'].map(ask)));
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.exitCode = 3;
`;

describe.skipIf(!bun)('R5 on Bun', () => {
  it('is recorded, and replayed on Bun by events and content, which is said', async () => {
    const cwd = newFolder();
    writeFileSync(join(cwd, 'agent.mjs'), AGENT);
    const model = await startWhimsicalModel();
    const ran = await hindcast(['run', '--', 'bun', 'agent.mjs'], { cwd, env: { MODEL_URL: model.url } });
    await model.close();
    expect([ran.code, model.requests.length >= 4], ran.stderr).toEqual([3, true]);
    expect(ran.stderr).toMatch(/^hindcast: this runtime has no promise hooks/m);
    expect(ran.stderr).toMatch(/● ses_\w+ {2}4 LLM calls/);
    const again = await hindcast(['replay'], { cwd, env: cleanEnv() });
    expect([again.stdout, again.code], again.stderr).toEqual([ran.stdout, 3]);
    expect(again.stderr).toMatch(/^✓ .* answered from the recording.*no places apart but by events/m);
  });
});

describe('Bun and Deno are told by their command lines', () => {
  const register = (command: string[]): string[] =>
    withRegister(command).map((each) => each.replace(/=.*[\\/](register\.ts)$/, '=$1'));

  it.each([
    [
      ['bun', 'agent.ts', '--x'],
      ['bun', '--preload=register.ts', 'agent.ts', '--x'],
    ],
    [
      ['/opt/bun', 'run', 'agent.ts'],
      ['/opt/bun', '--preload=register.ts', 'run', 'agent.ts'],
    ],
    [
      ['deno', 'run', '-A', 'agent.ts'],
      ['deno', 'run', '--preload=register.ts', '-A', 'agent.ts'],
    ],
    [
      ['deno', 'fmt'],
      ['deno', 'fmt'],
    ],
    [
      ['node', 'bun', 'deno'],
      ['node', 'bun', 'deno'],
    ],
    [['bunyan'], ['bunyan']],
  ])('%j', (command, told) => {
    expect(register(command)).toEqual(told);
    expect(withoutRegister(withRegister(command))).toEqual(command);
  });

  it('a recording says by its command line what it was made on', () => {
    expect([runtimeOf({ argv: ['/opt/bun', 'a.ts'] }), runtimeOf({ argv: ['/usr/bin/node', 'bun'] }), runtimeOf({})]).toEqual([
      'bun',
      null,
      null,
    ]);
  });
});
