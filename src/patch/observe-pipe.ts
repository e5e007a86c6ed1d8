/** Watches a web stream whose reader pipes it on, which is done inside of the stream, where nobody can look. */
import { observeReadable } from './observe-stream.ts';
import type { StreamSink } from './observe-stream.ts';
import { setOwn } from './own-member.ts';

/**
 * Watches `stream`, whatever way it is read, `pipeThrough` too: what is piped on comes by a stream in between that holds nothing. It asks for a chunk when it is asked for one, and hands on
 * the same chunk, the same error and the reader's leaving.
 */
export function observePiped(stream: any, sink: StreamSink): void {
  const { pipeThrough } = stream;
  observeReadable(stream, sink);
  setOwn(stream, 'pipeThrough', function (this: unknown, ...args: unknown[]) {
    return Reflect.apply(pipeThrough, this === stream ? between(stream) : this, args) as unknown;
  });
}

function between(stream: any): ReadableStream<unknown> {
  const reader = stream.getReader();
  return new ReadableStream<unknown>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
