/** Reads response bodies in every way there is, watched, and prints what the reader got and what the watch saw. Run on each version of Node, whose `fetch` differs. */
import { Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { observeAnswer } from '../../src/patch/observe-body.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';

const PIECES = ['{"a":', '"one",', '"b":2}'];

const readers: Record<string, (response: any) => Promise<unknown>> = {
  text: (response) => response.text(),
  json: async (response) => JSON.stringify(await response.json()),
  arrayBuffer: async (response) => Buffer.from(await response.arrayBuffer()).toString(),
  blob: async (response) => (await response.blob()).text(),
  bytes: async (response) => Buffer.from(await response.bytes()).toString(),
  'for await': async ({ body }) => {
    let text = '';
    for await (const piece of body) text += Buffer.from(piece).toString();
    return text;
  },
  values: async ({ body }) => {
    let text = '';
    for await (const piece of body.values({ preventCancel: true })) text += Buffer.from(piece).toString();
    return text;
  },
  reader: async ({ body }) => {
    const reader = body.getReader();
    let text = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text;
      text += Buffer.from(value).toString();
    }
  },
  'reader, lock given up': async ({ body }) => {
    const first = body.getReader();
    const { value } = await first.read();
    first.releaseLock();
    return Buffer.from(value).toString() + (await textOf(body));
  },
  consumers: ({ body }) => textOf(body),
  fromWeb: ({ body }) => textOf(Readable.fromWeb(body)),
  break: async ({ body }) => {
    for await (const piece of body) return Buffer.from(piece).toString();
    return '';
  },
  'break, preventCancel': async ({ body }) => {
    let text = '';
    for await (const piece of body.values({ preventCancel: true })) {
      text += Buffer.from(piece).toString();
      break;
    }
    return text + (await textOf(body));
  },
  'reader, cancelled': async ({ body }) => {
    const reader = body.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    return Buffer.from(value).toString();
  },
  cancel: async ({ body }) => {
    await body.cancel();
    return '';
  },
  clone: async (response) => response.clone().text(),
  'two clones': async (response) => {
    const copy = response.clone();
    return (await response.text()) + (await copy.text());
  },
  'clone of a clone': async (response) => {
    const copy = response.clone();
    const another = response.clone();
    const last = copy.clone();
    return (await Promise.all([last.text(), another.text(), response.text(), copy.text()])).join('');
  },
  'clone, one left': async (response) => {
    const copy = response.clone();
    // Settles when the other one has come to its end as well.
    void response.body.cancel();
    return copy.text();
  },
  'clone, both left': async (response) => {
    const reader = response.clone().body.getReader();
    const { value } = await reader.read();
    await Promise.all([reader.cancel(), response.body.cancel()]);
    return Buffer.from(value).toString();
  },
  tee: async ({ body }) => (await Promise.all(body.tee().map((branch: any) => textOf(branch)))).join(''),
  'byte reader': async ({ body }) => {
    const reader = body.getReader({ mode: 'byob' });
    let text = '';
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(64));
      if (done) return text;
      text += Buffer.from(value).toString();
    }
  },
  pipeThrough: ({ body }) => textOf(body.pipeThrough(new TextDecoderStream())),
  'not read': async () => '',
};

const server = await startStandIn(() => ({ pieces: PIECES, gapMs: 15 }));
for (const [name, read] of Object.entries(readers)) {
  const response = await fetch(server.url);
  const ends: string[] = [];
  let seen = '';
  const close = observeAnswer(response, {
    piece: (bytes) => {
      seen += Buffer.from(bytes).toString();
    },
    end: (how) => ends.push(how),
  });
  const got = await read(response).catch((error: unknown) => `failed: ${String(error)}`);
  if (name === 'not read') close();
  process.stdout.write(`${JSON.stringify({ name, got, seen, ends })}\n`);
}
await server.close();
