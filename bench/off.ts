/**
 * node bench/off.ts
 *
 * What `recordTool`, `recordAction` and `trackAgent` cost a program that never calls `init()`: bare functions and wrapped ones in interleaved rounds, each round in another order. A ratio
 * is the median over the rounds of wrapped to bare in the same round; `bare again` is the bare function once more, and its ratio the noise of this machine.
 */
import { runInThisContext } from 'node:vm';
import { recordTool, trackAgent } from '../dist/index.js';
import { figure, markdown, median } from './table.ts';

const ROUNDS = 21;

class Bare {
  readonly rate = 2;
  price(a: number, b: number): number {
    return (a + b) * this.rate;
  }
}
class Tracked {
  readonly rate = 2;
  price(a: number, b: number): number {
    return (a + b) * this.rate;
  }
}
trackAgent(Tracked);

const makeSync = () => (a: number, b: number) => a * 2 + b;
const makeWork = () => (a: number, b: number) => JSON.stringify({ a, b, words: ['one', 'two'] }).length;
const makeAsync = () => async (a: number, b: number) => a * 2 + b;
const makeGenerator = () =>
  function* (a: number, b: number) {
    for (let i = 0; i < 4; i++) yield a * i + b;
  };

/** Runs something so many times, and gives a sum that keeps it from being left out. */
type Loop = (times: number) => number | Promise<number>;

let scripts = 0;
/** A loop of its own for each function, so that none is compiled for two. */
const loopOver =
  (body: string) =>
  (fn: unknown): Loop =>
    (runInThisContext(`(fn) => ${body} // ${++scripts}`) as (fn: unknown) => Loop)(fn);
const plain = loopOver('(times) => { let sum = 0; for (let i = 0; i < times; i++) sum += fn(i, 1); return sum; }');
const awaited = loopOver('async (times) => { let sum = 0; for (let i = 0; i < times; i++) sum += await fn(i, 1); return sum; }');
const iterated = loopOver(
  '(times) => { let sum = 0; for (let i = 0; i < times; i++) for (const n of fn(i, 1)) sum += n; return sum; }',
);
const method = loopOver('(times) => { let sum = 0; for (let i = 0; i < times; i++) sum += fn.price(i, 1); return sum; }');

interface Case {
  name: string;
  times: number;
  bare: Loop;
  again: Loop;
  wrapped: Loop;
}

const cases: Case[] = [
  {
    name: 'sync function that adds',
    times: 5_000_000,
    bare: plain(makeSync()),
    again: plain(makeSync()),
    wrapped: plain(recordTool('t', makeSync())),
  },
  {
    name: 'sync function that makes JSON',
    times: 500_000,
    bare: plain(makeWork()),
    again: plain(makeWork()),
    wrapped: plain(recordTool('t', makeWork())),
  },
  {
    name: 'async function',
    times: 500_000,
    bare: awaited(makeAsync()),
    again: awaited(makeAsync()),
    wrapped: awaited(recordTool('t', makeAsync())),
  },
  {
    name: 'method of a tracked class',
    times: 5_000_000,
    bare: method(new Bare()),
    again: method(new Bare()),
    wrapped: method(new Tracked()),
  },
  {
    name: 'generator of four values',
    times: 500_000,
    bare: iterated(makeGenerator()),
    again: iterated(makeGenerator()),
    wrapped: iterated(recordTool('t', makeGenerator())),
  },
];

async function nanoseconds(loop: Loop, times: number): Promise<number> {
  const from = process.hrtime.bigint();
  await loop(times);
  return Number(process.hrtime.bigint() - from) / times;
}

const rows: string[][] = [];
for (const { name, times, ...loops } of cases) {
  const names = ['bare', 'again', 'wrapped'] as const;
  const took = { bare: [] as number[], again: [] as number[], wrapped: [] as number[] };
  for (const each of names) await nanoseconds(loops[each], times / 10);
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < names.length; i++) {
      const each = names[(round + i) % names.length]!;
      took[each].push(await nanoseconds(loops[each], times / 5));
    }
  }
  const ratio = (other: number[]): string => figure(median(other.map((ns, round) => ns / took.bare[round]!)));
  rows.push([name, figure(median(took.bare)), figure(median(took.wrapped)), ratio(took.wrapped), ratio(took.again)]);
}
console.log(markdown(['with no client', 'bare, ns', 'wrapped, ns', 'wrapped / bare', 'bare again / bare'], rows));
