import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { types } from 'node:util';
import { afterAll, afterEach, describe, it } from 'vitest';
import { listFaults } from '../../src/core/diagnostics.ts';
import { configure } from '../../src/client/init.ts';
import { registerVocabulary } from '../../src/events/custom-vocabulary.ts';
import { hub } from '../../src/events/ports.ts';
import { verifyRecording } from '../../src/recording/verify.ts';
import { readRecording } from '../../src/recording/recording.ts';
import { recordDecision, recordFailure, recordQualitySignal } from '../../src/session/notes.ts';
import { record } from '../../src/session/record.ts';
import { currentRun, startRun } from '../../src/session/runs.ts';
import { contextEnv, contextHeaders, currentSession, endSession, getSession, startSession } from '../../src/session/sessions.ts';
import { trackAgent } from '../../src/session/track-agent.ts';
import { track } from '../../src/session/track.ts';
import { recordAction, recordTool } from '../../src/session/wrappers.ts';
import { type Rig, startRig } from '../session/rig.ts';
import {
  checkPrototypes,
  fuzz,
  FUZZ_TIMEOUT_MS,
  HOSTILE_NUMBERS,
  HOSTILE_TEXTS,
  hostileJson,
  nested,
  type Random,
} from '../support/random.ts';

class Thrown extends Error {}
const thrower = (): never => {
  throw new Thrown('a getter of the app');
};

/** A native promise is watched by way of one that settles alike (watch.ts). */
const { isPromise } = types;

const rejections: unknown[] = [];
const onRejection = (reason: unknown): void => void rejections.push(reason);
process.on('unhandledRejection', onRejection);
afterAll(() => void process.off('unhandledRejection', onRejection));

const TRAPS: ProxyHandler<object> = Object.fromEntries(
  ['get', 'has', 'ownKeys', 'getOwnPropertyDescriptor', 'getPrototypeOf', 'set', 'defineProperty'].map((trap) => [trap, thrower]),
);

const withGetter = (object: object, name: string): object =>
  Object.defineProperty(object, name, { get: thrower, enumerable: true, configurable: true });

/** Anything that JavaScript has. */
function anything(random: Random, depth = 0): unknown {
  const cyclic: Record<string, unknown> = { name: 'cyclic' };
  cyclic['self'] = cyclic;
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const values: (() => unknown)[] = [
    () => undefined,
    () => null,
    () => Symbol('app'),
    () => 10n ** 400n,
    () => random.pick(HOSTILE_NUMBERS),
    () => random.pick([Number.NaN, Infinity, -Infinity]),
    () => random.pick(HOSTILE_TEXTS),
    () => 'y'.repeat(200_000),
    () => cyclic,
    () => revoked.proxy,
    () => new Proxy({}, TRAPS),
    () => new Proxy(() => {}, TRAPS),
    () => Object.assign(Object.create(null), { type: 'tool', name: 'bare', id: 'x' }),
    () => ({
      get type() {
        return thrower();
      },
      get name() {
        return thrower();
      },
    }),
    () => ({ toJSON: thrower, toString: thrower, valueOf: thrower, [Symbol.toPrimitive]: thrower }),
    () => ({ then: thrower }),
    () => ({
      get then() {
        return thrower();
      },
    }),
    () => Promise.resolve(1),
    () => () => {},
    () => class App {},
    () => new Date(Number.NaN),
    () => new Map([[{}, new Set([cyclic])]]),
    () => new Uint8Array(10),
    () => nested(20_000),
    () => hostileJson(random),
    () => new Thrown('an error of the app'),
    () => new AggregateError([cyclic, new Thrown('inner')]),
    () => withGetter(Object.assign(new Error('with a cause'), { cause: cyclic, code: Symbol('code') }), 'status'),
    () => withGetter(Object.create({ inherited: 1 }) as object, 'x'),
    () => [anything(random, depth + 1), anything(random, depth + 1)],
    () => ({ [random.pick(HOSTILE_TEXTS)]: anything(random, depth + 1) }),
    () => random.once(2),
  ];
  return (depth > 2 ? values.slice(0, 8) : values)[random.below(depth > 2 ? 8 : values.length)]!();
}

/** An argument as the types ask for it, of which some members are anything at all; or anything at all. */
function bent(random: Random, sound: Record<string, unknown>): never {
  if (random.once(6)) return anything(random) as never;
  const value: Record<string, unknown> = { ...sound };
  for (let changes = random.below(4); changes > 0; changes--) {
    const name = random.pick([...Object.keys(sound), ...HOSTILE_TEXTS]);
    if (random.once(6)) Object.defineProperty(value, name, { get: thrower, enumerable: true, configurable: true });
    else Object.defineProperty(value, name, { value: anything(random), enumerable: true, configurable: true, writable: true });
  }
  return value as never;
}

const EVENTS = [
  { type: 'tool', name: 't', arguments: { a: 1 }, result: 'r', attributes: { a: 'b' }, startedAt: new Date(), durationMs: 1 },
  { type: 'llm', provider: 'p', model: 'm', usage: { input: 1, output: 2 }, costUsd: 1, messages: [], response: {} },
  { type: 'action', name: 'a', result: 1 },
  { type: 'error', error: new Error('x'), message: 'm' },
  { type: 'custom', name: 'c', attributes: { n: [1, 2] }, status: 'error', error: { type: 'T' } },
];

let rig: Rig | undefined;
afterEach(() => {
  rig?.stop();
  rig = undefined;
  hub.recorder = null;
});

/** Calls each function of the app's with hostile input; what they throw is a failure. */
const CALLS: [name: string, call: (random: Random) => unknown][] = [
  ['record', (random) => record(bent(random, random.pick(EVENTS)))],
  [
    'track',
    (random) => {
      const event = track(bent(random, random.pick(EVENTS)));
      event.end(bent(random, { result: 1, error: new Error('x'), status: 'ok' }));
      event.end(anything(random) as never);
    },
  ],
  [
    'recordDecision',
    (random) =>
      recordDecision(
        bent(random, {
          type: 'tool_selection',
          reasonCode: 'tool_unavailable',
          selected: 's',
          candidates: ['a'],
          confidence: 0.5,
        }),
      ),
  ],
  ['recordFailure', (random) => recordFailure(bent(random, { type: 'tool', code: 'timeout', message: 'm' }))],
  [
    'recordQualitySignal',
    (random) => recordQualitySignal(bent(random, { type: 'tool_success', code: 'first_attempt', value: true, weight: 1 })),
  ],
  [
    'startSession',
    (random) => {
      const session = startSession(
        bent(random, {
          id: `ses_${random.below(1e9)}`,
          name: 'n',
          agent: { id: 'a' },
          parent: 'p',
          tags: ['t'],
          metadata: { a: 1 },
          from: { traceparent: 'x' },
        }),
      );
      session.addTags(anything(random) as never, ...(random.once(2) ? ['ok'] : []));
      session.setTags(bent(random, { length: 1, 0: 'x' }));
      session.setMetadata(bent(random, { user: 'u', n: 1 }));
      session.attachLink(bent(random, { url: 'https://x.example', kind: 'video', name: 'v' }));
      void [session.id, session.tags, session.metadata, session.links, session.stats()];
      session.end(random.once(2) ? (anything(random) as never) : undefined, anything(random) as never);
    },
  ],
  [
    'startRun',
    (random) => {
      const run = startRun(
        bent(random, { agent: { id: 'a', version: '1' }, name: 'run', environment: 'e', attributes: { a: 1 } }),
      );
      run.step(
        anything(random) as never,
        anything(random) as never,
        (step) => {
          step.set(bent(random, { a: 1 }));
          step.recordFailure(bent(random, { type: 'tool', code: 'timeout' }));
        },
        bent(random, { attempt: 2, retryOf: { id: 'x' }, attributes: { a: 1 } }),
      );
      run.set(bent(random, { a: 1 }));
      run.recordQualitySignal(bent(random, { type: 'tool_success', code: 'first_attempt', value: true }));
      run.recordFailure(bent(random, { type: 'tool', code: 'timeout' }));
      run.recordDecision(bent(random, { type: 'a', reasonCode: 'b' }));
      void [run.id, currentRun()];
      void run.status();
      run.end(anything(random) as never, anything(random) as never);
      run.end(anything(random) as never);
    },
  ],
  [
    'sessions',
    (random) => {
      getSession(anything(random) as never);
      endSession(anything(random) as never, anything(random) as never, anything(random) as never);
      void [contextEnv(), contextHeaders(), currentSession().id];
    },
  ],
  ['configure', (random) => configure(bent(random, { tags: ['x'], environment: 'e' }))],
];

/** Fails unless all recordings are sound. */
function checkRecordings({ recordings }: Rig): void {
  // Where nothing happened, there is no folder.
  if (!existsSync(recordings.dir)) return;
  for (const id of recordings.ids()) {
    const path = join(recordings.dir, `${id}.jsonl`);
    const [problem] = verifyRecording(path).problems;
    if (problem)
      throw new Error(
        `line ${problem.lineNumber}: ${problem.message}: ${JSON.stringify(recordings.lines(id)[problem.lineNumber - 1])?.slice(0, 400)}`,
      );
    readRecording(path);
  }
}

describe('fuzz: the API of the model', () => {
  it.each([true, false])('throws nothing into the app, with a client: %s', { timeout: FUZZ_TIMEOUT_MS }, async (withClient) => {
    const names: Record<string, number> = {};
    await fuzz(150, async (random) => {
      if (withClient) rig = startRig({ mode: random.pick(['full', 'metadata'] as const) });
      const before = new Map(listFaults().map(({ site, count }) => [site, count]));
      for (let calls = 0; calls < 6; calls++) {
        const [name, call] = random.pick(CALLS);
        try {
          call(random);
        } catch (error) {
          throw new Error(`${name}: ${error instanceof Error ? error.stack : String(error)}`, { cause: error });
        }
      }
      await new Promise((resolve) => setImmediate(resolve));
      rig?.store.close({ state: 'success', reason: 'ended' });
      if (rig) checkRecordings(rig);
      rig?.stop();
      rig = undefined;
      checkPrototypes();
      for (const { site, count } of listFaults()) if (count !== before.get(site)) names[site] = count;
      if (rejections.length > 0) throw new Error(`an unhandled rejection: ${String(rejections.splice(0)[0])}`);
    });
    if (Object.keys(names).length > 0) console.log(`counted as faults of ours, client ${withClient}:`, names);
  });

  it(
    'runs what it is given once, with its own this and arguments, and gives back what that gives',
    { timeout: FUZZ_TIMEOUT_MS },
    async () => {
      await fuzz(150, async (random) => {
        rig = random.once(5) ? undefined : startRig({ mode: random.pick(['full', 'metadata'] as const) });
        const [result, self, given] = [anything(random), anything(random), [anything(random), anything(random)]];
        const fails = random.once(3);
        let runs = 0;
        const seen: unknown[] = [];
        const app = function (this: unknown, ...args: unknown[]): unknown {
          runs++;
          seen.push(this, ...args);
          if (fails) throw result;
          return result;
        };
        const [options, name] = [bent(random, { name: 'n', type: 'function' }), anything(random) as never];
        const direct: [string, () => unknown][] = [
          ['track', () => track(bent(random, random.pick(EVENTS)), app as never)],
          ['startRun.run', () => startRun(bent(random, { agent: { id: 'a' } })).run(app)],
          ['step', () => startRun().step(name, name, app as never, options)],
          ['session.run', () => startSession(bent(random, { name: 'n' })).run(app)],
        ];
        const wrapped: [string, () => unknown][] = [
          ['recordTool', () => (recordTool as Function)('t', app)],
          ['recordTool options', () => (recordTool as Function)(app, options)],
          ['recordAction', () => (recordAction as Function)('a', app)],
          ['recordAction options', () => (recordAction as Function)(app, options)],
          ['trackAgent', () => (trackAgent as Function)(app)],
          ['trackAgent options', () => (trackAgent as Function)(options, app)],
        ];
        const isWrapped = random.once(2);
        const [what, act] = random.pick(isWrapped ? wrapped : direct);
        let outcome: { value?: unknown; error?: unknown };
        try {
          let made = act();
          if (isWrapped) {
            if (typeof made !== 'function') throw new Error(`${what} made no function`);
            made = Reflect.apply(made, self, given);
          }
          outcome = { value: made };
        } catch (error) {
          outcome = { error };
        }
        if (runs !== 1) throw new Error(`${what} ran it ${runs} times: ${String((outcome.error as Error)?.stack)}`);
        if (isWrapped && (!Object.is(seen[0], self) || !Object.is(seen[1], given[0]) || !Object.is(seen[2], given[1])))
          throw new Error(`${what} changed this or the arguments`);
        const came = fails ? outcome.error : outcome.value;
        if (!('error' in outcome === fails) || !(Object.is(came, result) || (!fails && isPromise(result) && isPromise(came))))
          throw new Error(`${what} changed the outcome: ${String((outcome.error as Error)?.stack)}`);
        await new Promise((resolve) => setImmediate(resolve));
        rig?.store.close({ state: 'success', reason: 'ended' });
        if (rig) checkRecordings(rig);
        rig?.stop();
        rig = undefined;
        if (rejections.length > 0) throw new Error(`${what}: an unhandled rejection: ${String(rejections.splice(0)[0])}`);
      });
    },
  );

  it('registerVocabulary throws a TypeError or nothing', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    await fuzz(500, (random) => {
      try {
        registerVocabulary(bent(random, { failures: { tool: ['x'] }, decisions: {}, signals: {}, steps: ['s'] }));
      } catch (error) {
        if (!(error instanceof TypeError || error instanceof Thrown)) throw error;
      }
      checkPrototypes();
    });
  });
});
