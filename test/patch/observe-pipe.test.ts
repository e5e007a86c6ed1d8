import { describe, expect, test } from 'vitest';
import { observePiped } from '../../src/patch/observe-pipe.ts';
import type { StreamEnd, StreamSink } from '../../src/patch/observe-stream.ts';

class Seen implements StreamSink {
  readonly chunks: unknown[] = [];
  readonly ends: StreamEnd[] = [];
  hiddenTimes = 0;

  chunk(chunk: unknown): void {
    this.chunks.push(chunk);
  }

  ended(end: StreamEnd): void {
    this.ends.push(end);
  }

  hidden(): void {
    this.hiddenTimes++;
  }
}

const CHUNKS = Array.from({ length: 10 }, (_, index) => Object.freeze({ index }));

/** A stream that counts what it was asked for. */
function source(fail?: Error): { stream: ReadableStream<object>; asked: () => number; left: unknown[] } {
  let asked = 0;
  const left: unknown[] = [];
  const stream = new ReadableStream<object>(
    {
      pull(controller) {
        const chunk = CHUNKS[asked++];
        if (fail !== undefined && asked === 4) throw fail;
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
      cancel: (reason) => void left.push(reason),
    },
    { highWaterMark: 0 },
  );
  return { stream, asked: () => asked, left };
}

const through = (stream: ReadableStream<object>): ReadableStream<object> =>
  stream.pipeThrough(new TransformStream<object, object>(undefined, { highWaterMark: 1 }, { highWaterMark: 0 }));

/** How many chunks are asked for when the first one is read. */
async function askedAfterOne(watched: boolean): Promise<number> {
  const { stream, asked } = source();
  if (watched) observePiped(stream, new Seen());
  const reader = through(stream).getReader();
  await reader.read();
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => void setImmediate(resolve));
  return asked();
}

describe('a stream that is piped on', () => {
  test('gives the same chunks, and is done', async () => {
    const { stream } = source();
    const sink = new Seen();
    observePiped(stream, sink);
    const got: unknown[] = [];
    for await (const chunk of through(stream)) got.push(chunk);
    expect(got.every((chunk, index) => chunk === CHUNKS[index])).toBe(true);
    expect(got).toHaveLength(CHUNKS.length);
    expect(sink.chunks).toEqual(got);
    expect(sink.ends).toEqual([{ how: 'done', aborted: false }]);
    expect(sink.hiddenTimes).toBe(0);
  });

  test('is asked for no more than it is without us', async () => {
    expect(await askedAfterOne(true)).toBe(await askedAfterOne(false));
  });

  test('gives the same error', async () => {
    const broken = new Error('broken');
    const { stream } = source(broken);
    const sink = new Seen();
    observePiped(stream, sink);
    const read = async (): Promise<void> => {
      for await (const _ of through(stream));
    };
    await expect(read()).rejects.toBe(broken);
    expect(sink.chunks).toHaveLength(3);
    expect(sink.ends).toEqual([{ how: 'error', error: broken }]);
  });

  test('is told when its reader leaves, and why', async () => {
    const { stream, left } = source();
    const sink = new Seen();
    observePiped(stream, sink);
    const reader = through(stream).getReader();
    await reader.read();
    const reason = { why: 'enough' };
    await reader.cancel(reason);
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => void setImmediate(resolve));
    expect(left).toEqual([reason]);
    expect(sink.ends).toEqual([{ how: 'left' }]);
  });

  test('is locked as it is without us, and may be read in another way instead', async () => {
    const { stream } = source();
    observePiped(stream, new Seen());
    through(stream);
    expect(stream.locked).toBe(true);
    expect(() => stream.getReader()).toThrow(TypeError);
    const other = source();
    const sink = new Seen();
    observePiped(other.stream, sink);
    for await (const _ of other.stream);
    expect(sink.chunks).toHaveLength(CHUNKS.length);
    expect(Object.keys(other.stream)).toEqual([]);
  });
});
