import { existsSync } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SpanEvent } from '../../src/events/model.ts';
import { hub } from '../../src/events/ports.ts';
import { trackAgent } from '../../src/session/track-agent.ts';
import { recordAction, recordTool } from '../../src/session/wrappers.ts';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
beforeEach(() => {
  rig = startRig();
});
afterEach(() => rig.stop());
const events = (): SpanEvent[] =>
  (existsSync(rig.recordings.dir) ? rig.recordings.ids() : []).flatMap((id) => rig.recordings.events(id));
const runs = () => events().filter(({ type }) => type === 'agent');
const seen = () => events().map(({ name, parent }) => [name, events().find(({ id }) => id === parent)?.name]);

const look = recordTool('look', (topic: string) => `about ${topic}`);

describe('E4 trackAgent', () => {
  it('of a class: the same class, whose methods are runs when called from outside', async () => {
    class Base {
      inherited(): number {
        return 1;
      }
    }
    class Researcher extends Base {
      static made = 0;
      static make(): Researcher {
        this.made++;
        return new this();
      }
      #notes: string[] = [];
      get notes(): string[] {
        return this.#notes;
      }
      arrow = (): string => 'arrow';
      research(topic: string): string {
        this.#note(topic);
        return this.summarise(look(topic));
      }
      async later(topic: string): Promise<string> {
        await delay(1);
        return this.research(topic);
      }
      *parts(topic: string): Generator<string> {
        yield this.research(topic);
        yield look('more');
      }
      summarise(text: string): string {
        return text.toUpperCase();
      }
      [Symbol.toPrimitive](): string {
        return 'r';
      }
      #note(topic: string): void {
        this.#notes.push(topic);
      }
    }
    const before = Object.getOwnPropertyDescriptors(Researcher.prototype);
    const tracked = trackAgent({ id: 'r-1', version: '2', environment: 'lab' }, Researcher);
    expect(tracked).toBe(Researcher);
    const after = Object.getOwnPropertyDescriptors(Researcher.prototype);
    expect(Reflect.ownKeys(after)).toEqual(Reflect.ownKeys(before));
    for (const [key, { writable, enumerable, configurable }] of Object.entries(before)) {
      expect(Object.getOwnPropertyDescriptor(Researcher.prototype, key)).toMatchObject(
        JSON.parse(JSON.stringify({ writable, enumerable, configurable })) as object,
      );
    }
    expect([tracked.name, tracked.length, tracked.make().constructor]).toEqual(['Researcher', 0, Researcher]);
    const agent = new Researcher();
    expect([agent.research('a'), await agent.later('b'), [...agent.parts('c')]]).toEqual([
      'ABOUT A',
      'ABOUT B',
      ['ABOUT C', 'about more'],
    ]);
    expect([agent.inherited(), agent.arrow(), String(agent), agent.notes]).toEqual([1, 'arrow', 'r', ['a', 'b', 'c']]);
    const all = runs();
    expect(all.map(({ name, status, agent, run }) => [name, status, agent, run?.environment, run?.status])).toEqual(
      Array.from({ length: 3 }, () => [
        'invoke_agent Researcher',
        'ok',
        { id: 'r-1', name: 'Researcher', version: '2' },
        'lab',
        'success',
      ]),
    );
    expect(all[0]!.content).toEqual({ arguments: 'a', result: 'ABOUT A' });
    for (const { tool, runId, agent } of events())
      if (tool) expect([all.some(({ id }) => id === runId), agent?.id]).toEqual([true, 'r-1']);
  });

  it('nests: another instance, another agent, and the first again inside of that', () => {
    class Writer {
      write(depth: number): string {
        return depth === 0 ? 'text' : new Reviewer().review(this, depth);
      }
    }
    class Reviewer {
      review(writer: Writer, depth: number): string {
        return writer.write(depth - 1);
      }
      twin(other?: Reviewer): number {
        return other === undefined ? 1 : other.twin();
      }
    }
    trackAgent(Writer);
    trackAgent('reviewer', Reviewer);
    expect(new Writer().write(1)).toBe('text');
    expect(seen()).toEqual([
      ['invoke_agent Writer', 'invoke_agent reviewer'],
      ['invoke_agent reviewer', 'invoke_agent Writer'],
      ['invoke_agent Writer', undefined],
    ]);
    const [inner, middle, outer] = runs();
    expect([inner!.runId, middle!.runId, outer!.runId]).toEqual([middle!.id, outer!.id, undefined]);
    expect(new Reviewer().twin(new Reviewer())).toBe(1);
    expect(seen().slice(3)).toEqual([
      ['invoke_agent reviewer', 'invoke_agent reviewer'],
      ['invoke_agent reviewer', undefined],
    ]);
  });

  it('knows the instance through super, and calls in parallel from outside as runs of their own', async () => {
    class Base {
      async run(): Promise<string> {
        await delay(1);
        return 'base';
      }
    }
    class Sub extends Base {
      override async run(): Promise<string> {
        return `sub ${await super.run()}`;
      }
    }
    trackAgent('base', Base);
    trackAgent('sub', Sub);
    trackAgent('sub again', Sub);
    const agent = new Sub();
    expect(await Promise.all([agent.run(), agent.run()])).toEqual(['sub base', 'sub base']);
    expect(runs().map(({ name, parent }) => [name, parent])).toEqual([
      ['invoke_agent sub', undefined],
      ['invoke_agent sub', undefined],
    ]);
  });

  it('of a function: a run, but where it calls itself; of two detached methods, two agents', () => {
    const dig = trackAgent('digger', (depth: number): string => (depth === 0 ? look('gold') : dig(depth - 1)));
    expect(dig(3)).toBe('about gold');
    const other = trackAgent(function named(this: unknown): string {
      return dig(0);
    });
    expect([other(), other.name]).toEqual(['about gold', 'named']);
    class A {
      go(): string {
        return detached();
      }
    }
    class B {
      go(): string {
        return 'b';
      }
    }
    trackAgent(A);
    trackAgent(B);
    const detached = B.prototype.go.bind(undefined as unknown as B);
    expect(A.prototype.go.call(undefined as unknown as A)).toBe('b');
    expect(seen()).toEqual([
      ['execute_tool look', 'invoke_agent digger'],
      ['invoke_agent digger', undefined],
      ['execute_tool look', 'invoke_agent digger'],
      ['invoke_agent digger', 'invoke_agent named'],
      ['invoke_agent named', undefined],
      ['invoke_agent B', 'invoke_agent A'],
      ['invoke_agent A', undefined],
    ]);
  });

  it('fails a run with what was thrown, which it was not the first to see', async () => {
    const error = new TypeError('broken');
    const broken = recordTool('broken', () => Promise.reject(error));
    class Agent {
      async run(): Promise<void> {
        await broken();
      }
    }
    trackAgent(Agent);
    await expect(new Agent().run()).rejects.toBe(error);
    const [tool, run] = events();
    expect(run).toMatchObject({
      status: 'error',
      error: { type: 'TypeError', from: tool!.id },
      run: { status: 'failure', reason: 'exception', errors: 1 },
    });
  });

  it('E6 does nothing when nothing records', () => {
    hub.recorder = null;
    class Agent {
      run(): unknown {
        return this;
      }
    }
    trackAgent(Agent);
    const agent = new Agent();
    expect(agent.run()).toBe(agent);
  });
});

describe('E5 agent context', () => {
  it('reaches everything inside of 1,000 agents at once: timers, streams, promises, generators', async () => {
    const leaf = recordTool('leaf', async (owner: number) => {
      await delay(Math.random() * 5);
      return owner;
    });
    const nested = recordAction('nested', async (owner: number) => {
      await new Promise<void>((resolve) => void setImmediate(() => resolve()));
      return leaf(owner);
    });
    const pending: Promise<unknown>[] = [];
    class Agent {
      readonly #n: number;
      constructor(n: number) {
        this.#n = n;
      }
      async run(): Promise<void> {
        const n = this.#n;
        await Promise.all([nested(n), this.#timer(), this.#stream(), this.#generated()]);
      }
      #timer(): Promise<unknown> {
        return new Promise((resolve) => {
          setTimeout(() => queueMicrotask(() => resolve(leaf(this.#n))), Math.random() * 5);
        });
      }
      async #stream(): Promise<void> {
        const n = this.#n;
        await new Promise((resolve, reject) => {
          Readable.from([1, 2])
            .on('data', () => void pending.push(leaf(n)))
            .on('end', resolve)
            .on('error', reject);
        });
      }
      async #generated(): Promise<void> {
        for await (const n of this.parts()) await leaf(n);
      }
      async *parts(): AsyncGenerator<number> {
        await nested(this.#n);
        yield this.#n;
      }
    }
    const count = 1000;
    await Promise.all(
      Array.from({ length: count }, (_, n) => {
        // Each is an agent of its own: what is attributed wrongly shows in its id.
        class Numbered extends Agent {
          override run(): Promise<void> {
            return super.run();
          }
        }
        trackAgent({ id: String(n), name: 'numbered' }, Numbered);
        return new Numbered(n).run();
      }),
    );
    await Promise.all(pending);
    const all = events();
    const byId = new Map(all.filter(({ type }) => type === 'agent').map((run) => [run.id, run.agent?.id]));
    expect(byId.size).toBe(count);
    const leaves = all.filter(({ tool }) => tool?.name === 'leaf');
    expect(leaves).toHaveLength(count * 6);
    const wrong = leaves.filter(
      ({ runId, agent, content }) => byId.get(runId!) !== String(content!.arguments) || agent?.id !== String(content!.arguments),
    );
    expect(wrong).toEqual([]);
  });
});
