// Concurrent agents over one pool of connections, behind work of the thread pool that nobody recorded: Bedrock by AWS's SDK, OpenAI by node-fetch, and requests of the app's own.
import { Agent, request } from 'node:http';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import { OpenAI } from 'openai-4';

const ofSdk = createRequire(import.meta.resolve('@aws-sdk/client-bedrock-runtime'));
const { NodeHttpHandler } = ofSdk('@smithy/node-http-handler');
// As this release of the SDK takes it, with the pool of agentkeepalive.
const { default: fetch } = createRequire(import.meta.resolve('openai-4'))('node-fetch');

const base = process.env.MODEL_URL;
const agent = new Agent({ keepAlive: true, maxSockets: 3 });
const bedrock = new BedrockRuntimeClient({
  region: 'us-east-1',
  endpoint: base,
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'none' },
  maxAttempts: 6,
  requestHandler: new NodeHttpHandler({ requestTimeout: 20_000 }),
});
const openai = new OpenAI({ apiKey: 'none', baseURL: `${base}/v1`, maxRetries: 6, timeout: 20_000 });
const work = () => promisify(gzip)(Buffer.alloc(100 + Math.floor(Math.random() * 13) * 200_000));

const ask = (path, body) =>
  new Promise((resolve, reject) => {
    const req = request(
      `${base}${path}`,
      { agent, method: body ? 'POST' : 'GET', headers: { 'content-type': 'application/json' } },
      (res) => {
        let text = '';
        res
          .setEncoding('utf8')
          .on('data', (piece) => (text += piece))
          .on('end', () => resolve(text))
          .on('error', reject);
      },
    );
    req.on('error', reject).end(body);
  });

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

async function chat(name) {
  await work();
  const stream = await openai.chat.completions.create({
    model: 'm',
    stream: true,
    messages: [{ role: 'user', content: 'The same question.' }],
  });
  let text = '';
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
  console.log(name, text);
  const { choices } = await openai.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: text }] });
  return `${name} ${choices[0].message.content}`;
}

async function own(name) {
  await work();
  const said = await ask('/weather');
  console.log(name, said);
  await work();
  return `${name} ${await ask('/weather', JSON.stringify({ said }))} ${await (await fetch(`${base}/weather`)).text()}`;
}

// What an SDK does at its first call, it does for whoever comes first: who that is, is no part of this.
console.log(await converse('first'));
const all = await Promise.all(
  [0, 1, 2].flatMap((index) => [converse(`converse ${index}`), chat(`chat ${index}`), own(`own ${index}`), own(`also ${index}`)]),
);
console.log(all.join('\n'));
agent.destroy();
