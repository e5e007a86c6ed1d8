/** Answers that the app reads itself, by the promises of the Stainless family. */
import assert from 'node:assert/strict';
import { TEXT, errorOf } from './bench.ts';
import type { Bench, Check } from './bench.ts';
import { assertIs, assertMatches, assertSame } from './claims.ts';
import { looksOf } from './portrait.ts';

const USAGE = { input: 3, output: 2 };

function answering(bench: Bench): Promise<any> {
  return bench.client(() => bench.plain({ text: TEXT, tokens: USAGE }));
}

function bodyOf(bench: Bench): object {
  return bench.spec.wire.answer({ text: TEXT, tokens: USAGE });
}

const withResponse: Check = {
  name: 'P4 raw answers: withResponse',
  needs: ['rawResponse'],
  run: async (bench) => {
    const client = await answering(bench);
    const ask = async (): Promise<any> => bench.spec.chat(client).withResponse();
    const bare = await bench.bare(ask);
    const result = await ask();
    assertSame(looksOf(result), looksOf(bare), 'what the app gets');
    assertIs(result.request_id, bare.request_id, 'request_id');
    assertIs(result.response.status, 200, 'status');
    assertSame(bench.portrait(result.data), bench.portrait(bare.data), 'data');
    assertMatches(bench.only().outcome, { status: 'ok', usage: USAGE }, 'outcome');
  },
};

const asResponse: Check = {
  name: 'P4 raw answers: asResponse: the event ends when the app has read the body, with the facts in it',
  needs: ['rawResponse'],
  run: async (bench) => {
    const response = await bench.spec.chat(await answering(bench)).asResponse();
    assertIs(bench.only().ended, false, 'ended before the body was read');
    assertSame(await response.json(), bodyOf(bench), 'body that the app reads');
    assertMatches(bench.only().outcome, { status: 'ok', usage: USAGE }, 'outcome');
    assertIs(bench.only().exchanges[0]!.text, JSON.stringify(bodyOf(bench)), 'body of the exchange');
  },
};

const metadata: Check = {
  name: 'P4 raw answers: asResponse in metadata mode ends with the head',
  needs: ['rawResponse'],
  run: async (bench) => {
    bench.record({ wantsBodies: false });
    const response = await bench.spec.chat(await answering(bench)).asResponse();
    assertSame(await response.json(), bodyOf(bench), 'body that the app reads');
    assertIs(bench.only().status, 'ok', 'status');
  },
};

const failing: Check = {
  name: 'P4 raw answers: asResponse of a call that fails',
  needs: ['rawResponse'],
  run: async (bench) => {
    const client = await bench.client(() => bench.spec.wire.error({ status: 404, requestId: 'req_8' }));
    const error = await errorOf(() => bench.spec.chat(client).asResponse());
    assertIs(error.status, 404, 'status');
    assertMatches(bench.only().outcome, { status: 'error', error: { status: 404, requestId: 'req_8' } }, 'outcome');
  },
};

const both: Check = {
  name: 'P4 raw answers: asResponse and then the answer',
  needs: ['rawResponse'],
  run: async (bench) => {
    const promise = bench.spec.chat(await answering(bench));
    const [response, value] = await Promise.all([promise.asResponse(), promise]);
    assertIs(response.status, 200, 'status');
    assert.ok(bench.textOf(value).includes(TEXT), 'the app gets the answer');
    assertMatches(bench.only().outcome, { status: 'ok', usage: USAGE }, 'outcome');
  },
};

const twice: Check = {
  name: 'P4 calls: awaited twice, it is one answer and one event',
  run: async (bench) => {
    const promise = bench.spec.chat(await answering(bench));
    assert.ok((await promise) === (await promise), 'the answer is the same object both times');
    assertIs(bench.only().outcomes.length, 1, 'ends that were told');
  },
};

export const rawAnswers: readonly Check[] = [withResponse, asResponse, metadata, failing, both, twice];
