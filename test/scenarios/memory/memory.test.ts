/** What many calls leave behind in the heap: no more than they do without us. Each SDK in a process of its own, which runs the collector before it counts; first bare, then recorded. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { startStandIn } from '../../../src/testing/stand-in.ts';
import type { StandIn } from '../../../src/testing/stand-in.ts';
import { WIRES } from './wires.ts';

const PROGRAM = join(import.meta.dirname, 'calls.mjs');
type How = 'answers' | 'left' | 'open' | 'unread';
/** `first`: until code and caches are warm; `then`: while the growth is measured. */
type Calls = Partial<Record<How, { first: number; then: number }>>;

const STREAMS = { first: 100, then: 200 };
const ANSWERS: Calls = { answers: { first: 600, then: 600 } };
const EVERYTHING: Calls = { ...ANSWERS, left: STREAMS, open: STREAMS, unread: STREAMS };

/** What the runtime itself needs now and then, in code above all: one run differs from the next by half of it. */
const ROOM_BYTES = 150_000;
/** And in a run that is longer than the bare one, of which it needs more: together, of 10,000 calls, a leak of 75 bytes each stays below it. */
const ROOM_A_CALL_BYTES = 50;
/** Of a stream that the SDK itself keeps, or its socket: what watches its members, and the ids of its events, which the socket's scope has. */
const BESIDE_KEPT_BYTES = 3_000;
/** Of a stream that nobody reads and the SDK keeps, which may yet be read: its event is open. */
const OPEN_EVENT_BYTES = 5_500;
/** An SDK keeps streams when each of them leaves so much. */
const KEPT_BYTES_MIN = 1_500;

/** Streams whose events cannot end, as the SDK itself holds them for ever. */
const HELD: Readonly<Record<string, readonly How[]>> = { ollama: ['unread'] };

const folder = mkdtempSync(join(tmpdir(), 'hindcast-memory-'));
let server: StandIn;

afterEach(() => server.close());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A stand-in that goes on saying nothing, after the first half, to whoever says `Wait`. */
function serve(sdk: string): Promise<StandIn> {
  return startStandIn(({ path, json, text }) => {
    const { answer, stream, headers = {} } = WIRES[sdk]!;
    if (json.stream !== true && !/stream/i.test(path)) return { body: answer() };
    const pieces = stream();
    if (!text.includes('Wait')) return { pieces, headers };
    return { pieces: pieces.slice(0, Math.ceil(pieces.length / 2)), headers, after: 'hang' };
  });
}

function run(sdk: string, calls: Calls, mode: Record<string, string>): Promise<{ growth: Record<How, number>; events: number }> {
  const dir = mkdtempSync(join(folder, 'recording-'));
  const env = { PATH: process.env['PATH'] ?? '', HINDCAST_DIR: dir, SDK: sdk, CALLS: JSON.stringify(calls), SERVER: server.url };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--expose-gc', PROGRAM], {
      env: { ...env, ...mode },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 240_000,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (bytes) => (stdout += bytes));
    child.stderr.on('data', (bytes) => (stderr += bytes));
    child.on('close', (code) => {
      rmSync(dir, { recursive: true, force: true });
      if (code === 0) resolve(JSON.parse(stdout));
      else reject(new Error(`exit ${code}: ${stderr}`));
    });
  });
}

/** How far the growth of a recorded run may be above that of a bare one. */
function roomOf(sdk: string, how: How, count: number, bareBytes: number): number {
  if (how === 'answers') return ROOM_BYTES + count * ROOM_A_CALL_BYTES;
  if (HELD[sdk]?.includes(how)) return ROOM_BYTES + count * OPEN_EVENT_BYTES;
  return bareBytes > count * KEPT_BYTES_MIN ? ROOM_BYTES + count * BESIDE_KEPT_BYTES : ROOM_BYTES;
}

/** The calls whose events must have ended. */
const endingIn = (sdk: string, calls: Calls): number =>
  Object.entries(calls).reduce((sum, [how, { first, then }]) => (HELD[sdk]?.includes(how as How) ? sum : sum + first + then), 0);

describe('P5 P12 what calls leave in memory', () => {
  test.each<[sdk: string, record: string, calls: Calls]>([
    ['openai', 'full', { ...EVERYTHING, answers: { first: 4_000, then: 6_000 } }],
    ['openai', 'metadata', { answers: { first: 2_000, then: 3_000 } }],
    ['anthropic', 'full', EVERYTHING],
    ['groq', 'full', EVERYTHING],
    ['cohere', 'full', EVERYTHING],
    ['mistral', 'full', EVERYTHING],
    ['ollama', 'full', EVERYTHING],
    ['llama-stack', 'full', EVERYTHING],
    ['ai21', 'full', EVERYTHING],
    ['genai', 'full', EVERYTHING],
    ['bedrock', 'full', EVERYTHING],
    // Its runs go on where the server has more to say, whoever has left.
    ['ai-sdk', 'full', { ...ANSWERS, left: STREAMS, unread: STREAMS }],
    ['openai-agents', 'full', EVERYTHING],
    ['langchain', 'full', EVERYTHING],
    ['mcp', 'full', ANSWERS],
  ])('%s, recorded %s: no more than without us', { timeout: 300_000 }, async (sdk, record, calls) => {
    server = await serve(sdk);
    const bare = await run(sdk, { ...calls, ...ANSWERS }, { HINDCAST_ENABLED: 'false' });
    const recorded = await run(sdk, calls, { HINDCAST_RECORD: record });
    expect(bare.events).toBe(0);
    expect(recorded.events).toBeGreaterThan(endingIn(sdk, calls) * 0.95);
    for (const [how, { then }] of Object.entries(calls) as [How, { then: number }][]) {
      const most = Math.max(0, bare.growth[how]) + roomOf(sdk, how, then, bare.growth[how]);
      expect(recorded.growth[how], `${how}; bare ${bare.growth[how]}`).toBeLessThan(most);
    }
  });
});
