/** Writes recordings line by line, from the description of the format alone, so that what the CLI prints of them is the same every time. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EndLine, LineInput, SessionLine } from '../../src/events/lines.ts';
import { emptyStats } from '../../src/analysis/stats.ts';
import type { SessionStats, SpanEvent } from '../../src/events/model.ts';

const TABLE = Array.from({ length: 256 }, (_, index) => {
  let crc = index;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc >>> 0;
});

function crcOf(text: string): string {
  let crc = 0xffffffff;
  for (const byte of Buffer.from(text)) crc = (TABLE[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8);
  return ((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0');
}

/** A line of a recording as it stands in the file. */
export function framed(line: { s: number } & object): string {
  const { s, ...rest } = line as unknown as { s: number; k: string };
  const covered = JSON.stringify({ s, ...rest }).slice(0, -1);
  return `${covered},"c":"${crcOf(covered)}"}\n`;
}

/** 2026-03-01 12:00:00 UTC. */
export const EPOCH_US = 1_772_366_400_000_000;
/** No process has it. */
export const DEAD_PID = 2 ** 22 + 12345;

export class WrittenRecording {
  readonly path: string;
  readonly id: string;
  #s = 0;

  constructor(hindcastDir: string, id: string, header: Partial<SessionLine> = {}) {
    const folder = join(hindcastDir, 'recordings');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.id = id;
    this.path = join(folder, `${id}.jsonl`);
    writeFileSync(this.path, '', { mode: 0o600 });
    this.add({
      k: 'session',
      t: 0,
      v: 1,
      id,
      epoch: EPOCH_US,
      trace: 'a'.repeat(32),
      mode: 'full',
      sdk: 'hindcast/0.1.0',
      flags: [],
      pid: DEAD_PID,
      node: 'v24.0.0',
      platform: 'linux',
      arch: 'x64',
      ...header,
    });
  }

  /** Appends a line with the next number; returns its text. */
  add(line: LineInput): string {
    const text = this.next(line);
    appendFileSync(this.path, text);
    return text;
  }

  /** The next line's text, which somebody else appends. */
  next(line: LineInput): string {
    const { k, ...rest } = line;
    return framed({ s: this.#s++, ...{ k, ...rest } });
  }

  event(e: Partial<SpanEvent> & Pick<SpanEvent, 'id' | 'type' | 'name' | 'start' | 'end'>): this {
    this.add({ k: 'event', t: e.end, e: { trace: 'a'.repeat(32), status: 'ok', ...e } });
    return this;
  }

  open(id: string, t: number, name: string): this {
    this.add({ k: 'open', t, id, type: 'llm', name });
    return this;
  }

  end(given: Partial<Omit<EndLine, 'stats'>> & { stats?: Partial<SessionStats> } = {}): this {
    const stats: SessionStats = {
      ...emptyStats(),
      durationMs: 1500,
      ...given.stats,
    };
    this.add({ k: 'end', t: stats.durationMs * 1000, state: 'success', reason: 'ended', ...given, stats });
    return this;
  }
}

export const idOf = (n: number): string => n.toString(16).padStart(16, '0');

/** A recording in which there is one of everything that `show` shows. */
export function writeAgent(hindcastDir: string, id = 'ses_aaaa00000001', header: Partial<SessionLine> = {}): WrittenRecording {
  const recording = new WrittenRecording(hindcastDir, id, { agent: { id: 'support', version: '1.4.0' }, ...header });
  recording.event({
    id: idOf(2),
    parent: idOf(1),
    type: 'llm',
    name: 'chat gpt-4.1-mini',
    start: 12_000,
    end: 322_000,
    llm: {
      operation: 'chat',
      provider: 'openai',
      api: 'chat_completions',
      server: { address: 'api.openai.com', port: 443 },
      request: { model: 'gpt-4.1-mini', temperature: 0.2, tools: ['find_order'] },
      response: {
        model: 'gpt-4.1-mini-2025-04-14',
        finishReasons: ['tool_calls'],
        toolCalls: [{ id: 'call_1', name: 'find_order' }],
      },
      usage: { input: 212, output: 18 },
    },
    attempts: [
      { at: 13_000, us: 40_000, status: 503 },
      { at: 80_000, us: 39_000, status: 429, retryAfterMs: 60, requestId: 'req_b' },
      { at: 190_000, us: 130_000, status: 200, requestId: 'req_c' },
    ],
    cost: { usd: 0.0001136, priced: '2025-08-31' },
  });
  const body = JSON.stringify({ model: 'gpt-4.1-mini', messages: [{ role: 'user', content: 'Where is it?' }], temperature: 0.2 });
  const answer = {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    model: 'gpt-4.1-mini-2025-04-14',
    choices: [
      {
        index: 0,
        finish_reason: 'tool_calls',
        message: {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'find_order', arguments: '{"order":"1"}' } }],
        },
      },
    ],
    usage: { prompt_tokens: 212, completion_tokens: 18, total_tokens: 230 },
  };
  recording.add({
    k: 'request',
    t: 190_000,
    x: 1,
    on: idOf(2),
    method: 'POST',
    url: 'https://api.openai.com/v1/chat/completions',
    headers: [['authorization', '<redacted>']],
    body,
  });
  const text = JSON.stringify(answer);
  recording.add({
    k: 'response',
    t: 320_000,
    x: 1,
    status: 200,
    headers: [['content-type', 'application/json']],
    at: 320_000,
    ord: 1,
    body: text,
    cuts: { len: [text.length], at: [321_000] },
    end: { how: 'complete', at: 321_500, ord: 3 },
  });
  recording.event({
    id: idOf(3),
    parent: idOf(1),
    type: 'tool',
    name: 'execute_tool find_order',
    start: 330_000,
    end: 390_000,
    status: 'error',
    error: { type: 'CarrierTimeout' },
    tool: { name: 'find_order', type: 'function', callId: 'call_1' },
    content: { error: { message: 'no \u001b]0;owned\u0007answer\u001b[2J' }, arguments: { order: '1' } },
  });
  recording.event({
    id: idOf(1),
    type: 'action',
    name: 'answer_customer',
    start: 10_000,
    end: 1_400_000,
    notes: [
      {
        kind: 'decision',
        at: 400_000,
        type: 'tool_selection',
        reasonCode: 'tool_unavailable',
        confidence: 0.8,
        content: { selected: 'refund', candidates: ['refund', 'wait'] },
      },
    ],
  });
  return recording.end({
    stats: {
      events: 3,
      llm: 1,
      tools: 1,
      actions: 1,
      errors: 1,
      retries: 2,
      tokens: { input: 212, output: 18, cacheRead: 0, cacheWrite: 0, reasoning: 0, unknown: 0 },
      cost: { usd: 0.0001136, unknown: 0 },
    },
  });
}
