/** No decoder throws, whatever it is given. */
import { describe, expect, test } from 'vitest';
import { decodeBody } from '../../../src/providers/wire-body.ts';
import type { Sample } from './sample.ts';
import { fold, samples, sse } from './samples.ts';

function random(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const cycle: any[] = [{}];
cycle[0].self = cycle;
const trap = new Proxy(
  {},
  {
    get() {
      throw new Error('trap');
    },
    ownKeys() {
      throw new Error('trap');
    },
  },
);
const deep = JSON.parse('['.repeat(3000) + ']'.repeat(3000)) as unknown;
const ODD: unknown[] = [
  undefined,
  null,
  true,
  0,
  -1,
  NaN,
  1e9,
  10n,
  '',
  'words',
  '[DONE]',
  Symbol('s'),
  () => 1,
  [],
  [null],
  [[]],
  {},
  { type: null },
  { type: 'text' },
  { index: 1e9 },
  { length: 3 },
  new Date(0),
  new Map([[1, 2]]),
  Object.create(null),
  JSON.parse('{"__proto__":{"type":"x"}}'),
  cycle,
  trap,
  deep,
  new Error('e'),
];

/** Changes one random member somewhere in a value: replaced by something odd, or deleted. */
function mutate(value: any, next: () => number): any {
  const odd = () => ODD[Math.floor(next() * ODD.length)];
  if (typeof value !== 'object' || value === null || next() < 0.1) return odd();
  const copied: any = Array.isArray(value) ? [...value] : { ...value };
  const keys = Object.keys(copied);
  const key = keys[Math.floor(next() * keys.length)];
  if (key === undefined) return odd();
  if (next() < 0.2) delete copied[key];
  else copied[key] = mutate(copied[key], next);
  return copied;
}

/** Everything that an operation can be asked. */
function askAll({ operation }: Sample, value: unknown): void {
  operation.request(value);
  operation.input(value);
  operation.output(value);
  const facts = operation.response(value);
  expect(typeof facts.response).toBe('object');
  for (const n of Object.values(facts.usage ?? {})) expect(n).toBeGreaterThanOrEqual(0);
}

const named = samples.map((one) => [one.name, one] as const);

describe('P12 decoding never throws', () => {
  test.each(named)('%s: odd values', (_, one) => {
    for (const odd of ODD) {
      askAll(one, odd);
      if (one.operation.assembler) {
        const { body } = fold(one.operation, [odd, ...(one.stream ?? []), odd]);
        askAll(one, body);
      }
    }
  });

  test.each(named)('%s: 3,000 changed requests, answers and streams', (_, one) => {
    const next = random(1);
    for (let round = 0; round < 3000; round++) {
      askAll(one, mutate(one.request, next));
      askAll(one, mutate(one.answer, next));
      if (one.stream === undefined) continue;
      const changed = one.stream.map((chunk) => (next() < 0.3 ? mutate(chunk, next) : chunk)).filter(() => next() > 0.1);
      const { body, complete } = fold(one.operation, changed);
      expect(typeof complete).toBe('boolean');
      askAll(one, body);
    }
  });

  test.each(named)('%s: 1,000 changed bytes on the wire', (_, one) => {
    const next = random(2);
    const texts = [JSON.stringify(one.answer ?? {}), sse(one.stream ?? [])];
    for (let round = 0; round < 1000; round++) {
      const text = texts[round % 2]!;
      const at = Math.floor(next() * text.length);
      const changed = text.slice(0, at) + String.fromCharCode(Math.floor(next() * 256)) + text.slice(at + Math.floor(next() * 3));
      askAll(one, decodeBody(one.operation, changed, next() < 0.5 ? 'text/event-stream' : undefined).body);
    }
  });

  test('a chunk that cannot be read does not spoil the others', () => {
    const { operation, stream, answer } = samples[0]!;
    const { body } = fold(operation, [trap, ...stream!.flatMap((chunk) => [chunk, trap, null, 'x'])]);
    expect(operation.response(body)).toEqual(operation.response(answer));
  });

  test('indexes without end do not grow without end', () => {
    const { operation } = samples[0]!;
    const chunks = Array.from({ length: 5000 }, (_, i) => ({
      choices: [{ index: i, delta: { content: 'x', tool_calls: [{ index: i, id: `c${i}` }] } }],
    }));
    expect(fold(operation, chunks).body.choices.length).toBe(128);
    const calls = Array.from({ length: 5000 }, (_, i) => ({
      choices: [{ index: 0, delta: { tool_calls: [{ index: i, id: `c${i}` }] } }],
    }));
    expect(fold(operation, calls).body.choices[0].message.tool_calls.length).toBe(512);
  });

  test('bodies that are none', () => {
    const { operation } = samples[0]!;
    expect(decodeBody(operation, '{"id":', 'application/json')).toEqual({ body: undefined, complete: false });
    expect(decodeBody(operation, '', undefined)).toEqual({ body: undefined, complete: false });
    expect(decodeBody(operation, '<html>', 'text/html')).toEqual({ body: undefined, complete: false });
    expect(decodeBody(operation, '{"id":"x"}', 'application/json')).toEqual({ body: { id: 'x' }, complete: true });
  });
});
