/** Calls: one event each, with its facts, whatever the answer. */
import assert from 'node:assert/strict';
import { hub } from '../../events/ports.ts';
import type { ExchangeRequest, OpenEvent } from '../../events/ports.ts';
import { LOOKUP, TEXT, errorOf, outcomeOf } from './bench.ts';
import type { InMemoryEvent } from '../in-memory-recorder.ts';
import type { Bench, Check } from './bench.ts';
import { anyText, assertIs, assertMatches, assertSame, textLike } from './claims.ts';
import { looksOf } from './portrait.ts';

const oneEvent: Check = {
  name: 'P1 calls: a chat is one event with its facts',
  run: async (bench) => {
    const { spec } = bench;
    const tokens = { input: 20, output: 7, cached: 4 };
    const client = await bench.client(() => bench.plain({ text: TEXT, tokens }));
    const value = await spec.chat(client);
    assert.ok(bench.textOf(value).includes(TEXT), 'the app gets the answer');
    const event = bench.only();
    const operation = spec.operation ?? 'chat';
    assertIs(event.status, 'ok', 'status');
    assertMatches(event.start.name, textLike(new RegExp(`^${operation} \\S+$`)), 'name of the event');
    const server = { address: '127.0.0.1', port: bench.server.port };
    assertMatches(event.llm, { operation, provider: spec.name, api: anyText, server }, 'facts of the call');
    const cached = spec.can.cacheTokens ? { cacheRead: 4 } : {};
    assertMatches(event.outcome, { usage: { input: 20, output: 7, ...cached } }, 'tokens');
    const response = {
      ...(spec.can.responseIds && { id: anyText }),
      ...(spec.can.responseModels && { model: anyText }),
      finishReasons: [anyText],
    };
    assertMatches(event.outcome!.response, response, 'facts of the answer');
  },
};

const oneExchange: Check = {
  name: 'P1 calls: the exchange has the bytes that were sent, and those that came',
  needs: ['exchanges'],
  run: async (bench) => {
    const reply = bench.plain({ text: TEXT });
    await bench.spec.chat(await bench.client(() => reply));
    const event = bench.only();
    assertMatches(event.exchanges, [{ status: 200, how: 'complete' }], 'exchanges');
    const [exchange] = event.exchanges;
    const [sent] = bench.server.requests;
    assertIs(exchange!.request.method, 'POST', 'method');
    assertIs(textOfBytes(exchange!.request.body), sent!.text, 'body of the request');
    assertIs(new URL(exchange!.request.url).pathname, sent!.path.split('?')[0], 'path of the request');
    assertIs(exchange!.text, JSON.stringify(reply.body), 'body of the answer');
    assertSame(event.content, {}, 'content beside the exchange');
  },
};

const ownContent: Check = {
  name: 'P1 calls: request and answer are content of an event that has no exchange',
  skip: (spec) => spec.can.exchanges === true && 'the exchanges hold them',
  run: async (bench) => {
    await bench.spec.chat(await bench.client(() => bench.plain({ text: TEXT })));
    const { content } = bench.only();
    assertMatches(content, { request: isObject, response: isObject }, 'content');
    assert.ok(JSON.stringify(content!.response).includes(TEXT), 'the answer is content');
  },
};

const metadata: Check = {
  name: 'V1 privacy: in metadata mode the facts are known, and no body is looked at',
  run: async (bench) => {
    bench.record({ wantsBodies: false });
    const client = await bench.client(() => bench.plain({ text: TEXT, tokens: { input: 12, output: 5 } }));
    await bench.spec.chat(client);
    const event = bench.only();
    assertIs(event.status, 'ok', 'status');
    assertMatches(event.outcome!.usage, { input: 12, output: 5 }, 'tokens');
    if (bench.spec.can.exchanges) assertMatches(event.exchanges, [{ status: 200, how: 'unread', chunks: [] }], 'exchanges');
    assertContentFree([event], [TEXT]);
  },
};

const contentFree: Check = {
  name: 'V1 privacy: nothing that was said stands outside of content',
  run: async (bench) => {
    const { spec } = bench;
    const canary = 'canary-in-what-was-said';
    const tools = [{ ...LOOKUP, arguments: JSON.stringify({ city: canary }) }];
    await spec.chat(await bench.client(() => bench.plain({ text: canary, tools })));
    const prompts = sentencesIn(bench.server.requests[0]!.json);
    const [status] = Object.keys(spec.errors.byStatus);
    const failing = await bench.client(() => spec.wire.error({ status: Number(status), message: canary }));
    await errorOf(() => spec.chat(failing));
    assertIs(bench.recorder.calls.length, 2, 'events');
    assertContentFree(bench.recorder.calls, [canary, ...prompts]);
  },
};

/** Strings of more than one word. */
function sentencesIn(value: unknown): string[] {
  if (typeof value === 'string') return /\S\s+\S/.test(value) ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(sentencesIn) : [];
}

function assertContentFree(events: readonly InMemoryEvent[], said: readonly string[]): void {
  for (const { start, llm, outcome } of events) {
    const facts = JSON.stringify({ start, llm, outcome });
    for (const each of said) assert.ok(!facts.includes(each), `"${each}" stands outside of content, in ${facts}`);
  }
}

const noTokens: Check = {
  name: 'P5 calls: where the provider says nothing of tokens, nothing is known of them',
  run: async (bench) => {
    await bench.spec.chat(await bench.client(() => bench.plain({ text: TEXT, tokens: null })));
    const { usage } = bench.only().outcome!;
    assertSame(Object.keys(usage ?? {}), [], 'tokens');
  },
};

const nobody: Check = {
  name: 'P4 calls: with nobody in the hub the originals run alone',
  run: async (bench) => {
    const client = await bench.client(() => bench.plain({ text: TEXT }));
    const ownMembers = (value: any): unknown => ({ looks: looksOf(value), hidden: Object.getOwnPropertyNames(value) });
    const run = async (): Promise<unknown> => {
      const promise = bench.spec.chat(client);
      const looks = ownMembers(promise);
      const value = await promise;
      assert.ok(bench.textOf(value).includes(TEXT), 'the app gets the answer');
      return looks;
    };
    const bare = await bench.bare(run);
    hub.recorder = null;
    assertSame(await run(), bare, 'the promise');
    assertSame(bench.recorder.events, [], 'events');
  },
};

const answered: Check = {
  name: 'P1 calls: an answerer answers instead of the network',
  needs: ['answerer'],
  run: async (bench) => {
    const { spec } = bench;
    const { asked, body } = await askedOf(bench, (client) => spec.chat(client), JSON.stringify(spec.wire.answer({ text: TEXT })));
    assert.ok(bench.textOf(body).includes(TEXT), 'the app gets the answer of the answerer');
    assertIs(asked.length, 1, 'requests that the answerer is asked for');
    assertIs(asked[0]!.event, bench.only(), 'the event that the answerer is told of');
    if (spec.can.exchanges) assertMatches(bench.only().exchanges, [{ status: 200, how: 'complete' }], 'exchanges');
  },
};

const answeredStream: Check = {
  name: 'P1 calls: an answerer answers a stream',
  needs: ['answerer', 'stream'],
  run: async (bench) => {
    const bytes = Buffer.concat(bench.pieces({ text: TEXT }).map((piece) => Buffer.from(piece as Uint8Array)));
    const read = async (client: any): Promise<any[]> => bench.readAll(await bench.stream(client));
    const headers = { 'content-type': 'text/event-stream', ...bench.spec.wire.streamHeaders };
    const { body: chunks } = await askedOf(bench, read, bytes, headers);
    assert.ok(chunks.length > 1, 'the app gets chunks');
    assertMatches(bench.only().outcome, { status: 'ok', chunks: chunks.length }, 'outcome');
  },
};

/** Lets an answerer answer what `call` asks, after the stand-in has seen what would have been sent. */
async function askedOf(
  bench: Bench,
  call: (client: any) => unknown,
  answer: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = { 'content-type': 'application/json' },
): Promise<{ asked: { request: ExchangeRequest; event: OpenEvent | null }[]; body: any }> {
  const client = await bench.client(() => ({ status: 400, body: {} }));
  await bench.bare(() => outcomeOf(() => call(client)));
  const asked: { request: ExchangeRequest; event: OpenEvent | null }[] = [];
  hub.answerer = {
    answer: (request, event) => {
      asked.push({ request, event });
      return Promise.resolve(new Response(answer, { headers }));
    },
  };
  const body = await call(client);
  assertIs(bench.server.requests.length, 1, 'requests that went to the network, the one without us counted');
  assertIs(textOfBytes(asked[0]?.request.body), bench.server.requests[0]!.text, 'body that the answerer is asked for');
  return { asked, body };
}

const oddAnswers: Check = {
  name: 'P4 calls: odd answers reach the app as without us, and are one event each',
  needs: ['odd'],
  run: async (bench) => {
    for (const body of bench.spec.wire.odd!) {
      bench.record();
      const client = await bench.client(() => ({ body: JSON.stringify(body) }));
      const bare = await bench.bare(() => outcomeOf(() => bench.spec.chat(client)));
      const outcome = await outcomeOf(() => bench.spec.chat(client));
      assertSame(bench.portrait(outcome), bench.portrait(bare), `outcome of ${JSON.stringify(body)}`);
      assertIs(bench.only().ended, true, `end of the event of ${JSON.stringify(body)}`);
    }
  },
};

const structured: Check = {
  name: 'P1 calls: structured output is parsed, and one event',
  needs: ['structured'],
  run: async (bench) => {
    const client = await bench.client(() => bench.plain({ text: '{"city":"Oslo"}' }));
    assertSame(await bench.spec.structured!(client), { city: 'Oslo' }, 'what was parsed');
    assertIs(bench.only().status, 'ok', 'status');
  },
};

const unparsable: Check = {
  name: 'P1 calls: an answer that the helper cannot parse is an answer all the same, with its tokens',
  needs: ['structured'],
  run: async (bench) => {
    const client = await bench.client(() => bench.plain({ text: '{"city":', tokens: { input: 12, output: 5 } }));
    assert.ok((await errorOf(() => bench.spec.structured!(client))) instanceof Error);
    assertMatches(bench.only().outcome, { status: 'ok', usage: { input: 12, output: 5 } }, 'outcome');
  },
};

const embeddings: Check = {
  name: 'P1 calls: embeddings',
  needs: ['embeddings'],
  run: async (bench) => {
    const { call, answer, dimensions, inputTokens, vectors } = bench.spec.embeddings!;
    const client = await bench.client(() => ({ body: answer }));
    const result = await call(client);
    const [vector] = vectors ? vectors(result) : result.data.map(({ embedding }: any) => embedding);
    assertIs(vector.length, dimensions, 'length of the vector that the app gets');
    const event = bench.only();
    assertMatches(event.start.name, textLike(/^embeddings \S+$/), 'name of the event');
    const usage = inputTokens === undefined ? {} : { usage: { input: inputTokens } };
    assertMatches(event.outcome, { status: 'ok', response: { dimensions }, ...usage }, 'outcome');
  },
};

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function textOfBytes(body: string | Uint8Array | undefined): string | undefined {
  return body instanceof Uint8Array ? Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8') : body;
}

export const calls: readonly Check[] = [
  oneEvent,
  oneExchange,
  ownContent,
  metadata,
  contentFree,
  noTokens,
  nobody,
  answered,
  answeredStream,
  oddAnswers,
  structured,
  unparsable,
  embeddings,
];
