/** Loads what Node loads at first use: some of it makes promises then, which would be numbered among those of whoever comes first. */
import { internally } from './lineage.ts';

/** Globals that Node makes when they are first touched. Not all there are: touching some of them warns. */
const LAZY = [
  ...['Blob', 'File', 'FormData', 'Headers', 'Request', 'Response', 'MessageEvent', 'CloseEvent', 'WebSocket', 'EventSource'],
  ...['ReadableStream', 'WritableStream', 'TransformStream', 'TextEncoderStream', 'TextDecoderStream', 'CompressionStream'],
  ...['DecompressionStream', 'ByteLengthQueuingStrategy', 'CountQueuingStrategy', 'MessageChannel', 'BroadcastChannel'],
  ...[
    'AbortController',
    'AbortSignal',
    'DOMException',
    'URL',
    'URLSearchParams',
    'Event',
    'EventTarget',
    'crypto',
    'performance',
    'navigator',
  ],
];

/** Touches lazy globals, and what answers are made of. */
export function warmUp(): void {
  internally(() => {
    for (const name of LAZY) {
      try {
        void Reflect.get(globalThis, name);
      } catch {
        // A global that cannot be had now is not had by the app either.
      }
    }
    for (const use of USES) {
      try {
        void Promise.resolve(use()).catch(() => {});
      } catch {
        // As above.
      }
    }
  });
}

const USES: readonly (() => unknown)[] = [
  () => new Response(new Response('{}').body).json(),
  () => new Response('text').text(),
  () => new Response('bytes').arrayBuffer(),
  () => new Blob(['text']).text(),
  () => new Response(new FormData()).arrayBuffer(),
  () => new Request('http://127.0.0.1:9/', { method: 'POST', body: 'text' }).clone().arrayBuffer(),
  () => new TransformStream(),
  () => new TextDecoderStream(),
  () => AbortSignal.any([new AbortController().signal]),
];
