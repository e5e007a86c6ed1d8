/** R8: every recorded answer of a real provider, edited, says what it was told to say and is otherwise what it was. */
import { describe, expect, test } from 'vitest';
import type { EditedCompletion } from '../../../src/events/edits.ts';
import { completionOf, editedAnswer, type EditedAnswer } from '../../../src/providers/edited-answer.ts';
import { shapeOf } from '../../../src/providers/answer-shapes.ts';
import { decodeBody } from '../../../src/providers/wire-body.ts';
import { SHARED } from '../decode/wire-exchanges.ts';
import { haveExchanges, loadAll, type RecordedCall } from './recorded-answers.ts';

if (!haveExchanges) console.log(`skipped: no recorded exchanges in ${SHARED}`);
const calls = haveExchanges ? loadAll() : [];
const good = calls.filter((call) => completionOf(call) !== undefined);

const TEXT = 'Edited: "data: x"\n\ndata: [DONE]\n 😀 fin.';
const CALLS = [
  { name: 'lookup', arguments: { city: 'Wien', list: [1, 2] } },
  { name: 'other', arguments: {} },
];
/** APIs that know of no tool calls. */
const PLAIN = new Set(['complete', 'completions', 'cohere_generate', 'ollama_generate']);

function edited(call: RecordedCall, completion: EditedCompletion): EditedAnswer {
  const answer = editedAnswer({ ...call, completion });
  if ('cannot' in answer) throw new Error(`${call.id}: ${answer.cannot}`);
  return answer;
}

const bodyOf = ({ pieces }: EditedAnswer): Buffer => Buffer.concat(pieces);
const asRecorded = (call: RecordedCall, answer: EditedAnswer): RecordedCall => ({
  ...call,
  recorded: { status: answer.status, headers: answer.headers, body: bodyOf(answer) },
});
const said = (call: RecordedCall, answer: EditedAnswer): EditedCompletion => completionOf(asRecorded(call, answer)) ?? {};
const named = (completion: EditedCompletion | undefined): object[] =>
  (completion?.toolCalls ?? []).map(({ name, arguments: given }) => ({ name, arguments: given }));

/** Facts of an answer that no edit changes. */
function kept(call: RecordedCall): object {
  const { operation } = shapeOf(call, call.request.url)!;
  const type = call.recorded.headers.find(([name]) => name === 'content-type')?.[1];
  const { body, complete } = decodeBody(operation, call.recorded.body, type);
  const { response, usage } = operation.response(body);
  const { finishReasons: _, toolCalls: __, status: ___, ...facts } = response;
  const reasoning = operation.output(body).map(({ parts }) => parts.filter((part) => part.type === 'reasoning'));
  const others = operation
    .output(body)
    .slice(1)
    .map(({ parts }) => parts);
  return { facts, usage, complete, reasoning, others, framing: type };
}

describe.skipIf(!haveExchanges)('R8 recorded answers', () => {
  test('there are enough of them, of every API', () => {
    expect(good.length).toBeGreaterThan(180);
    expect(new Set(good.map(({ api }) => api)).size).toBeGreaterThanOrEqual(14);
  });

  test('another text', () => {
    for (const call of good) {
      const answer = edited(call, { text: TEXT });
      const read = said(call, answer);
      expect(read.text, call.id).toBe(TEXT);
      expect(read.toolCalls, call.id).toEqual(completionOf(call)!.toolCalls);
      expect(read.finishReason, call.id).toBe(completionOf(call)!.finishReason);
      expect(kept(asRecorded(call, answer)), call.id).toEqual(kept(call));
    }
  });

  test('tool calls put in', () => {
    for (const call of good.filter(({ api }) => !PLAIN.has(api!))) {
      const answer = edited(call, { toolCalls: CALLS });
      const read = said(call, answer);
      expect(named(read), call.id).toEqual(CALLS);
      expect(read.text ?? '', call.id).toBe(completionOf(call)!.text ?? '');
      expect(kept(asRecorded(call, answer)), call.id).toEqual(kept(call));
    }
  });

  test('tool calls taken away', () => {
    const asking = good.filter((call) => completionOf(call)!.toolCalls !== undefined);
    expect(asking.length).toBeGreaterThan(30);
    for (const call of asking) {
      const answer = edited(call, { text: TEXT, toolCalls: [] });
      expect(said(call, answer), call.id).toEqual({ text: TEXT, finishReason: 'stop' });
      expect(kept(asRecorded(call, answer)), call.id).toEqual(kept(call));
    }
  });

  test('one call of several edited: ids and the others stay', () => {
    const several = good.filter((call) => (completionOf(call)!.toolCalls?.length ?? 0) > 1);
    expect(several.length).toBeGreaterThan(1);
    for (const call of several) {
      const [first, ...others] = completionOf(call)!.toolCalls!;
      const answer = edited(call, { toolCalls: [{ name: first!.name, arguments: { edited: true } }, ...others] });
      expect(said(call, answer).toolCalls, call.id).toEqual([{ ...first, arguments: { edited: true } }, ...others]);
    }
  });

  test('another end, in the word of the API', () => {
    for (const call of good) {
      if (call.api === 'mistral_conversations') continue;
      expect(said(call, edited(call, { finishReason: 'length' })).finishReason, call.id).toBe('length');
    }
  });

  test('what it says already changes no byte', () => {
    for (const call of good) {
      const answer = edited(call, completionOf(call)!);
      expect(completionOf(asRecorded(call, answer)), call.id).toEqual(completionOf(call));
      const json = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1').replaceAll(/\s+/g, '');
      expect(json(bodyOf(answer)), call.id).toBe(json(call.recorded.body));
    }
  });

  test('a whole answer in the place of an error', () => {
    const failed = calls.filter((call) => completionOf(call) === undefined);
    expect(failed.length).toBeGreaterThan(20);
    for (const call of failed) {
      const answer = edited(call, { text: TEXT, ...(!PLAIN.has(call.api!) && { toolCalls: CALLS }) });
      const read = said(call, answer);
      expect([answer.status, read.text, named(read)], call.id).toEqual([200, TEXT, PLAIN.has(call.api!) ? [] : CALLS]);
      expect(answer.headers.map(([name]) => name)).not.toContain('retry-after');
    }
  });

  test('a stream keeps its events but those that were edited, and ends as it did', () => {
    for (const call of good.filter(({ pieces }) => pieces.length > 1)) {
      const answer = edited(call, { text: TEXT });
      const before = call.recorded.body.toString();
      const after = bodyOf(answer).toString();
      expect(answer.pieces.length, call.id).toBeGreaterThan(1);
      if (before.includes('\ndata: [DONE]')) expect(after.trimEnd(), call.id).toMatch(/\ndata: \[DONE\]$/);
      const names = (text: string): string[] => [...new Set([...text.matchAll(/^event: ?(.*?)\r?$/gm)].map(([, name]) => name!))];
      for (const name of names(after)) expect(names(before).concat(...TEXT_EVENTS), call.id).toContain(name);
    }
  });

  test('lengths and encodings are those of the new bytes', () => {
    for (const call of good) {
      const headers: [string, string][] = [
        ...call.recorded.headers.map(([n, v]): [string, string] => [n, v]),
        ['Content-Length', '1'],
        ['Content-Encoding', 'br'],
      ];
      const answer = edited({ ...call, recorded: { ...call.recorded, headers } }, { text: TEXT });
      const of = (name: string): string[] =>
        answer.headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
      expect([of('content-length'), of('content-encoding')], call.id).toEqual([[String(bodyOf(answer).length)], []]);
    }
  });
});

/** Events of a text, where the recorded stream had none. */
const TEXT_EVENTS = [
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'response.output_item.added',
  'response.content_part.added',
  'response.output_text.delta',
  'response.output_text.done',
  'response.content_part.done',
  'response.output_item.done',
  'content-start',
  'content-delta',
  'content-end',
];
