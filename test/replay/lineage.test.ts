import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import { gzip } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { childOf, currentNode, followPromises, internally, LineageNode, runAt } from '../../src/replay/lineage.ts';

let stop = (): void => {};
afterEach(() => {
  stop();
  stop = () => {};
});

/** A wait of the thread pool or of a timer: how long it takes differs, and which of several is done first. */
const waits: (() => Promise<unknown>)[] = [
  () => new Promise((resolve) => gzip('x'.repeat(Math.floor(Math.random() * 200_000)), resolve)),
  () => new Promise((resolve) => setTimeout(resolve, Math.random() * 5)),
  () => Promise.resolve(),
];

/** The nodes of a program of concurrent branches, by what each branch calls itself. */
async function nodesOfProgram(): Promise<Record<string, string>> {
  const nodes: Record<string, string> = {};
  const branch = async (name: string, depth: number): Promise<void> => {
    nodes[name] = currentNode().id;
    await waits[Math.floor(Math.random() * waits.length)]!();
    nodes[`${name} later`] = currentNode().id;
    if (depth > 0) await Promise.all([0, 1, 2].map((index) => branch(`${name}.${index}`, depth - 1)));
    const bus = new EventEmitter();
    bus.on('told', () => (nodes[`${name} told`] = currentNode().id));
    bus.emit('told');
  };
  stop = followPromises();
  await runAt(new LineageNode(1, 2, false), () => branch('root', 3));
  stop();
  return nodes;
}

describe('lineage', () => {
  it('is the same in every run of a program, in whichever order its branches go on', async () => {
    const first = await nodesOfProgram();
    expect(Object.keys(first).length).toBe(120);
    for (let run = 0; run < 5; run++) expect(await nodesOfProgram()).toEqual(first);
  });

  it('tells the branches of a program apart', async () => {
    const nodes = await nodesOfProgram();
    const starts = Object.entries(nodes).filter(([name]) => name.endsWith('later'));
    expect(new Set(starts.map(([, id]) => id)).size).toBe(starts.length);
  });

  it('has no collision among two million nodes', () => {
    const seen = new Set<number>();
    const key = ({ a, b }: LineageNode): number => (a >>> 0) * 2 ** 21 + ((b >>> 0) & 0x1fffff);
    const wide = new LineageNode(1, 2, false);
    for (let index = 0; index < 1_000_000; index++) seen.add(key(childOf(wide)));
    let deep = new LineageNode(1, 3, false);
    for (let index = 0; index < 1_000_000; index++) seen.add(key((deep = childOf(deep))));
    // 53 of the 64 bits: two million of them collide with a probability of 2 in 10,000, and always or never, as nothing here is random.
    expect(seen.size).toBe(2_000_000);
  });

  it('keeps what is internal apart, and all that follows from it', async () => {
    stop = followPromises();
    const app = new LineageNode(5, 6, false);
    let inside: boolean[] = [];
    const before = runAt(app, () => childOf(app).id);
    const done = runAt(app, () =>
      internally(async () => {
        inside.push(currentNode().internal);
        await new Promise((resolve) => setImmediate(resolve));
        inside.push(currentNode().internal);
        await new Promise((resolve) => gzip('text', resolve));
        inside.push(currentNode().internal);
      }),
    );
    await done;
    expect(inside).toEqual([true, true, true]);
    expect(before).not.toBe(childOf(app).id);
    expect(app.children).toBe(2);
  });

  it('leaves no mark on a promise that the app could see', () => {
    stop = followPromises();
    const promise = Promise.resolve(1);
    expect(inspect(promise, { showHidden: true })).toBe('Promise { 1 }');
    expect(Reflect.ownKeys(promise)).toEqual([]);
    expect(structuredClone({ a: 1 })).toEqual({ a: 1 });
  });
});
