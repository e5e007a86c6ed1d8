/** Failures: each is one event that says what happened, with every attempt. */
import assert from 'node:assert/strict';
import { TEXT, errorOf, inTurn, outcomeOf, silence, until } from './bench.ts';
import type { Bench, Check } from './bench.ts';
import { aWord, assertIs, assertMatches, assertSame, textLike } from './claims.ts';
import type { ProviderSpec } from './spec.ts';

function statusOf(bench: Bench, error: any): unknown {
  const { status } = bench.spec.errors;
  return status ? status(error) : error?.status;
}

/** What must be known of an error answer with this status. */
function factsOf({ errors, can, wire }: ProviderSpec, status: number): object {
  const fromHeaders = { ...(wire.requestIdHeader !== undefined && { requestId: 'req_9' }), retryAfterMs: 3000 };
  return {
    type: errors.byStatus[status] ?? aWord,
    status,
    ...(can.errorCodes && { code: 'some_code' }),
    ...(can.errorHeaders && fromHeaders),
  };
}

const errorAnswers = (status: number): Check => ({
  name: `P7 failures: status ${status}`,
  run: async (bench) => {
    const { spec } = bench;
    const reply = spec.wire.error({ status, requestId: 'req_9', retryAfterSeconds: 3, code: 'some_code' });
    const error = await errorOf(async () => spec.chat(await bench.client(() => reply)));
    assertIs(statusOf(bench, error), status, 'status of the error that the app gets');
    const event = bench.only();
    assertMatches(event.outcome, { status: 'error', error: factsOf(spec, status) }, 'outcome');
    assertIs(event.outcomes.length, 1, 'ends that were told');
    assertSame(event.content!.error, { message: error.message, stack: error.stack }, 'error, as content');
    if (spec.can.exchanges) assertMatches(event.exchanges, [{ status, how: 'complete' }], 'exchanges');
  },
});

const streamRefused: Check = {
  name: 'P7 failures: an error answer where a stream was asked for',
  needs: ['stream'],
  run: async (bench) => {
    const { spec } = bench;
    const status = Number(Object.keys(spec.errors.byStatus)[0]);
    const reply = spec.wire.error({ status, requestId: 'req_9', retryAfterSeconds: 3, code: 'some_code' });
    const client = await bench.client(() => reply);
    await errorOf(async () => bench.readAll(await bench.stream(client)));
    assertMatches(bench.only().outcome, { status: 'error', error: factsOf(spec, status) }, 'outcome');
    assertIs(bench.only().outcomes.length, 1, 'ends that were told');
  },
};

const threeAttempts: Check = {
  name: 'P8 attempts: 503, 503, 200 is one event with three attempts',
  needs: ['retries', 'exchanges'],
  run: async (bench) => {
    const down = bench.spec.wire.error({ status: 503, requestId: 'req_down', retryAfterMs: 5 });
    const client = await bench.client(inTurn(down, down, bench.plain({ text: TEXT })), { maxRetries: 2 });
    assert.ok(bench.textOf(await bench.spec.chat(client)).includes(TEXT), 'the app gets the answer');
    const event = bench.only();
    assertIs(event.status, 'ok', 'status');
    const given = textLike(/^(cancelled|unread|complete)$/);
    const attempts = [
      { status: 503, how: given },
      { status: 503, how: given },
      { status: 200, how: 'complete' },
    ];
    assertMatches(event.exchanges, attempts, 'attempts');
  },
};

const failedAttempts: Check = {
  name: 'P8 attempts: attempts that all fail',
  needs: ['retries', 'exchanges'],
  run: async (bench) => {
    const failing = bench.spec.wire.error({ status: 500, retryAfterMs: 1 });
    const client = await bench.client(() => failing, { maxRetries: 1 });
    await errorOf(() => bench.spec.chat(client));
    assertMatches(bench.only().exchanges, [{ status: 500 }, { status: 500, how: 'complete' }], 'attempts');
    assertIs(bench.only().status, 'error', 'status');
  },
};

const countedAttempts: Check = {
  name: 'P8 attempts: the SDK tries as often as without us, and it is one event',
  needs: ['retries'],
  run: async (bench) => {
    const down = bench.spec.wire.error({ status: 503, retryAfterMs: 1 });
    await bench.client(() => down);
    const attempts = async (): Promise<number> => {
      const before = bench.server.requests.length;
      await errorOf(() => bench.spec.chat(bench.clientOfServer({ maxRetries: 1 })));
      return bench.server.requests.length - before;
    };
    const bare = await bench.bare(attempts);
    assertIs(bare, 2, 'attempts of the SDK as it is: `retries` means that it makes two');
    assertIs(await attempts(), bare, 'attempts');
    assertIs(bench.only().status, 'error', 'status');
  },
};

const timeout: Check = {
  name: 'P7 failures: a timeout',
  needs: ['timeout'],
  run: async (bench) => {
    const client = await bench.client(silence, { timeoutMs: 60 });
    await errorOf(() => bench.spec.chat(client));
    const event = bench.only();
    assertMatches(event.outcome, { status: 'error', error: { type: bench.spec.errors.timeout ?? aWord } }, 'outcome');
    const exchange = { how: 'error', error: { type: textLike(/^(AbortError|TimeoutError)$/) } };
    if (bench.spec.can.exchanges) assertMatches(event.exchanges, [exchange], 'exchanges');
  },
};

const abortBefore: Check = {
  name: 'P7 failures: an abort before the call',
  needs: ['abort'],
  run: async (bench) => {
    const client = await bench.client(() => bench.plain());
    await errorOf(() => bench.spec.chat(client, { signal: AbortSignal.abort() }));
    assertMatches(bench.only().outcome, { status: 'error', error: { type: bench.spec.errors.abort ?? aWord } }, 'outcome');
    assertSame(bench.server.requests, [], 'requests');
  },
};

const abortDuring: Check = {
  name: 'P7 failures: an abort during the call',
  needs: ['abort'],
  run: async (bench) => {
    const controller = new AbortController();
    const client = await bench.client(() => {
      controller.abort();
      return silence();
    });
    await errorOf(() => bench.spec.chat(client, { signal: controller.signal }));
    const event = bench.only();
    assertMatches(event.outcome, { status: 'error', error: { type: bench.spec.errors.abort ?? aWord } }, 'outcome');
    assertIs(event.outcomes.length, 1, 'ends that were told');
  },
};

const refused: Check = {
  name: 'P7 failures: a refused connection',
  run: async (bench) => {
    const client = bench.clientOf(await bench.refusal());
    await errorOf(() => bench.spec.chat(client));
    const event = bench.only();
    const error = { type: bench.spec.errors.refused ?? aWord, code: 'ECONNREFUSED' };
    assertMatches(event.outcome, { status: 'error', error }, 'outcome');
    const exchange = { status: undefined, how: 'error', error: { code: 'ECONNREFUSED' } };
    if (bench.spec.can.exchanges) assertMatches(event.exchanges, [exchange], 'exchanges');
  },
};

const noJson: Check = {
  name: 'P7 failures: an answer that is no JSON',
  run: async (bench) => {
    const client = await bench.client(() => ({ body: '{"id": "ch', headers: { 'content-type': 'application/json' } }));
    const bare = await bench.bare(() => outcomeOf(() => bench.spec.chat(client)));
    const outcome = await outcomeOf(() => bench.spec.chat(client));
    assertSame(bench.portrait(outcome), bench.portrait(bare), 'what the app gets');
    assertIs(bench.only().ended, true, 'end of the event');
    if ('error' in bare) assertIs(bench.only().status, 'error', 'status');
  },
};

const nobodyAsks: Check = {
  name: 'P7 failures: a call that nobody asks of the outcome stays unhandled, and is one event',
  run: async (bench) => {
    const { spec } = bench;
    const status = spec.errors.byStatus[401] === undefined ? Number(Object.keys(spec.errors.byStatus)[0]) : 401;
    const reply = spec.wire.error({ status, requestId: 'req_9', retryAfterSeconds: 3, code: 'some_code' });
    const client = await bench.client(() => reply);
    const drop = async (): Promise<unknown[]> => unhandledIn(() => void spec.chat(client));
    const bare = await bench.bare(drop);
    const unhandled = await drop();
    assertIs(unhandled.length, 1, 'unhandled rejections');
    assertSame(bench.portrait(unhandled), bench.portrait(bare), 'unhandled rejections');
    assertMatches(bench.only().outcome, { status: 'error', error: factsOf(spec, status) }, 'outcome');
  },
};

/** What goes unhandled in the process from `drop` until some time after the first of it. */
async function unhandledIn(drop: () => void): Promise<unknown[]> {
  // What an earlier check has left unhandled is told of later.
  await new Promise((resolve) => setImmediate(resolve));
  const unhandled: unknown[] = [];
  const listeners = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', (error) => unhandled.push(error));
  try {
    drop();
    await until(() => unhandled.length > 0, 'the unhandled rejection');
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const listener of listeners) process.on('unhandledRejection', listener);
  }
  return unhandled;
}

/** The checks of failures; one for each status that the spec names. */
export function failures({ errors }: ProviderSpec): readonly Check[] {
  return [
    ...Object.keys(errors.byStatus).map((status) => errorAnswers(Number(status))),
    ...[streamRefused, threeAttempts, failedAttempts, countedAttempts, timeout, abortBefore, abortDuring],
    ...[refused, noJson, nobodyAsks],
  ];
}
