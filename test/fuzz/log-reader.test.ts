import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listFaults } from '../../src/core/diagnostics.ts';
import { STATISTICS_KEYS } from '../../src/analysis/statistics.ts';
import { RecordingError } from '../../src/recording/errors.ts';
import { followLines } from '../../src/cli/follow.ts';
import { openExportQueue } from '../../src/recording/export-queue.ts';
import { readRecording, summariseRecording } from '../../src/recording/recording.ts';
import { repairRecording, verifyRecording } from '../../src/recording/verify.ts';
import { resourceOf, scopeOf, spanOf } from '../../src/events/genai.ts';
import type { ExportItem } from '../../src/events/ports.ts';
import { encodeTraces } from '../../src/otel/protobuf.ts';
import { checkPrototypes, fuzz, FUZZ_TIMEOUT_MS, type Random } from '../support/random.ts';
import {
  type FreeLine,
  linesOf,
  moreLines,
  mutateLines,
  runVerb,
  type Said,
  type VerbName,
  writeLines,
  writeScene,
} from './recording-scene.ts';

let root: string;
let dir: string;
let path: string;
let sound: FreeLine[];
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'hindcast-fuzz-'));
  dir = join(root, '.hindcast');
  path = writeScene(dir, 'ses_scene').path;
  const lines = linesOf(path);
  sound = [...lines.slice(0, -1), ...(moreLines() as FreeLine[]), lines.at(-1)!];
  writeLines(path, sound);
  // A child, so that there is a family.
  writeScene(dir, 'ses_child', { parent: 'ses_scene' });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Each way of looking at a recording that there is. */
const LOOKS: [verb: VerbName, ...args: string[]][] = [
  ['ls'],
  ['ls', '--json'],
  ['show', 'ses_scene'],
  ['show', 'ses_scene', '--json', '--logs', '--host'],
  ['show', 'ses_scene', '--logs', '--host', '--verbose'],
  ['show', 'ses_child'],
  ['show', 'ses_scene', '1'],
  ['show', 'ses_scene', '2', '--json'],
  ['show', 'ses_scene', '3', '--verbose'],
  ['show', 'ses_scene', '--alone'],
  ['explain', 'ses_scene'],
  ['explain', 'ses_scene', '--json'],
  ['explain', 'ses_scene', '--format', 'markdown'],
  ['search', 'a', '--limit', '1000'],
  ['search', '--regex', 'o.*r', '--json'],
  ['stats'],
  ...STATISTICS_KEYS.map((key): [VerbName, ...string[]] => ['stats', '--by', key]),
  ['stats', '--json', '--by', 'day'],
  ['stats', '--status', 'failure', '--agent', 'x', '--tag', 'a', '--model', 'm'],
  ...['json', 'csv', 'otlp', 'md', 'html'].flatMap((format): [VerbName, ...string[]][] => [
    ['export', 'ses_scene', '--format', format],
    ['export', 'ses_scene', '--format', format, '--content'],
  ]),
  ['export', '--all', '--format', 'otlp', '--semconv', '1.41'],
  ['verify', 'ses_scene'],
  ['tag', 'ses_scene', 'new', '--remove', 'a'],
];

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u2028\u2029]/;

/** Fails when a look ends otherwise than with an answer, or a failure in words. */
async function look([verb, ...args]: [verb: VerbName, ...args: string[]]): Promise<void> {
  const what = `${verb} ${args.join(' ')}`;
  let said: Said;
  try {
    said = await runVerb(verb, [...args, '--dir', dir]);
  } catch (error) {
    throw new Error(`${what}: ${error instanceof Error ? error.stack : String(error)}`, { cause: error });
  }
  if (said.failure) {
    if (/undefined|NaN|\[object|is not a|Cannot read|Maximum call/.test(said.failure.message))
      throw new Error(`${what}: ${said.failure.message}`);
    return;
  }
  if (args.includes('--json') || (verb === 'export' && /json|otlp/.test(args.join()))) {
    if (said.text !== '') JSON.parse(said.text.replace(/^(!|  ).*$/gm, ''));
  } else if (CONTROL.test(said.text)) {
    const at = said.text.search(CONTROL);
    throw new Error(`${what} prints a control character: ${JSON.stringify(said.text.slice(Math.max(0, at - 60), at + 20))}`);
  }
  if (/\bNaN\b|\bundefined\b|\[object Object\]|Invalid Date/.test(said.text))
    throw new Error(
      `${what} prints ${/.{0,60}(\bNaN\b|\bundefined\b|\[object Object\]|Invalid Date).{0,30}/.exec(said.text)?.[0]}`,
    );
}

/** What the functions below the verbs do. */
async function read(random: Random): Promise<void> {
  for (const reader of [readRecording, summariseRecording, verifyRecording]) {
    try {
      reader(path);
    } catch (error) {
      if (!(error instanceof RecordingError)) throw error;
    }
  }
  // It waits a moment before it believes that nothing comes any more.
  if (!random.once(8)) return;
  // Long ago: what has no header gets none any more.
  utimesSync(path, 1e9, 1e9);
  let steps = 0;
  for await (const _step of followLines(path)) if (++steps > 1000) throw new Error('tail does not come to an end');
}

function encode({ header, event }: ExportItem): void {
  for (const profile of ['main', '1.41'] as const) {
    const spans = [spanOf({ header, event, content: {} }, { profile })];
    encodeTraces([{ resource: resourceOf(header), scope: scopeOf(header), schemaUrl: 'https://x', spans }]);
  }
}

/** Exports what was left behind; every span is one that can be sent. */
function drain(): void {
  writeFileSync(path.replace('.jsonl', '.cursor'), '{"offset":0,"pid":0}');
  const queue = openExportQueue({ dir: join(dir, 'recordings'), withContent: true });
  const before = new Map(listFaults().map(({ site, count }) => [site, count]));
  queue.adopt();
  for (let batches = 0, batch = queue.take({ items: 10, bytes: 1e6 }); batch; batch = queue.take({ items: 10, bytes: 1e6 })) {
    if (++batches > 1000) throw new Error('the queue does not come to an end');
    for (const { event } of batch.items) {
      if (!/^[0-9a-f]{16}$/.test(event.id) || !/^[0-9a-f]{32}$/.test(event.trace)) throw new Error(`sent as ${event.id}`);
    }
    for (const item of batch.items) encode(item);
    batch.ack();
  }
  queue.close();
  for (const { site, count, error } of listFaults())
    if (count !== before.get(site)) throw new Error(`fault at ${site}`, { cause: error });
  for (const name of readdirSync(join(dir, 'recordings'))) if (name.includes('.cursor')) rmSync(join(dir, 'recordings', name));
}

async function survive(random: Random, isShort: boolean): Promise<void> {
  const start = readFileSync(path);
  await read(random);
  drain();
  const looks = isShort ? LOOKS.filter(() => random.once(4)) : LOOKS;
  for (const each of looks) await look(each);
  checkPrototypes();
  writeFileSync(path, start);
  try {
    repairRecording(path);
  } catch (error) {
    if (!(error instanceof RecordingError)) throw error;
    return;
  }
  expect(verifyRecording(path).problems).toEqual([]);
  await look(['show', 'ses_scene']);
  for (const name of readdirSync(join(dir, 'recordings'))) if (name.includes('.damaged')) rmSync(join(dir, 'recordings', name));
}

describe('fuzz: what reads recordings', () => {
  it('the scene itself is sound, and all looks at it work', async () => {
    writeLines(path, sound);
    expect(verifyRecording(path).problems.filter(({ kind }) => kind !== 'blob')).toEqual([]);
    for (const each of LOOKS) await look(each);
    writeLines(path, sound);
    drain();
  });

  it('survives lines that are sound and make no sense', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    await fuzz(50, async (random) => {
      const lines = structuredClone(sound);
      mutateLines(lines, random);
      writeLines(path, lines);
      await survive(random, true);
    });
  });

  it('survives bytes that are not those that were written', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    await fuzz(20, async (random) => {
      writeLines(path, sound);
      const bytes = readFileSync(path);
      for (let flips = random.below(6); flips >= 0; flips--) {
        const at = random.below(bytes.length);
        if (random.once(2)) bytes[at] = random.below(256);
        else random.bytes(random.below(300)).copy(bytes, at);
      }
      writeFileSync(path, random.once(3) ? bytes.subarray(0, random.below(bytes.length)) : bytes);
      await survive(random, true);
    });
  });

  it('writes nothing outside of the project', () => {
    expect(readdirSync(root)).toEqual(['.hindcast']);
  });
});
