/** The SDK's clients of AWS, which sign requests and unpack answers below the methods that are patched; and how its one class-defining module is reached. */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hub } from '../../src/events/ports.ts';
import { undoAll } from '../../src/patch/registry.ts';
import { cohere } from '../../src/providers/cohere/cohere.ts';
import { recordInMemory } from '../../src/testing/in-memory-recorder.ts';
import type { InMemoryEvent, InMemoryRecorder } from '../../src/testing/in-memory-recorder.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { Answer, StandIn } from '../../src/testing/stand-in.ts';
import * as wire from '../../src/testing/wire-cohere.ts';

const require = createRequire(import.meta.url);
const root = join(import.meta.dirname, '../..');
const model = 'cohere.command-r-v1:0';
const messages = [{ role: 'user', content: 'hi' }];

/** Events as Bedrock wraps them: base64 in JSON, in a frame that the SDK does not look at. */
const framed = (lines: readonly string[]): string[] =>
  lines.map((line) => `\0\0\u0001frame${JSON.stringify({ bytes: Buffer.from(line.trim()).toString('base64') })}\n`);

let server: StandIn;
let recorder: InMemoryRecorder;

/** A client whose requests go to the stand-in: its hosts cannot be chosen. */
async function clientOf(Client: any, answer: Answer): Promise<any> {
  server = await startStandIn(answer);
  const fetch = (url: string, { headers: _, ...init }: any): Promise<Response> =>
    globalThis.fetch(server.url + new URL(url).pathname, init);
  return new Client({ awsRegion: 'eu-central-1', awsAccessKey: 'AKIATEST', awsSecretKey: 'test', fetch, maxRetries: 0 });
}

function only(): InMemoryEvent {
  expect(recorder.calls).toHaveLength(1);
  return recorder.calls[0]!;
}

beforeEach(() => {
  recorder = recordInMemory();
  for (const name of ['cohere-ai', 'cohere-7']) cohere.patch({ namespace: require(name) });
});
afterEach(async () => {
  hub.recorder = null;
  undoAll();
  await server?.close();
});

describe.each(['cohere-ai/aws', 'cohere-7'])('P1 clients of AWS of %s', (name) => {
  const bedrock = { address: 'bedrock-runtime.eu-central-1.amazonaws.com', port: 443 };
  const sagemaker = { address: 'runtime.sagemaker.eu-central-1.amazonaws.com', port: 443 };

  test.each([
    ['BedrockClientV2', 'aws.bedrock', bedrock, `/model/${model}/invoke`],
    ['SagemakerClientV2', 'aws.sagemaker', sagemaker, `/endpoints/${model}/invocations`],
  ])('%s: a chat', async (client, provider, address, path) => {
    const chat = await clientOf(require(name)[client], () => ({ body: wire.cohereChat({ text: 'Hi.' }) }));
    const { message, finishReason } = await chat.chat({ model, messages });
    expect([message.content[0].text, finishReason]).toEqual(['Hi.', 'COMPLETE']);
    const event = only();
    expect(event.start.name).toBe(`chat ${model}`);
    expect(event.llm).toMatchObject({ provider, server: address, api: 'cohere_chat' });
    expect(event.outcome).toMatchObject({ status: 'ok', usage: { input: 12, output: 5 } });
    expect(event.exchanges).toMatchObject([{ status: 200, how: 'complete', request: { body: server.requests[0]!.text } }]);
    expect(new URL(event.exchanges[0]!.request.url).pathname).toBe(path);
  });

  test('BedrockClient: a stream, which the SDK reads whole before it hands out the first chunk', async () => {
    const client = await clientOf(require(name).BedrockClient, () => ({
      pieces: framed(wire.cohereChatV1Stream({ text: 'Hello there.' })),
      headers: { 'content-type': 'application/vnd.amazon.eventstream' },
    }));
    let text = '';
    for await (const chunk of await client.chatStream({ model, message: 'hi' }))
      text += chunk.eventType === 'text-generation' ? chunk.text : '';
    expect(text).toBe('Hello there.');
    expect(only().llm).toMatchObject({ provider: 'aws.bedrock', api: 'cohere_chat_v1', request: { model, stream: true } });
    expect(only().outcome).toMatchObject({
      status: 'ok',
      chunks: 5,
      usage: { input: 12, output: 5 },
      response: { finishReasons: ['COMPLETE'] },
    });
    expect(only().exchanges).toMatchObject([{ status: 200, how: 'complete' }]);
  });

  test('BedrockClientV2: a stream, of which the SDK knows no event', async () => {
    const lines = wire.cohereChatStream().map((piece) => piece.replace(/^event:.*\ndata: /, ''));
    const client = await clientOf(require(name).BedrockClientV2, () => ({ pieces: framed(lines.slice(0, -1)) }));
    const chunks: unknown[] = [];
    for await (const chunk of await client.chatStream({ model, messages })) chunks.push(chunk);
    expect(chunks).toEqual([]);
    expect(only().outcome).toMatchObject({ status: 'error', error: { type: 'incomplete_stream' }, chunks: 0 });
  });
});

describe('P2 the module that all entries load is found, before and after', () => {
  const program = (load: string, first: boolean): string => `
    import { createRequire } from 'node:module';
    import { startReach } from '${join(root, 'src/patch/reach.ts')}';
    import { cohere } from '${join(root, 'src/providers/cohere/cohere.ts')}';
    const require = createRequire('${join(root, 'package.json')}');
    const told = [];
    const reach = () => startReach(cohere.targets, (found) => {
      const { patched, missing } = cohere.patch(found);
      told.push([parseInt(found.version), found.file.slice(found.dir.length + 1), patched.length, missing]);
    }, { from: ['${root}'] });
    ${first ? 'reach();' : ''}
    const sdk = ${load};
    ${first ? '' : 'reach();'}
    console.log(JSON.stringify(told));
    process.exit(0);
  `;
  const eight = [8, 'Client.js', 14, []];

  test.each([
    [`await import('cohere-ai')`, eight],
    [`require('cohere-ai')`, eight],
    [`require('cohere-ai/aws')`, eight],
    [`await import('cohere-7')`, [7, 'Client.js', 13, ['v2.__parse']]],
  ])('%s', (load, told) => {
    for (const first of [true, false]) {
      const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program(load, first)], {
        cwd: root,
        encoding: 'utf8',
      });
      expect(stdout, stderr).toBe(`${JSON.stringify([told])}\n`);
    }
  });
});
