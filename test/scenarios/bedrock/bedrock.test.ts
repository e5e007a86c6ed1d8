/** Calls of Bedrock in a recording and in what is exported: frames of a stream are read, and neither credentials nor the account are anywhere. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { init, shutdown } from '../../../src/client/init.ts';
import { readRecording } from '../../../src/recording/recording.ts';
import { startStandIn } from '../../../src/testing/stand-in.ts';
import * as wire from '../../../src/testing/wire-bedrock.ts';
import { decodeTraces, startReceiver } from '../../support/otlp-receiver.ts';

const require = createRequire(import.meta.url);
const sdk = require('@aws-sdk/client-bedrock-runtime');
const { NodeHttpHandler } = createRequire(require.resolve('@aws-sdk/client-bedrock-runtime'))('@smithy/node-http-handler');

const dir = mkdtempSync(join(tmpdir(), 'hindcast-bedrock-'));
const ACCOUNT = '123456789012';
const TEXT = 'Fine weather, all day: 20 °C.';
const LOOKUP = { id: 'tooluse_1', name: 'lookup', arguments: '{"city":"Oslo"}' };
const SECRETS = ['AKIDFAKE', 'fake-secret', 'fake-token', 'AWS4-HMAC-SHA256', 'Signature='];

afterAll(async () => {
  await shutdown();
  rmSync(dir, { recursive: true, force: true });
});

test('V1 V3 P5 P6 a stream is read from its recorded frames', async () => {
  const frames = wire.converseStream({ text: TEXT, tools: [LOOKUP], tokens: { input: 20, output: 7, cached: 4 } });
  const server = await startStandIn(() => ({ pieces: frames, headers: { ...wire.AWS_STREAM, 'x-amzn-requestid': 'req_1' } }));
  const receiver = await startReceiver();
  const client = init({
    record: 'full',
    dir,
    quiet: true,
    captureContent: true,
    endpoint: receiver.url.replace('/v1/traces', ''),
  });
  try {
    const credentials = { accessKeyId: 'AKIDFAKE', secretAccessKey: 'fake-secret', sessionToken: 'fake-token' };
    const requestHandler = new NodeHttpHandler({});
    const bedrock = new sdk.BedrockRuntimeClient({ region: 'us-east-1', credentials, endpoint: server.url, requestHandler });
    const { stream } = await bedrock.send(
      new sdk.ConverseStreamCommand({
        modelId: `arn:aws:bedrock:us-east-1:${ACCOUNT}:inference-profile/us.amazon.nova-lite-v1:0`,
        system: [{ text: 'Be brief.' }],
        messages: [{ role: 'user', content: [{ text: 'How is the weather?' }] }],
      }),
    );
    for await (const _ of stream);
    expect(await client.flush(20_000)).toBe(true);
    await shutdown();
  } finally {
    await Promise.all([receiver.close(), server.close()]);
  }

  const recordings = join(dir, 'recordings');
  const [file] = readdirSync(recordings).filter((name) => name.endsWith('.jsonl'));
  for (const name of readdirSync(recordings)) {
    const bytes = readFileSync(join(recordings, name)).toString('latin1');
    for (const secret of SECRETS) expect(bytes, `${secret} in ${name}`).not.toContain(secret);
  }
  const recording = readRecording(join(recordings, file!));
  expect(recording.events).toMatchObject([
    {
      name: 'chat us.amazon.nova-lite-v1:0',
      status: 'ok',
      llm: { provider: 'aws.bedrock', api: 'converse', usage: { input: 20, output: 7, cacheRead: 4 } },
      attempts: [{ status: 200, requestId: 'req_1' }],
    },
  ]);
  const [exchange] = recording.exchanges.values();
  expect(Buffer.from(exchange!.responseBody()!)).toEqual(Buffer.concat(frames));

  const said = [
    { type: 'text', content: TEXT },
    { type: 'tool_call', id: 'tooluse_1', name: 'lookup', arguments: { city: 'Oslo' } },
  ];
  const exported = decodeTraces(receiver.requests[0]!.body);
  const [span] = exported.resourceSpans[0]!.scopeSpans[0]!.spans;
  const attribute = (key: string): any => span!.attributes.find((each) => each.key === key)?.value['stringValue'];
  expect(JSON.parse(attribute('gen_ai.output.messages'))).toMatchObject([
    { role: 'assistant', parts: said, finish_reason: 'tool_call' },
  ]);
  expect(JSON.parse(attribute('gen_ai.system_instructions'))).toEqual([{ type: 'text', content: 'Be brief.' }]);
  expect(JSON.stringify(exported)).not.toContain(ACCOUNT);
  for (const secret of SECRETS) expect(JSON.stringify(exported)).not.toContain(secret);
});
