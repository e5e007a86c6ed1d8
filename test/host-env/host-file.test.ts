import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hostChildEnv } from '../../src/client/host-child.ts';
import { LoadedPackages } from '../../src/client/loaded-packages.ts';
import { detectContainer } from '../../src/host-env/container.ts';
import { findProjectRoot, readHost, releaseLock, takeLock, writeHost } from '../../src/host-env/host-file.ts';
import { readDeclared } from '../../src/host-env/packages.ts';

const FACTS = { os: { platform: 'linux' } };
let dir: string;
let root: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hindcast-host-'));
  root = join(dir, 'app');
  mkdirSync(root);
  writeFileSync(join(root, 'package.json'), '{"name":"app"}');
});

afterEach(() => {
  chmodSync(dir, 0o700);
  rmSync(dir, { recursive: true, force: true });
});

const path = (): string => join(dir, 'host.json');
const change = (over: object): void => {
  const file = JSON.parse(readFileSync(path(), 'utf8'));
  Object.assign(file.projects[root], over);
  writeFileSync(path(), JSON.stringify(file));
};

describe('H2 host.json', () => {
  test('is read back, for the owner only, with nothing left beside it', () => {
    writeHost(dir, root, FACTS);
    expect(readHost(dir, root)).toEqual(FACTS);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir).sort()).toEqual(['app', 'host.json']);
  });

  test('holds no longer after a day, another boot, another Node, a changed manifest', () => {
    writeHost(dir, root, FACTS);
    const { key } = JSON.parse(readFileSync(path(), 'utf8')).projects[root];
    change({ atMs: Date.now() - 25 * 3600_000 });
    expect(readHost(dir, root)).toBeUndefined();
    change({ atMs: Date.now(), key: { ...key, machine: 'another' } });
    expect(readHost(dir, root)).toBeUndefined();
    change({ key: { ...key, node: 'v1.0.0' } });
    expect(readHost(dir, root)).toBeUndefined();
    change({ key });
    expect(readHost(dir, root)).toEqual(FACTS);
    utimesSync(join(root, 'package.json'), 1, 1);
    expect(readHost(dir, root)).toBeUndefined();
  });

  test('two projects of one folder have an entry each, and only so many are kept', () => {
    const roots = Array.from({ length: 25 }, (_, i) => join(dir, `app${i}`));
    for (const each of roots) writeHost(dir, each, { projectRoot: each });
    expect(readHost(dir, roots[24]!)).toEqual({ projectRoot: roots[24] });
    expect(readHost(dir, roots[10]!)).toEqual({ projectRoot: roots[10] });
    expect(Object.keys(JSON.parse(readFileSync(path(), 'utf8')).projects)).toHaveLength(20);
  });

  test.each(['', '{', 'null', '[]', '{"version":2,"projects":{}}', '{"version":1}'])('%j is nothing, and is replaced', (text) => {
    writeFileSync(path(), text);
    expect(readHost(dir, root)).toBeUndefined();
    writeHost(dir, root, FACTS);
    expect(readHost(dir, root)).toEqual(FACTS);
  });

  test('one at a time looks it up; a lock that somebody left is no obstacle', () => {
    expect(takeLock(dir)).toBe(true);
    expect(takeLock(dir)).toBe(false);
    releaseLock(dir);
    expect(takeLock(dir)).toBe(true);
    utimesSync(join(dir, 'host.lock'), 1, 1);
    expect(takeLock(dir)).toBe(true);
    expect(takeLock(dir)).toBe(false);
    expect(takeLock(join(dir, 'not there'))).toBe(false);
  });
});

describe('H1 sources', () => {
  test('the project is the nearest folder with a manifest', () => {
    const deep = join(root, 'a/b');
    mkdirSync(deep, { recursive: true });
    expect(findProjectRoot(deep)).toBe(root);
  });

  test('declared packages: as installed, wherever; else as asked for, without places and what they hold', () => {
    const install = (folder: string, name: string, version: string): void => {
      mkdirSync(join(folder, 'node_modules', name), { recursive: true });
      writeFileSync(join(folder, 'node_modules', name, 'package.json'), JSON.stringify({ name, version }));
    };
    install(root, '@a/own', '1.2.3');
    install(dir, 'hoisted', '4.5.6');
    writeFileSync(
      join(root, 'package.json'),
      JSON.stringify({
        dependencies: {
          '@a/own': '^1',
          hoisted: '*',
          missing: '^7.0.0',
          private: 'git+https://user:canary-token@example.com/x.git',
          short: 'canary-owner/repo',
          local: 'file:../canary-place',
          '../../canary': '1.0.0',
        },
        devDependencies: { hoisted: '1', dev: '~2.0' },
      }),
    );
    expect(readDeclared(root)).toEqual({
      '@a/own': '1.2.3',
      hoisted: '4.5.6',
      missing: '^7.0.0',
      private: 'git+https',
      short: 'git',
      local: 'file',
      dev: '~2.0',
    });
    writeFileSync(join(root, 'package.json'), '{}');
    expect(readDeclared(root)).toBeUndefined();
  });

  const none = { exists: () => false, read: () => '', env: {} };
  test.each([
    ['kubernetes', { ...none, env: { KUBERNETES_SERVICE_HOST: '1' } }],
    ['docker', { ...none, exists: (file: string) => file === '/.dockerenv' }],
    ['podman', { ...none, exists: (file: string) => file === '/run/.containerenv' }],
    ['docker', { ...none, read: (file: string) => (file === '/proc/1/cgroup' ? '12:cpu:/docker/8f2a\n' : '') }],
    ['kubernetes', { ...none, read: (file: string) => (file === '/proc/1/cgroup' ? '0::/kubepods.slice/x\n' : '') }],
    ['lxc', { ...none, env: { container: 'lxc' } }],
    ['systemd-nspawn', { ...none, read: (file: string) => (file === '/run/systemd/container' ? 'systemd-nspawn\n' : '') }],
    [undefined, none],
    [
      undefined,
      { ...none, read: (file: string) => (file === '/proc/1/cgroup' ? '0::/init.scope\n' : ''), env: { container: '<&>' } },
    ],
  ])('container %s', (name, signs) => {
    expect(detectContainer(signs)).toBe(name);
  });

  test('the process that looks it up is given what says where it runs, and no secret', () => {
    const env = hostChildEnv({
      PATH: '/bin',
      NODE_OPTIONS: '--import hindcast/register',
      HINDCAST_PARENT_SESSION: 'ses_1',
      TRACEPARENT: '00-1-1-01',
      OPENAI_API_KEY: 'sk-canary',
      JENKINS_URL: 'https://canary',
      CI: 'woodpecker',
      TRAVIS: '',
    });
    expect(env).toEqual({ PATH: '/bin', JENKINS_URL: '1', CI: 'woodpecker' });
  });

  test('every CI service that ci-info knows is known from that environment', () => {
    interface Vendor {
      name: string;
      env: unknown;
    }
    const vendors = createRequire(import.meta.url)('ci-info/vendors.json') as Vendor[];
    const variables = (of: any): Record<string, string> => {
      if (typeof of === 'string') return { [of]: 'x' };
      if (Array.isArray(of)) return Object.assign({}, ...of.map(variables));
      if (of.env) return { [of.env]: of.includes };
      return of.any ? variables(of.any[0]) : of;
    };
    expect(vendors.length).toBeGreaterThan(40);
    for (const { name, env } of vendors) {
      const given = variables(env);
      expect([name, Object.keys(hostChildEnv(given))]).toEqual([name, Object.keys(given)]);
    }
  });

  test('loaded packages: patched SDKs, and what require() has loaded', () => {
    const require = createRequire(import.meta.url);
    require('ci-info');
    const copy = { package: 'openai', dir: '/x', version: '7.0.0' };
    const target = { package: 'openai', esm: [], cjs: [] };
    const loaded = new LoadedPackages(() => [
      { ...copy, modules: [{ target, format: 'esm', file: '/x/a.mjs', state: 'patched' }] },
      { ...copy, version: '6.0.0', modules: [{ target, format: 'cjs', file: '/x/a.js', state: 'failed' }] },
      { ...copy, package: 'anthropic', modules: [{ target, format: 'cjs', file: '/x/a.js', state: 'not loaded' }] },
    ]);
    const { version } = require('ci-info/package.json') as { version: string };
    expect(loaded.list()).toMatchObject({ openai: '7.0.0, 6.0.0', 'ci-info': version });
    expect(loaded.list()).not.toHaveProperty('anthropic');
  });
});
