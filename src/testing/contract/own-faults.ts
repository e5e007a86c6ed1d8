/** Faults of ours, which the app must not notice. */
import assert from 'node:assert/strict';
import { hub } from '../../events/ports.ts';
import { ON_PURPOSE, TEXT, outcomeOf } from './bench.ts';
import type { Reply } from '../stand-in.ts';
import type { Bench, Check } from './bench.ts';
import { assertIs, assertSame } from './claims.ts';

const MEMBERS = ['open', 'current', 'run', 'exchange', 'firstChunk', 'amend', 'end', 'head', 'chunk', 'onEnd', 'answer'];

/** Makes every sort of call that the SDK has, of the newest stand-in, and gives what the app got of them. */
async function useAll(bench: Bench, answerWith: (reply: Reply) => void): Promise<unknown[]> {
  const { spec } = bench;
  const got: unknown[] = [];
  const client = bench.clientOfServer();
  const before = bench.server.requests.length;
  answerWith(bench.plain({ text: TEXT }));
  const value = await spec.chat(client);
  assert.ok(bench.textOf(value).includes(TEXT), 'the app gets the answer');
  got.push(bench.portrait(value));
  if (spec.can.rawResponse) got.push(await (await spec.chat(client).asResponse()).json());
  answerWith(spec.wire.error({ status: Number(Object.keys(spec.errors.byStatus)[0]), requestId: 'req_9' }));
  got.push(bench.portrait(await outcomeOf(() => spec.chat(client))));
  if (spec.stream && spec.wire.stream) {
    answerWith(bench.streamed(bench.pieces({ text: TEXT })));
    const chunks = await bench.readAll(await bench.stream(client));
    assert.ok(chunks.length > 1, 'the app gets chunks');
    got.push(bench.portrait(chunks));
    for await (const _ of bench.reader(await bench.stream(client))) break;
  }
  return [...got, bench.server.requests.length - before];
}

const brokenMember = (broken: string): Check => ({
  name: `P12 own faults: a recorder whose \`${broken}\` throws`,
  provokes: true,
  run: async (bench) => {
    let reply: Reply = {};
    await bench.client(() => reply);
    const use = (): Promise<unknown[]> => useAll(bench, (next) => (reply = next));
    const bare = await bench.bare(use);
    bench.record({ broken });
    assertSame(await use(), bare, 'what the app gets');
  },
});

const brokenAnswerer: Check = {
  name: 'P12 own faults: an answerer that throws lets the call through',
  provokes: true,
  needs: ['answerer'],
  run: async (bench) => {
    let asked = 0;
    hub.answerer = {
      answer: () => {
        asked++;
        throw new Error(`broken ${ON_PURPOSE}: answer`);
      },
    };
    const client = await bench.client(() => bench.plain({ text: TEXT }));
    assert.ok(bench.textOf(await bench.spec.chat(client)).includes(TEXT), 'the app gets the answer');
    assertIs(asked, 1, 'times that the answerer was asked');
  },
};

export const ownFaults: readonly Check[] = [...MEMBERS.map(brokenMember), brokenAnswerer];
