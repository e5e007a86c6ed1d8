import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { verb as config } from '../../src/cli/commands/config.ts';
import { CliFailure } from '../../src/cli/failure.ts';
import { OPTIONS } from '../../src/client/options.ts';
import { resolveOptions, showValue } from '../../src/client/resolve.ts';
import {
  checkPrototypes,
  fuzz,
  FUZZ_TIMEOUT_MS,
  HOSTILE_TEXTS,
  hostileJson,
  jsonOf,
  mutateJson,
  nested,
  type Random,
} from '../support/random.ts';

let root: string;
let file: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'hindcast-options-'));
  mkdirSync(join(root, '.hindcast'), { mode: 0o700 });
  file = join(root, 'hindcast.config.json');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const SOUND = {
  record: 'full',
  dir: 'elsewhere',
  endpoint: 'http://localhost:4318',
  headers: { a: 'b' },
  agent: { id: 'a', name: 'n', version: '1' },
  session: { id: 's' },
  tags: ['x'],
  exitTimeoutMs: 100,
  prices: { m: { input: 1, output: 2 } },
  quiet: true,
};

const NAMES = OPTIONS.map(({ name }) => name);

/** A file as a person, an editor or a disk leaves it. */
function fileOf(random: Random): string | Buffer {
  const data: Record<string, unknown> = structuredClone(SOUND);
  for (let changes = random.below(4); changes > 0; changes--) mutateJson(data, random);
  if (random.once(3)) data[random.pick(NAMES)] = hostileJson(random);
  const text = jsonOf(random.once(12) ? hostileJson(random) : data);
  switch (random.below(10)) {
    case 0:
      return random.bytes(random.below(400));
    case 1:
      return text.slice(0, random.below(text.length));
    case 2:
      return `\ufeff${text}`;
    case 3:
      return text.replaceAll(',', ',\r\n');
    case 4:
      return `${text}${random.pick(['}', '\u0000', '// no', ','])}`;
    case 5:
      return `{"__proto__":{"polluted":1},"agent":{"__proto__":{"id":"p"}},"constructor":{"prototype":{"polluted":1}}}`;
    case 6:
      return `${'{"agent":'.repeat(random.pick([10, 60_000]))}1`;
    case 7:
      return `{"tags":["${'x'.repeat(random.pick([10, 1_100_000]))}"]}`;
    default:
      return text;
  }
}

function envOf(random: Random): Record<string, string | undefined> {
  const names = OPTIONS.flatMap(({ env }) => env.map(({ name }) => name));
  return Object.fromEntries(
    Array.from({ length: random.below(6) }, () => [
      random.pick(names),
      random.once(3)
        ? jsonOf(hostileJson(random)).slice(0, 100_000)
        : random.pick([...HOSTILE_TEXTS, 'true', '1', 'http://[', 'a=b,=', '%', 'a=%zz', ',,,']),
    ]),
  );
}

/** What JavaScript lets through as the argument of `init()`. */
function givenOf(random: Random): object {
  const throwing = new Proxy({}, { get: thrower, ownKeys: thrower, getOwnPropertyDescriptor: thrower, has: thrower });
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const values = [
    throwing,
    proxy,
    Symbol('s'),
    10n,
    () => {},
    Object.create(null),
    {
      get id() {
        return thrower();
      },
    },
    { toString: thrower },
    new Date(Number.NaN),
    nested(20_000),
    [throwing],
    new Map(),
    Number.NaN,
    Promise.resolve(1),
    hostileJson(random),
  ];
  if (random.once(6)) return random.pick(values) as object;
  const given: Record<string, unknown> = {};
  for (let members = random.below(6); members > 0; members--) {
    const [first = ''] = random.pick([...NAMES, ...HOSTILE_TEXTS.filter((text) => text !== '__proto__')]).split('.');
    given[first] = random.pick(values);
  }
  if (random.once(8)) Object.defineProperty(given, 'tags', { get: thrower, enumerable: true });
  return given;
}

const thrower = (): never => {
  throw new Error('no');
};

function checkProblems(problems: readonly string[]): void {
  for (const problem of problems) {
    if (!/^\S.{8,}\S$/s.test(problem) || /undefined|\[object|NaN/.test(problem)) throw new Error(`not a sentence: ${problem}`);
    if (!/init\(\)|hindcast\.config\.json|[A-Z]+_[A-Z_]+|TRACEPARENT|endpoint|captureContent/.test(problem))
      throw new Error(`names no place: ${problem}`);
    if (problem.length > 2000) throw new Error(`a problem of ${problem.length} characters`);
  }
}

describe('fuzz: options', () => {
  it('never throw, and say what is wrong and where', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    await fuzz(300, (random) => {
      writeFileSync(file, fileOf(random));
      const { values, origins, problems } = resolveOptions(givenOf(random), envOf(random), root);
      checkProblems(problems);
      for (const option of OPTIONS) {
        showValue(option, values);
        expect(typeof origins[option.name]).toBe('string');
      }
      expect(typeof values.dir).toBe('string');
      expect(typeof values.agent).toBe('object');
      checkPrototypes();
    });
  });

  it('that a command line sets leave the rest of the file as it was', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    await fuzz(60, async (random) => {
      const before = fileOf(random);
      writeFileSync(file, before);
      const option = random.pick(OPTIONS);
      const text = random.pick(['x', 'true', '5', 'http://localhost:1', 'a,b', '{"m":{"input":1}}', 'full', ...HOSTILE_TEXTS]);
      const verb = random.pick([
        ['set', option.name, '--', text],
        ['set', option.name, '--unset'],
        ['get', option.name],
        ['show'],
        ['set', random.pick(HOSTILE_TEXTS), '--', 'x'],
      ]);
      const wasChanged = await configure([...verb, '--force'].filter((arg) => arg !== '--force' || verb[0] === 'set'));
      const after = readFileSync(file);
      if (!wasChanged || verb[0] !== 'set') {
        expect(after.equals(Buffer.from(before as string)), 'a file that is not set, or was not understood, stays').toBe(true);
        return;
      }
      const [was, is] = [before, after].map(
        (bytes) => JSON.parse(bytes.toString().replace(/^\ufeff/, '')) as Record<string, unknown>,
      );
      const [first = ''] = option.name.split('.');
      for (const name of Object.keys(was!)) if (name !== first) expect(jsonOf(is![name]) === jsonOf(was![name]), name).toBe(true);
      for (const name of Object.keys(is!)) if (name !== first) expect(Object.hasOwn(was!, name), name).toBe(true);
      checkPrototypes();
    });
  });
});

/** Runs `hindcast config`; false: it refused. */
async function configure(args: string[]): Promise<boolean> {
  const spies = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockImplementation(() => true));
  const before = process.exitCode;
  try {
    const verb = config();
    for (const command of [verb, ...verb.commands]) command.exitOverride();
    // The options stand before what may look like one.
    const at = args.indexOf('--');
    const [head, tail] = at < 0 ? [args, []] : [args.slice(0, at), args.slice(at)];
    await verb.parseAsync(
      [
        ...head.slice(0, 1),
        '--dir',
        root,
        ...(tail.length > 0 && head[0] === 'set' ? ['--force'] : []),
        ...head.slice(1).filter((arg) => arg !== '--force'),
        ...tail.filter((arg) => arg !== '--force'),
      ],
      { from: 'user' },
    );
    return true;
  } catch (error) {
    if (error instanceof CliFailure) {
      if (/undefined|NaN|\[object|Maximum call/.test(error.message)) throw error;
      return false;
    }
    throw error;
  } finally {
    process.exitCode = before;
    for (const spy of spies) spy.mockRestore();
  }
}
