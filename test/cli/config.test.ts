/** `hindcast config get|set|init`: the configuration file as a user changes it. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { OPTIONS } from '../../src/client/options.ts';
import { CONFIG_FILE, resolveOptions } from '../../src/client/resolve.ts';
import { hindcast, newFolder } from './process.ts';

let cwd: string;
let file: string;
beforeEach(() => {
  cwd = newFolder();
  mkdirSync(join(cwd, '.hindcast'));
  file = join(cwd, CONFIG_FILE);
});

const config = (args: string[], env: NodeJS.ProcessEnv = {}) => hindcast(['config', ...args], { cwd, env });
const held = (): unknown => JSON.parse(readFileSync(file, 'utf8'));

describe('config set', () => {
  it('writes a value of each kind as init() reads it, and takes it out again', async () => {
    const cases: [name: string, text: string, value: unknown][] = [
      ['quiet', 'yes', true],
      ['record', 'Metadata', 'metadata'],
      ['exitTimeoutMs', '20', 20],
      ['tags', 'eu, nightly', ['eu', 'nightly']],
      ['agent.id', 'support', 'support'],
      ['endpoint', 'http://localhost:4318', 'http://localhost:4318'],
      ['prices', '{"m":{"input":1,"output":2}}', { m: { input: 1, output: 2 } }],
      ['session.traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', expect.any(String)],
    ];
    for (const [name, text, value] of cases) {
      const { code, stdout, stderr } = await config(['set', name, text]);
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `written to ${file}\n`, stderr: '' });
      const [first = '', second] = name.split('.');
      expect(held()).toMatchObject(second === undefined ? { [first]: value } : { [first]: { [second]: value } });
    }
    const { problems, origins } = resolveOptions({}, {}, cwd);
    expect(problems).toEqual([]);
    for (const [name] of cases) expect(origins[name]).toBe(file);
    for (const [name] of cases) expect((await config(['set', name, '--unset'])).code).toBe(0);
    expect(held()).toEqual({});
    expect((await config(['set', 'quiet', '--unset'])).stdout).toBe(`${file} does not hold it\n`);
  });

  it('keeps the other members, their order, the indentation, the line ends and the mode, and leaves nothing beside it', async () => {
    const text = '{\r\n\t"$schema": "x",\r\n\t"unknown": { "a": [1, 2] },\r\n\t"agent": { "name": "n" },\r\n\t"quiet": true\r\n}';
    writeFileSync(file, text);
    chmodSync(file, 0o640);
    await config(['set', 'agent.id', 'i']);
    const after = readFileSync(file, 'utf8');
    expect(Object.keys(held() as object)).toEqual(['$schema', 'unknown', 'agent', 'quiet']);
    expect(held()).toMatchObject({ unknown: { a: [1, 2] }, agent: { name: 'n', id: 'i' }, quiet: true });
    expect(after).toMatch(/^\{\r\n\t"\$schema": "x",\r\n/);
    expect(after.replaceAll('\r\n', '')).not.toContain('\n');
    expect(after.endsWith('}')).toBe(true);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readdirSync(cwd).toSorted()).toEqual(['.hindcast', CONFIG_FILE]);
  });

  it('is found from below the project, follows a link, and means a path from where it is typed', async () => {
    mkdirSync(join(cwd, 'a/b'), { recursive: true });
    writeFileSync(join(cwd, 'real.json'), '{}\n');
    symlinkSync('real.json', file);
    const below = await hindcast(['config', 'set', 'dir', 'kept'], { cwd: join(cwd, 'a') });
    expect(below.code).toBe(0);
    expect(JSON.parse(readFileSync(join(cwd, 'real.json'), 'utf8'))).toEqual({ dir: 'a/kept' });
    expect(resolveOptions({}, {}, join(cwd, 'a/b')).values.dir).toBe(join(cwd, 'a/kept'));
    const other = newFolder();
    mkdirSync(join(other, '.hindcast'));
    await config(['set', 'quiet', 'true', '--dir', join(other, '.hindcast')]);
    expect(JSON.parse(readFileSync(join(other, CONFIG_FILE), 'utf8'))).toEqual({ quiet: true });
  });

  it.each([
    [['set', 'quiet', 'perhaps'], 2, /quiet must be true or false/],
    [['set', 'exitTimeoutMs', '-1'], 2, /unknown option|must be milliseconds/],
    [['set', 'recrod', 'full'], 2, /no option "recrod"[^]*Did you mean record\?/],
    [['set', 'agent', 'x'], 2, /no option "agent"[^]*agent\.id, agent\.name, agent\.version/],
    [['set', 'zzzzzzzzzz', 'x'], 2, /config show lists the options/],
    [['set', 'exporter', 'x'], 2, /exporter can only be set in code[^]*init\(\{ exporter/],
    [['set', 'classifier', '--unset'], 2, /can only be set in code/],
    [['set', 'quiet'], 2, /quiet needs a value/],
    [['set', 'quiet', 'true', '--unset'], 2, /is given a value and --unset/],
    [['set'], 2, /missing required argument/],
    [['get', 'recrod'], 2, /Did you mean record\?/],
  ])('refuses %j', async (args, exitCode, said) => {
    const { code, stderr, stdout } = await config(args);
    expect([code, stdout]).toEqual([exitCode, '']);
    expect(stderr).toMatch(said);
    expect(existsSync(file)).toBe(false);
  });

  it('writes no credential unless it is forced to, and shows none', async () => {
    for (const [name, text, variable] of [
      ['headers', 'authorization=SECRET', 'HINDCAST_HEADERS'],
      ['endpoint', 'http://u:SECRET@c', 'HINDCAST_ENDPOINT'],
    ] as const) {
      const refused = await config(['set', name, text]);
      expect([refused.code, existsSync(file)]).toEqual([2, false]);
      expect(refused.stderr).toContain(`Set ${variable} in the environment; --force`);
      expect(refused.stderr).not.toContain('SECRET');
    }
    const forced = await config(['set', 'headers', 'authorization=SECRET', '--force', '--json']);
    expect(JSON.parse(forced.stdout)).toEqual({ file, name: 'headers', value: '<redacted>', changed: true });
    expect(held()).toEqual({ headers: { authorization: 'SECRET' } });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await config(['get', 'headers'])).stdout).toBe('authorization=<redacted>\n');
    expect((await config(['set', 'headers', '--unset'])).code).toBe(0);
  });

  it.each([
    ['{\n  "quiet": true,\n  "tags": [}\n', `${CONFIG_FILE}:3:12 is no JSON`],
    ['{"quiet": true', `${CONFIG_FILE}:1:15 is no JSON`],
    ['{\n  // no comments\n  "quiet": true\n}', `${CONFIG_FILE}:2:3 is no JSON`],
    ['{ "quiet": true, }', `${CONFIG_FILE}:1:18 is no JSON`],
    ['{ "a": "b\nc" }', `${CONFIG_FILE}:1:8 is no JSON`],
    ['', `${CONFIG_FILE}:1:1 is no JSON`],
    ['[1]', 'must hold a JSON object'],
    ['{"agent": "x"}', 'agent in the file is no object'],
  ])('leaves a file that it does not understand as it is: %j', async (text, said) => {
    writeFileSync(file, text);
    const { code, stderr } = await config(['set', 'agent.id', 'x']);
    expect(code).toBe(1);
    expect(stderr).toContain(said);
    expect(stderr).toContain('nothing was changed');
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(readdirSync(cwd).toSorted()).toEqual(['.hindcast', CONFIG_FILE]);
  });

  it('says when the environment goes before the file', async () => {
    const { code, stderr } = await config(['set', 'quiet', 'true'], { HINDCAST_QUIET: 'false' });
    expect([code, stderr]).toEqual([0, 'HINDCAST_QUIET is set here, and goes before the file\n']);
  });
});

describe('config get', () => {
  it('prints the value that an init() here would have, and with --json what set it', async () => {
    writeFileSync(file, JSON.stringify({ agent: { id: 'of-file' }, tags: ['a'] }));
    expect((await config(['get', 'agent.id'])).stdout).toBe('of-file\n');
    expect((await config(['get', 'agent.id'], { HINDCAST_AGENT_ID: 'of-env' })).stdout).toBe('of-env\n');
    expect((await config(['get', 'endpoint'])).stdout).toBe('(none)\n');
    expect(JSON.parse((await config(['get', 'tags', '--json'])).stdout)).toEqual({ name: 'tags', value: ['a'], origin: file });
    expect(JSON.parse((await config(['get', 'exitTimeoutMs', '--json'])).stdout)).toEqual({
      name: 'exitTimeoutMs',
      value: 1500,
      origin: 'default',
    });
  });

  it('knows every option', async () => {
    const all = JSON.parse((await config(['show', '--json'])).stdout) as { options: { name: string; value: unknown }[] };
    expect(all.options.map(({ name }) => name)).toEqual(OPTIONS.map(({ name }) => name));
    for (const { name } of [OPTIONS[0]!, OPTIONS.at(-1)!]) {
      const got = JSON.parse((await config(['get', name, '--json'])).stdout) as { value: unknown };
      expect(got.value).toEqual(all.options.find((option) => option.name === name)?.value);
    }
  });
});

describe('config init', () => {
  it('makes a file with the agent of package.json, and nothing else', async () => {
    writeFileSync(join(cwd, 'package.json'), JSON.stringify({ name: 'support-agent', version: '1.2.3', private: true }));
    const { code, stdout } = await config(['init']);
    expect([code, stdout]).toEqual([0, `written: ${file}\n`]);
    expect(readFileSync(file, 'utf8')).toBe('{\n  "agent": {\n    "name": "support-agent",\n    "version": "1.2.3"\n  }\n}\n');
    expect(resolveOptions({}, {}, cwd)).toMatchObject({
      values: { agent: { name: 'support-agent', version: '1.2.3' } },
      problems: [],
    });
  });

  it('makes an empty one where nothing is known, names the schema where it is installed, and replaces only with --force', async () => {
    expect(JSON.parse((await config(['init', '--json'])).stdout)).toEqual({ file, config: {} });
    expect(readFileSync(file, 'utf8')).toBe('{}\n');
    const schema = './node_modules/hindcast/docs/config.schema.json';
    mkdirSync(join(cwd, 'node_modules/hindcast/docs'), { recursive: true });
    writeFileSync(join(cwd, schema), '{}');
    writeFileSync(join(cwd, 'package.json'), 'not json');
    const refused = await config(['init']);
    expect([refused.code, refused.stderr]).toEqual([1, `hindcast: ${file} is there already\n  --force replaces it.\n`]);
    expect((await config(['init', '--force'])).code).toBe(0);
    expect(held()).toEqual({ $schema: schema });
  });
});
