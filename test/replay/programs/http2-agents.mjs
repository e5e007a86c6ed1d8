// Concurrent agents over the connections of AWS's default handler, behind work of the thread pool that nobody recorded: identical requests, retries, and a stream that is left in the middle; and streams of the app's own.
import { connect } from 'node:http2';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime';

const base = process.env.MODEL_URL;
const bedrock = new BedrockRuntimeClient({
  region: 'us-east-1',
  endpoint: base,
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'none' },
  maxAttempts: 8,
});
const work = () => promisify(gzip)(Buffer.alloc(100 + Math.floor(Math.random() * 13) * 200_000));
const input = (text) => ({ modelId: 'anthropic.claude-3', messages: [{ role: 'user', content: [{ text }] }] });

async function converse(name) {
  await work();
  const { output, usage } = await bedrock.send(new ConverseCommand(input('The same question.')));
  console.log(name, output.message.content[0].text, usage.outputTokens);
  await work();
  const { stream } = await bedrock.send(new ConverseStreamCommand(input(output.message.content[0].text)));
  let text = '';
  for await (const event of stream) text += event.contentBlockDelta?.delta.text ?? '';
  return `${name} ${text}`;
}

async function left(name) {
  const leaving = new AbortController();
  const seen = [];
  try {
    const { stream } = await bedrock.send(new ConverseStreamCommand(input('A question of which the answer is left.')), {
      abortSignal: leaving.signal,
    });
    for await (const event of stream) {
      seen.push(event.contentBlockDelta?.delta.text ?? Object.keys(event)[0]);
      if (seen.length === 2) leaving.abort();
    }
  } catch (error) {
    seen.push(error.name);
  }
  return `${name} ${seen.join(' ')} ${await converse(name)}`;
}

const session = connect(base);
const ask = (path, body) =>
  new Promise((resolve, reject) => {
    const stream = session.request({ ':path': path, ':method': body ? 'POST' : 'GET', 'content-type': 'text/plain' });
    let text = '';
    stream.on('response', (headers) => (text += `${headers[':status']} `));
    stream.setEncoding('utf8').on('data', (piece) => (text += piece));
    stream.on('end', () => resolve(text)).on('error', reject);
    stream.end(body);
  });

async function own(name) {
  await work();
  const three = await Promise.all([ask('/pieces'), ask('/pieces'), ask('/same')]);
  console.log(name, three.join(' | '));
  await work();
  return `${name} ${await ask('/echo', three.join())}`;
}

// What an SDK does at its first call, it does for whoever comes first: who that is, is no part of this.
console.log(await converse('first'));
const all = await Promise.all([
  ...[0, 1, 2, 3].map((index) => converse(`converse ${index}`)),
  ...[0, 1].map((index) => left(`left ${index}`)),
  ...[0, 1, 2].map((index) => own(`own ${index}`)),
]);
console.log(all.join('\n'));
bedrock.destroy();
session.close();
