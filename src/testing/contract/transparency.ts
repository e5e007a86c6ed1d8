/** The app notices nothing: each call is made on the SDK as it is, then patched, then patched with nobody in the hub, and all that came of it is compared. */
import assert from 'node:assert/strict';
import { hub } from '../../events/ports.ts';
import type { Answer, StandIn } from '../stand-in.ts';
import { LOOKUP, TEXT, outcomeOf, silence, until } from './bench.ts';
import type { Bench, Check, Need } from './bench.ts';
import { assertSame } from './claims.ts';
import { looksOf } from './portrait.ts';
import type { ClientOptions } from './spec.ts';

/** Headers whose values are made anew for each call. */
const GENERATED = ['idempotency-key'];

interface Scenario {
  name: string;
  needs?: readonly Need[];
  options?: Partial<ClientOptions>;
  /** Whether the requests arrive is a matter of time. */
  timed?: boolean;
  answer(bench: Bench): Answer;
  /** Makes the call; what it gives or throws is compared. */
  play(bench: Bench, client: any): unknown;
}

/** A call, its promise looked at from the outside as well. */
async function chat(bench: Bench, client: any): Promise<unknown> {
  const promise = bench.spec.chat(client);
  const before = looksOf(promise);
  return { before, value: await promise, after: looksOf(promise) };
}

async function stream(bench: Bench, client: any): Promise<unknown> {
  const promise = bench.stream(client);
  const looks = [looksOf(promise)];
  const given = await promise;
  looks.push(looksOf(given));
  const chunks: unknown[] = [];
  const end = await outcomeOf(async () => {
    for await (const chunk of bench.reader(given)) chunks.push(chunk);
  });
  looks.push(looksOf(given));
  return { looks, chunks, end };
}

/** The steps of an iterator taken by hand, after a few and then no more. */
async function steps(bench: Bench, client: any): Promise<unknown> {
  const iterator = bench.reader(await bench.stream(client))[Symbol.asyncIterator]();
  const first = iterator.next();
  const looks = [looksOf(iterator), looksOf(first)];
  const taken = [await first, await iterator.next()];
  const left = await outcomeOf(() => iterator.return?.('over'));
  return { looks, taken, left, after: await outcomeOf(() => iterator.next()) };
}

async function thrownOut(bench: Bench, client: any): Promise<unknown> {
  for await (const _ of bench.reader(await bench.stream(client))) throw new RangeError('mine');
  return 'no chunk';
}

async function abortedLate(bench: Bench, client: any): Promise<unknown> {
  const controller = new AbortController();
  const before = bench.server.requests.length;
  const outcome = outcomeOf(() => bench.spec.chat(client, { signal: controller.signal }));
  await until(() => bench.server.requests.length > before, 'the request');
  controller.abort();
  return outcome;
}

const asking = { tools: [LOOKUP], text: 'One moment.' };
/** Nothing of it is lost in a buffer when the connection is cut, however the network cuts it up. */
const begun = (bench: Bench): (string | Uint8Array)[] => bench.pieces({ text: TEXT }).slice(0, 3);

const SCENARIOS: readonly Scenario[] = [
  { name: 'an answer', answer: (bench) => () => bench.plain({ text: TEXT }), play: chat },
  { name: 'an answer that asks for a tool', answer: (bench) => () => bench.plain(asking), play: chat },
  {
    name: 'an answer without tokens',
    answer: (bench) => () => bench.plain({ text: TEXT, tokens: null }),
    play: chat,
  },
  {
    name: 'two calls at once',
    answer: (bench) => () => bench.plain({ text: TEXT }),
    play: (bench, client) => Promise.all([bench.spec.chat(client), bench.spec.chat(client)]),
  },
  {
    name: 'then, catch and finally',
    answer: (bench) => () => bench.plain({ text: TEXT }),
    play: async (bench, client) => {
      const make = (): any => bench.spec.chat(client);
      const given = [make().then((it: unknown) => it), make().catch(() => 0), make().finally(() => 0)];
      return { looks: given.map(looksOf), values: await Promise.all(given) };
    },
  },
  { name: 'an answer that is no JSON', answer: () => () => ({ body: '{"id": "ch' }), play: chat },
  { name: 'a retry', needs: ['retries'], options: { maxRetries: 1 }, answer: retried, play: chat },
  {
    name: 'a timeout',
    needs: ['timeout'],
    options: { timeoutMs: 60 },
    timed: true,
    answer: () => silence,
    play: chat,
  },
  {
    name: 'a call that is aborted before',
    needs: ['abort'],
    answer: (bench) => () => bench.plain(),
    play: (bench, client) => bench.spec.chat(client, { signal: AbortSignal.abort() }),
  },
  {
    name: 'a call that is aborted while it waits',
    needs: ['abort'],
    answer: () => silence,
    play: abortedLate,
  },
  { name: 'a stream', needs: ['stream'], answer: (bench) => () => bench.streamed(bench.pieces({ text: TEXT })), play: stream },
  {
    name: 'a stream that asks for a tool',
    needs: ['stream'],
    answer: (bench) => () => bench.streamed(bench.pieces(asking)),
    play: stream,
  },
  { name: 'a stream in one packet', needs: ['stream'], answer: onePacket, play: stream },
  { name: 'a stream that is cut short', needs: ['stream'], answer: (bench) => () => bench.streamed(begun(bench)), play: stream },
  {
    name: 'a stream with an error in it',
    needs: ['stream', 'errorEvent'],
    answer: (bench) => () => bench.streamed([...begun(bench).slice(0, 2), bench.spec.wire.errorEvent!]),
    play: stream,
  },
  {
    name: 'a stream that the provider refuses',
    needs: ['stream'],
    answer: (bench) => () => bench.spec.wire.error({ status: statusesOf(bench)[0]!, requestId: 'req_9' }),
    play: stream,
  },
  { name: 'the steps of a stream', needs: ['stream'], answer: onePacket, play: steps },
  { name: 'a throw out of the loop over a stream', needs: ['stream'], answer: onePacket, play: thrownOut },
];

function retried(bench: Bench): Answer {
  // Two runs of a call ask twice each.
  return (_, index) => (index % 2 === 0 ? bench.spec.wire.error({ status: 503, retryAfterMs: 1 }) : bench.plain({ text: TEXT }));
}

function onePacket(bench: Bench): Answer {
  return () => bench.streamed([Buffer.concat(bench.pieces({ text: TEXT }).map((piece) => Buffer.from(piece as Uint8Array)))]);
}

function statusesOf(bench: Bench): number[] {
  return Object.keys(bench.spec.errors.byStatus).map(Number);
}

/** The error answers of a spec, in one check: there is one for each status that it names. */
const errorAnswers: Check = {
  name: 'P4 transparent: error answers',
  run: async (bench) => {
    for (const status of [...statusesOf(bench), 418]) {
      const reply = bench.spec.wire.error({ status, requestId: 'req_9', retryAfterSeconds: 3, code: 'some_code' });
      await compare(bench, { name: `status ${status}`, answer: () => () => reply, play: chat });
    }
  },
};

const refused: Check = {
  name: 'P4 transparent: a connection that nobody takes',
  run: async (bench) => {
    const url = await bench.refusal();
    await compareRuns(bench, 'a refused connection', async () =>
      bench.portrait(await outcomeOf(() => chat(bench, bench.clientOf(url)))),
    );
  },
};

/** Plays a scenario in the three ways; the same server answers, so that not even the port differs. */
async function compare(bench: Bench, scenario: Scenario): Promise<void> {
  await bench.client(scenario.answer(bench));
  const { server } = bench;
  let from = 0;
  await compareRuns(bench, scenario.name, async () => {
    const client = bench.clientOfServer(scenario.options);
    const outcome = await outcomeOf(() => scenario.play(bench, client));
    const requests = scenario.timed ? [] : requestsSince(bench, server, from);
    from = server.requests.length;
    return { outcome: bench.portrait(outcome), requests };
  });
}

async function compareRuns(bench: Bench, name: string, play: () => Promise<unknown>): Promise<void> {
  const bare = await bench.bare(play);
  assertSame(await play(), bare, `${name}: patched against bare`);
  assert.ok(bench.recorder.calls.length > 0, `${name}: no event, so nothing was compared`);
  const { recorder } = hub;
  hub.recorder = null;
  assertSame(await play(), bare, `${name}: patched, with nobody in the hub, against bare`);
  hub.recorder = recorder;
}

/** What the provider was sent, but for what is made anew for each call. */
function requestsSince(bench: Bench, server: StandIn, from: number): unknown {
  const generated = new Set([...GENERATED, ...(bench.spec.wire.generatedHeaders ?? [])]);
  return server.requests.slice(from).map(({ method, path, text, headers }) => ({
    method,
    path,
    text,
    headers: Object.entries(headers).map(([name, value]) => [name, generated.has(name) ? 'generated' : value]),
  }));
}

export const transparency: readonly Check[] = [
  ...SCENARIOS.map((scenario): Check => ({
    name: `P4 transparent: ${scenario.name}`,
    ...(scenario.needs && { needs: scenario.needs }),
    run: (bench) => compare(bench, scenario),
  })),
  errorAnswers,
  refused,
];
