/** The same on every release of Node that is here, from one to the next, through loaders and bundlers, beside others that follow promises, and where nobody can. */
import { symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { RUNTIME_MAJORS, runtimePath } from '../../scripts/runtimes.ts';
import { newFolder } from '../cli/process.ts';
import { agentNamed } from './agents.ts';
import { forget, recordTrial, replayTrial } from './trials.ts';
import type { HowToRecord, Outcome, RecordedTrial } from './trials.ts';

const root = join(import.meta.dirname, '../..');
const releases = RUNTIME_MAJORS.flatMap((major) => {
  const node = runtimePath(major);
  return node === null ? [] : [{ major, node }];
});
const TSX = ['--import', join(root, 'node_modules/tsx/dist/esm/index.mjs')];
const OTHER_HOOKS = `data:text/javascript,
  import { AsyncLocalStorage, createHook } from 'node:async_hooks';
  const kinds = new Map();
  createHook({ init: (id, kind) => kinds.set(id, kind), destroy: (id) => kinds.delete(id) }).enable();
  new AsyncLocalStorage().enterWith({});`;
/** As on Bun. */
const NO_PROMISE_HOOKS = `data:text/javascript,import v8 from 'node:v8'; v8.promiseHooks.createHook = () => { throw new Error('not implemented'); };`;

/** What must be the same, and was. */
function same(recorded: RecordedTrial, { stdout, stderr, code, connections, summary }: Outcome): void {
  expect({ stdout, code, connections, summary }, stderr).toEqual({
    stdout: recorded.stdout,
    code: recorded.code,
    connections: 0,
    summary: expect.stringMatching(/^✓ .* answered from the recording/),
  });
}

async function recordAndReplay(file: string, how: HowToRecord = {}, env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const recorded = await recordTrial(file, how);
  expect([recorded.calls > 0, recorded.stdout !== '', recorded.code !== null], recorded.stderr).toEqual([true, true, true]);
  const outcome = await replayTrial(recorded, { ...(how.node !== undefined && { node: how.node }), env });
  same(recorded, outcome);
  forget(recorded);
  return outcome;
}

const known = ({ summary }: Outcome): void => expect(summary).not.toMatch(/found by|code is not/);

describe.each(releases)('R4 Node $major', ({ node }) => {
  it.each(['fan-out', 'streams'])('%s', async (name) => {
    known(await recordAndReplay(agentNamed(name).file, { node }));
  });
});

describe('R4 from one release to another', () => {
  const [oldest, ...newer] = releases;

  // What a program reads of clocks is recorded, so that durations, too, are those of the recording. Some of Node's own functions make another number of promises: what stands there is told apart by content.
  it.each(newer)(`what Node ${oldest?.major} recorded is the same on Node $major`, async ({ node }) => {
    const { file } = agentNamed('fan-out');
    const recorded = await recordTrial(file, { node: oldest!.node });
    const outcome = await replayTrial(recorded, { node, command: [node, file] });
    same(recorded, outcome);
    forget(recorded);
  });
});

describe('R4 loaders', () => {
  it('tsx', async () => {
    known(await recordAndReplay(agentNamed('tool-loop').file, { execArgs: TSX }));
  });

  it('source maps', async () => {
    known(await recordAndReplay(agentNamed('tool-loop').file, { execArgs: ['--enable-source-maps'] }));
  });

  it('another who follows promises', async () => {
    const recorded = await recordTrial(agentNamed('fan-out').file, { execArgs: ['--import', OTHER_HOOKS] });
    const again = await replayTrial(recorded);
    same(recorded, again);
    known(again);
    forget(recorded);
  });
});

describe('R4 shapes of programs', () => {
  const ASK = `const ask = async () => (await (await fetch(process.env.MODEL_URL + '/weather')).json()).said;`;
  const shapes: Record<string, Record<string, string>> = {
    'awaits at the top of modules': {
      'main.mjs': `import { first } from './first.mjs'; import { second } from './second.mjs'; console.log(first, second, Math.random());`,
      'first.mjs': `${ASK} export const first = await ask();`,
      'second.mjs': `${ASK} export const second = [await ask(), Date.now()];`,
    },
    'modules that are loaded when they are needed': {
      'main.mjs': `${ASK} const said = await ask(); const { later } = await import('./later.mjs'); console.log(said, await later());
        const all = await Promise.all([import('./later.mjs'), import('./other.cjs')]); console.log(await all[1].default.other(), await all[0].later());`,
      'later.mjs': `${ASK} const at = Date.now(); export const later = async () => [at, await ask(), Math.random()];`,
      'other.cjs': `${ASK} module.exports = { other: async () => [await ask(), new Date().toISOString()] };`,
    },
    'CommonJS with a main of its own': {
      'main.cjs': `${ASK} const { part } = require('./part.cjs');
        async function main() { console.log(await Promise.all([ask(), part(), ask()]), Math.random()); setTimeout(() => part().then(console.log), 3); }
        if (require.main === module) main().catch((error) => { console.error(error); process.exit(1); });`,
      'part.cjs': `${ASK} exports.part = () => ask().then((said) => said.length + ' ' + performance.now());`,
    },
  };

  it.each(Object.entries(shapes))('%s', async (_name, files) => {
    const folder = newFolder();
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    known(await recordAndReplay(join(folder, Object.keys(files)[0]!)));
  });

  it.each(['esm', 'cjs'] as const)('a bundle (%s)', async (format) => {
    const folder = newFolder();
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const outfile = join(folder, `bundle.${format === 'esm' ? 'mjs' : 'cjs'}`);
    const entry = join(folder, 'entry.mjs');
    // What a bundle of CommonJS cannot have is an await at its top.
    writeFileSync(
      entry,
      `import OpenAI from 'openai';
      const client = new OpenAI({ apiKey: 'none', baseURL: process.env.MODEL_URL + '/v1', maxRetries: 6 });
      const ask = async (content) => (await client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content }] })).choices[0].message.content;
      const main = async () => { console.log(await Promise.all([ask('a'), ask('a'), ask('b ' + Math.random())]), new Date()); };
      main().catch((error) => { console.log(error.message); process.exitCode = 1; });`,
    );
    await build({ entryPoints: [entry], bundle: true, platform: 'node', format, outfile, logLevel: 'silent' });
    expect(dirname(outfile)).toBe(folder);
    known(await recordAndReplay(outfile));
  });
});

describe('R5 where promises cannot be followed', () => {
  it('places are known by events, and what was said does the rest; both sides say so', async () => {
    const recorded = await recordTrial(agentNamed('tool-loop').file, {
      execArgs: ['--import', NO_PROMISE_HOOKS],
      env: { NODE_OPTIONS: WITHOUT },
    });
    expect(recorded.stderr).toContain('hindcast: this runtime has no promise hooks');
    const again = await replayTrial(recorded, { env: { NODE_OPTIONS: WITHOUT } });
    same(recorded, again);
    expect(again.summary).toContain('this runtime tells no places apart but by events and by what was said');
    forget(recorded);
  });
});

/** Before hindcast itself is loaded. */
const WITHOUT = `--import=${JSON.stringify(NO_PROMISE_HOOKS)}`;
