import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { verb as importVerb } from '../../src/cli/commands/import.ts';
import { verb as exportVerb } from '../../src/cli/commands/export.ts';
import { readRecording } from '../../src/recording/recording.ts';
import { verifyRecording } from '../../src/recording/verify.ts';
import {
  checkPrototypes,
  fuzz,
  FUZZ_TIMEOUT_MS,
  hostileJson,
  jsonOf,
  mutateJson,
  nested,
  type Random,
} from '../support/random.ts';
import { type FreeLine, linesOf, moreLines, mutateLines, runVerb, writeLines, writeScene } from './recording-scene.ts';

let root: string;
let target: string;
let file: string;
let scene: FreeLine[];
let otlp: object;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'hindcast-import-'));
  target = join(root, 'target', '.hindcast');
  file = join(root, 'given.json');
  const { path } = writeScene(join(root, 'source'), 'ses_scene');
  const lines = linesOf(path);
  scene = [...lines.slice(0, -1), ...(moreLines() as FreeLine[]).filter(({ k, x }) => k !== 'data' && x !== 2), lines.at(-1)!];
  writeLines(path, scene);
  otlp = JSON.parse(
    (await runVerb('export', [path, '--format', 'otlp', '--content', '--dir', join(root, 'source')])).text,
  ) as object;
  expect(typeof exportVerb).toBe('function');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Taken {
  format?: string;
  sessions: { id: string; path: string; outcome: string }[];
  problems: string[];
}

/** Imports the file; what is written is sound, and what is not is told by its place. */
async function take(content: string | Buffer): Promise<Taken> {
  writeFileSync(file, content);
  rmSync(join(root, 'target'), { recursive: true, force: true });
  let text = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  const before = process.exitCode;
  try {
    await importVerb().exitOverride().parseAsync(['--json', '--quiet', '--dir', target, file], { from: 'user' });
  } finally {
    spy.mockRestore();
    process.exitCode = before;
  }
  const [taken] = JSON.parse(text) as Taken[];
  if (!taken) throw new Error('nothing was said');
  const dir = join(target, 'recordings');
  const written =
    taken.sessions.length === 0 && !existsIn(target) ? [] : readdirSync(dir).filter((name) => name.endsWith('.jsonl'));
  for (const name of written) {
    const { state, problems } = verifyRecording(join(dir, name));
    // A recording whose process died is taken as it is.
    if (state === 'damaged') throw new Error(`wrote a recording that is ${state}: ${problems[0]?.message}`);
    if (state !== 'ended' && taken.format !== 'recording') throw new Error(`wrote a recording that is ${state}`);
    readRecording(join(dir, name));
  }
  if (written.length !== taken.sessions.length)
    throw new Error(`wrote ${written.length} recordings, and said ${taken.sessions.length}`);
  if (taken.sessions.length === 0 && taken.problems.length === 0) throw new Error('refused without a word');
  for (const problem of taken.problems)
    if (/undefined|NaN|\[object|Maximum|Cannot read|is not a function/.test(problem)) throw new Error(`says ${problem}`);
  const strangers = readdirSync(root).filter((name) => !['source', 'target', 'given.json', 'lines.jsonl'].includes(name));
  expect(strangers, 'nothing is written outside of the project').toEqual([]);
  checkPrototypes();
  return taken;
}

function existsIn(folder: string): boolean {
  try {
    return readdirSync(join(folder, 'recordings')).length > 0;
  } catch {
    return false;
  }
}

const BOMB = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"${'a'.repeat(32)}","spanId":"${'b'.repeat(16)}","name":"x","startTimeUnixNano":"1700000000000000000","attributes":[{"key":"gen_ai.tool.call.arguments","value":{"stringValue":${JSON.stringify(jsonOf(nested(20_000)))}}},{"key":"gen_ai.operation.name","value":{"stringValue":"execute_tool"}}]}]}]}]}`;

describe('fuzz: imports', () => {
  it('OTLP is refused or salvaged, span by span', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    expect((await take(jsonOf(otlp))).sessions).toHaveLength(1);
    await take(BOMB);
    await fuzz(30, async (random) => {
      const document = structuredClone(otlp);
      for (let changes = random.below(12); changes >= 0; changes--) mutateJson(document, random);
      await take(bent(jsonOf(document), random));
    });
  });

  it('AgentTrace files are refused or salvaged, line by line', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    await fuzz(30, async (random) => {
      const records: object[] = [
        { session_id: 's-1', agent_name: 'a', tags: ['x'], status: 'ok' },
        { id: '1', type: 'agent_start', timestamp: 1_700_000_000, name: 'run' },
        {
          id: '2',
          parent_id: '1',
          type: 'llm',
          timestamp: 1_700_000_001.5,
          model: 'm',
          usage: { input_tokens: 1, output_tokens: 2 },
          duration_ms: 10,
        },
        {
          id: '3',
          parent_id: '2',
          type: 'tool_call',
          timestamp: '2026-01-01T00:00:00Z',
          tool: 't',
          arguments: { a: 1 },
          error: { type: 'E', message: 'm' },
        },
        { id: '1', type: 'agent_end', timestamp: 1_700_000_009, status: 'failed' },
      ];
      for (let changes = random.below(6); changes >= 0; changes--) mutateJson(random.pick(records), random);
      if (random.once(5)) records.splice(random.below(records.length), 1);
      const text = records
        .map((record) => {
          const json = jsonOf(record);
          return `${json}\t${(crc32(json) ^ (random.once(20) ? 1 : 0)).toString(16).padStart(8, '0')}`;
        })
        .join(random.pick(['\n', '\r\n']));
      const { problems, format } = await take(bent(`${text}\n`, random));
      if (format === 'agenttrace')
        for (const problem of problems) expect(problem).toMatch(/^line \d+: |holds no records|could not be written/);
    });
  });

  it('recordings are taken as they are, or not at all', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    await fuzz(30, async (random) => {
      const lines = structuredClone(scene);
      if (random.once(2)) mutateLines(lines, random);
      const path = join(root, 'lines.jsonl');
      writeLines(path, lines);
      await take(bent(readFileSync(path), random));
    });
  });

  it('anything else is refused', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    await fuzz(30, async (random) => {
      const document = random.pick<unknown>([
        hostileJson(random),
        { resourceSpans: hostileJson(random) },
        { resourceSpans: [hostileJson(random), { scopeSpans: [{ spans: [hostileJson(random)] }] }] },
        [{ resourceSpans: [] }, hostileJson(random)],
      ]);
      await take(random.once(3) ? random.bytes(random.below(500)) : jsonOf(document));
    });
  });
});

/** The bytes, or what a bad disk or a careless hand makes of them. */
function bent(content: string | Buffer, random: Random): Buffer {
  const bytes = Buffer.from(content as string);
  if (random.once(5)) return bytes.subarray(0, random.below(bytes.length + 1));
  if (random.once(5)) bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
}
