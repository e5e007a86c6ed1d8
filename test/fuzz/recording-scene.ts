/** A recording with everything in it that a recording can hold, as lines that a test may change; and all that reads recordings. */
import { readFileSync, writeFileSync } from 'node:fs';
import { vi } from 'vitest';
import { verb as explain } from '../../src/cli/commands/explain.ts';
import { verb as exportVerb } from '../../src/cli/commands/export.ts';
import { verb as ls } from '../../src/cli/commands/ls.ts';
import { verb as search } from '../../src/cli/commands/search.ts';
import { verb as show } from '../../src/cli/commands/show.ts';
import { verb as stats } from '../../src/cli/commands/stats.ts';
import { verb as tag } from '../../src/cli/commands/tag.ts';
import { verb as verify } from '../../src/cli/commands/verify.ts';
import { CliFailure } from '../../src/cli/failure.ts';
import { framed, idOf, writeAgent, type WrittenRecording } from '../cli/written.ts';
import { type Random, jsonOf, mutateJson } from '../support/random.ts';

export type FreeLine = { s: number; k: string; [member: string]: unknown };

/** Writes one of everything. */
export function writeScene(hindcastDir: string, id: string, header: object = {}): WrittenRecording {
  const recording = writeAgent(hindcastDir, id, {
    tags: ['a'],
    metadata: { user: 'u' },
    links: [{ url: 'https://x.example/v', kind: 'video' }],
    argv: ['node', 'agent.js'],
    cwd: '/work',
    within: { trace: 'b'.repeat(32), span: idOf(77) },
    ...header,
  });
  return recording;
}

/** The lines that a scene has beside those of an agent; they stand before its `end`. */
export function moreLines(): Omit<FreeLine, 's'>[] {
  const run = { id: idOf(20), trace: 'a'.repeat(32), type: 'agent', name: 'run', start: 10, end: 900_000, status: 'error' };
  return [
    { k: 'open', t: 20, id: idOf(20), type: 'agent', name: 'run', agent: { name: 'x' } },
    {
      k: 'open',
      t: 21,
      id: idOf(21),
      parent: idOf(20),
      runId: idOf(20),
      type: 'step',
      name: 'plan',
      step: { seq: 1, type: 'plan', attempt: 1 },
    },
    {
      k: 'note',
      t: 22,
      on: idOf(21),
      n: { kind: 'failure', at: 22, type: 'tool', code: 'timeout', content: { message: 'late' } },
    },
    {
      k: 'note',
      t: 23,
      on: idOf(30),
      n: { kind: 'signal', at: 22, type: 'tool_success', code: 'first_attempt', value: true, weight: 1 },
    },
    { k: 'log', t: 23, on: idOf(20), stream: 'stdout', level: 'log', text: 'printed \u001b[31mred' },
    {
      k: 'host',
      t: 24,
      h: {
        os: { platform: 'linux' },
        cpu: { brand: 'c', cores: 2 },
        memory: { total: 1, free: 1 },
        packages: { declared: { a: '1' } },
      },
    },
    { k: 'update', t: 25, tags: ['b'], metadata: { n: 1 }, links: [] },
    {
      k: 'event',
      t: 26,
      e: {
        ...{
          id: idOf(21),
          parent: idOf(20),
          runId: idOf(20),
          trace: 'a'.repeat(32),
          type: 'step',
          name: 'plan',
          start: 20,
          end: 800_000,
        },
        ...{
          status: 'error',
          error: { type: 'E', code: 'c', status: 500, from: idOf(22) },
          step: { seq: 1, type: 'plan', attempt: 2, retryOf: idOf(22) },
        },
        notes: [{ kind: 'failure', at: 22, type: 'tool', code: 'timeout', step: idOf(21), auto: true }],
        content: { error: { message: 'm', stack: 's' }, arguments: { a: [1] }, result: 'r' },
        attributes: { plan: 'p', n: 1, many: ['a', 'b'] },
      },
    },
    {
      k: 'event',
      t: 27,
      e: {
        ...run,
        run: { status: 'failure', reason: 'exception', environment: 'e', steps: 1, retries: 0, errors: 1 },
        agent: { id: 'i', version: '1' },
        error: { type: 'E', from: idOf(21) },
      },
    },
    {
      k: 'request',
      t: 28,
      x: 2,
      on: idOf(20),
      method: 'POST',
      url: 'https://x',
      headers: [['a', 'b']],
      body: { base: 1, head: 3, tail: 2, mid: 'mid' },
    },
    {
      k: 'response',
      t: 29,
      x: 2,
      status: 200,
      headers: [['content-type', 'application/json']],
      at: 29,
      ord: 4,
      body: { b64: 'AAAA' },
    },
    {
      k: 'data',
      t: 30,
      x: 2,
      body: { at: 0, len: 10, crc: 1, zstd: 20 },
      cuts: { len: [1, 2], at: [3, 4], ord: [5, 6] },
      end: { how: 'error', at: 31, ord: 7, error: { type: 'X' } },
    },
    { k: 'request', t: 32, x: 3, method: 'GET', url: 'https://y', headers: [], body: { omitted: 'why' } },
    { k: 'open', t: 33, id: idOf(30), parent: idOf(21), type: 'llm', name: 'chat' },
    { k: 'future', t: 34, anything: { at: 'all' } },
  ];
}

/** The lines of a recording as objects. */
export function linesOf(path: string): FreeLine[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => {
      const { c: _c, ...line } = JSON.parse(text) as FreeLine & { c?: string };
      return line;
    });
}

/** Writes lines with numbers and checksums that are right, whatever else they say. */
export function writeLines(path: string, lines: readonly FreeLine[]): void {
  writeFileSync(path, lines.map((line, s) => frameOf({ ...line, s })).join(''));
}

function frameOf(line: FreeLine): string {
  try {
    return framed(line);
  } catch {
    // Nested deeper than JSON.stringify goes.
    return framedText(jsonOf(line));
  }
}

function framedText(json: string): string {
  const covered = json.slice(0, -1);
  return `${covered},"c":"${crcOf(covered)}"}\n`;
}

const TABLE = Array.from({ length: 256 }, (_, index) => {
  let crc = index;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc >>> 0;
});

/** CRC-32C as 8 hex digits. */
export function crcOf(text: string): string {
  let crc = 0xffffffff;
  for (const byte of Buffer.from(text)) crc = (TABLE[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8);
  return ((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0');
}

/** Changes lines as a writer with a fault, or one that means harm, would. */
export function mutateLines(lines: FreeLine[], random: Random): void {
  for (let changes = 1 + random.below(5); changes > 0; changes--) {
    const at = random.below(lines.length);
    const other = random.below(lines.length);
    switch (random.below(10)) {
      case 0:
        [lines[at], lines[other]] = [lines[other]!, lines[at]!];
        break;
      case 1:
        lines.splice(random.below(lines.length + 1), 0, { ...lines[at]! });
        break;
      case 2:
        lines.splice(at, 1);
        if (lines.length === 0) return;
        break;
      case 3:
        tangle(lines, random);
        break;
      default:
        mutateJson(lines[at]!, random);
    }
  }
}

/** Makes events each other's parents, runs, origins and retries; and gives one the id of another. */
function tangle(lines: FreeLine[], random: Random): void {
  const events = lines.flatMap((line) =>
    line.k === 'event' ? [line['e'] as Record<string, unknown>] : line.k === 'open' ? [line as Record<string, unknown>] : [],
  );
  for (const event of events) {
    if (typeof event !== 'object' || event === null || random.once(2)) continue;
    const id = idOf(random.pick([1, 2, 3, 20, 21, 22, 30]));
    switch (random.below(5)) {
      case 0:
        event['id'] = id;
        break;
      case 1:
        event['parent'] = id;
        break;
      case 2:
        event['runId'] = id;
        break;
      case 3:
        event['error'] = { type: 'T', from: id };
        event['status'] = 'error';
        break;
      default:
        event['step'] = { seq: 1, type: 'x', attempt: 2, retryOf: id };
    }
  }
}

/** What a run of a verb gave. */
export interface Said {
  text: string;
  failure?: Error;
}

const VERBS = { show, explain, stats, search, export: exportVerb, ls, verify, tag };
export type VerbName = keyof typeof VERBS;

/** Runs a verb in this process; whatever it throws that is not its own kind of failure is thrown on. */
export async function runVerb(name: VerbName, args: string[]): Promise<Said> {
  let text = '';
  const take = (chunk: unknown): boolean => {
    text += String(chunk);
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(take as typeof process.stdout.write),
    vi.spyOn(process.stderr, 'write').mockImplementation(take as typeof process.stderr.write),
  ];
  const before = process.exitCode;
  try {
    await VERBS[name]().exitOverride().parseAsync(args, { from: 'user' });
    return { text };
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error;
    return { text, failure: error };
  } finally {
    process.exitCode = before;
    for (const spy of spies) spy.mockRestore();
  }
}
