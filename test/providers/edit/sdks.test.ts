/** R8: an edited completion, given to the real SDKs over real sockets, in the shape that each of them asked for. */
import { afterEach, describe, expect, test } from 'vitest';
import type { EditedCompletion } from '../../../src/events/edits.ts';
import { completionOf, editedAnswer, type CallOnWire } from '../../../src/providers/edited-answer.ts';
import { startStandIn, type Reply, type StandIn, type StandInRequest } from '../../../src/testing/stand-in.ts';
import { fuzz, FUZZ_TIMEOUT_MS, HOSTILE_TEXTS, type Random } from '../../support/random.ts';
import { sdkCalls, type Got, type SdkCall } from './sdk-calls.ts';

const servers: StandIn[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const bytesOf = ({ body, pieces }: Reply): Uint8Array =>
  Buffer.concat(
    (pieces ?? [typeof body === 'object' ? JSON.stringify(body) : body!]).map((piece) => Buffer.from(piece as string)),
  );

/** What would be recorded of a request and its answer. */
function onWire(call: SdkCall, url: string, request: StandInRequest, reply: Reply | undefined): CallOnWire {
  const type = reply?.pieces ? 'text/event-stream' : 'application/json';
  const headers = Object.entries({ 'content-type': type, 'x-request-id': 'req_1', ...reply?.headers });
  return {
    provider: 'test',
    operation: call.operation,
    ...(call.api !== undefined && { api: call.api }),
    request: {
      method: request.method,
      url: `${url}${request.path}`,
      headers: Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]),
      body: request.text,
    },
    recorded: reply && { status: reply.status ?? 200, headers, body: bytesOf(reply) },
  };
}

/** What an app gets that asks while `reply` was recorded, and `completion` is to be said in its place; and what we read of what it got. */
async function askEdited(
  call: SdkCall,
  reply: Reply | undefined,
  completion: EditedCompletion,
): Promise<{ got: Got; read: EditedCompletion }> {
  let read: EditedCompletion | undefined;
  const server = await startStandIn((request) => {
    const wire = onWire(call, server.url, request, reply);
    const answer = editedAnswer({ ...wire, completion });
    if ('cannot' in answer) throw new Error(answer.cannot);
    const { status, headers, pieces } = answer;
    read = completionOf({ ...wire, recorded: { status, headers, body: Buffer.concat(pieces) } });
    return { status, headers: Object.fromEntries(headers), pieces };
  });
  servers.push(server);
  const got = await call.ask(await call.load(), server.url);
  return { got, read: read! };
}

async function askPlain(call: SdkCall, reply: Reply): Promise<Got> {
  const server = await startStandIn(() => reply);
  servers.push(server);
  return call.ask(await call.load(), server.url);
}

const withoutIds = (calls: Got['calls'] = []): object[] =>
  calls.map(({ name, arguments: given }) => ({ name, arguments: given }));

const TEXT = 'Edited: "data: x"\n\ndata: [DONE]\r\n\nevent: error\n {"a":1} 😀 é fin.';
const CALLS = [
  { name: 'lookup', arguments: { city: 'Wien 😀', list: [1, 2.5, null], deep: { quote: '"\\\n' } } },
  { name: 'other', arguments: {} },
];
const RECORDED_CALLS = [
  { id: 'call_abcdefghi', name: 'lookup', arguments: '{"city":"Oslo"}' },
  { id: 'call_klmnopqrs', name: 'lookup', arguments: '{"city":"Bern"}' },
];

function check({ got, read }: { got: Got; read: EditedCompletion }, text: string, calls: readonly object[]): void {
  expect(got.text).toBe(text);
  expect(withoutIds(got.calls)).toEqual(calls);
  expect(read.text ?? '').toBe(text);
  expect(withoutIds(read.toolCalls)).toEqual(calls);
}

describe.each(sdkCalls)('R8 $name', (call) => {
  const said = call.answer({ text: 'The weather is fine today.' });
  const asked = call.plain === true ? said : call.answer({ tools: RECORDED_CALLS });

  test('a text in the place of a text; id and tokens stay', async () => {
    const before = await askPlain(call, said);
    expect(before.text).toBe('The weather is fine today.');
    const { got, read } = await askEdited(call, said, { text: TEXT });
    check({ got, read }, TEXT, []);
    expect([got.id, got.usage]).toEqual([before.id, before.usage]);
    expect(read.finishReason).toBe('stop');
  });

  test.skipIf(call.plain === true)('tool calls put beside the text, and in its place', async () => {
    const beside = await askEdited(call, said, { toolCalls: CALLS });
    check(beside, 'The weather is fine today.', CALLS);
    const { got } = await askEdited(call, said, { text: '', toolCalls: CALLS });
    expect(got.text).toBe('');
    expect(withoutIds(got.calls)).toEqual(CALLS);
    const ids = got.calls.map(({ id }) => id).filter((id) => id !== undefined);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test.skipIf(call.plain === true)('the arguments of one call of two; the other stays as it is', async () => {
    const before = await askPlain(call, asked);
    const calls = [
      { name: 'lookup', arguments: { city: 'Oslo' } },
      { name: 'lookup', arguments: { city: 'Graz', more: [1] } },
    ];
    const { got, read } = await askEdited(call, asked, { toolCalls: calls });
    check({ got, read }, before.text, calls);
    expect(got.calls.map(({ id }) => id)).toEqual(before.calls.map(({ id }) => id));
    expect([got.id, got.usage]).toEqual([before.id, before.usage]);
  });

  test.skipIf(call.plain === true)('tool calls taken away', async () => {
    check(await askEdited(call, asked, { text: TEXT, toolCalls: [] }), TEXT, []);
  });

  test.skipIf(call.plain === true)('a text beside tool calls that stay', async () => {
    const before = await askPlain(call, asked);
    const { got } = await askEdited(call, asked, { text: 'I look it up.' });
    expect(got.text).toBe('I look it up.');
    expect(got.calls).toEqual(before.calls);
  });

  test('a whole answer in the place of an error, and of none', async () => {
    const error = call.error({ status: 500, retryAfterSeconds: 1 });
    const calls = call.plain === true ? [] : CALLS;
    for (const reply of [error, undefined]) {
      check(await askEdited(call, reply, { text: TEXT, toolCalls: calls }), TEXT, calls);
      check(await askEdited(call, reply, { text: TEXT }), TEXT, []);
    }
  });

  test('a whole answer in the place of one that broke off', async () => {
    const { pieces } = said;
    if (pieces === undefined) return;
    const cut: Reply = { ...said, pieces: pieces.slice(0, 3) };
    check(await askEdited(call, cut, { text: TEXT }), TEXT, []);
  });

  test('what it says already changes no byte', async () => {
    const server = await startStandIn((request) => {
      const wire = onWire(call, server.url, request, asked);
      const answer = editedAnswer({ ...wire, completion: completionOf(wire)! });
      if ('cannot' in answer) throw new Error(answer.cannot);
      expect(Buffer.concat(answer.pieces).toString('latin1')).toBe(Buffer.from(bytesOf(asked)).toString('latin1'));
      return asked;
    });
    servers.push(server);
    await call.ask(await call.load(), server.url);
    expect(server.requests).toHaveLength(1);
  });

  test(
    'texts and arguments of all kinds',
    async () => {
      await fuzz(6, async (random) => {
        const text = textOf(random);
        const calls =
          call.plain === true
            ? []
            : Array.from({ length: random.below(3) }, () => ({ name: 'lookup', arguments: argumentsOf(random) }));
        check(await askEdited(call, random.pick([said, asked, undefined]), { text, toolCalls: calls }), text, calls);
        for (const server of servers.splice(0)) await server.close();
      });
    },
    FUZZ_TIMEOUT_MS,
  );
});

const PIECES = [
  ...HOSTILE_TEXTS,
  'data: {"a":1}\n\n',
  ': comment\n',
  'event: done\n',
  '[DONE]',
  '\ud800',
  '\udc00',
  '\u2028',
  '\ufeff',
  ' ',
  '\n\n',
  '"}',
  '日本語',
];

/** Some SDKs' parsers look at what is empty in ways of their own: a text begins with a word. */
const textOf = (random: Random): string => `a${Array.from({ length: 1 + random.below(5) }, () => random.pick(PIECES)).join('')}`;

const argumentsOf = (random: Random): object =>
  Object.fromEntries(
    Array.from({ length: random.below(4) }, (_, index) => [
      `key${index}`,
      random.pick<unknown>([random.pick(PIECES), random.below(1e9), null, true, [textOf(random)], { inner: textOf(random) }]),
    ]),
  );
