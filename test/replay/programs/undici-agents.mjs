// Concurrent agents over npm undici, in each of the ways in which it sends, behind work of the thread pool that nobody recorded.
import { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Agent, Client, fetch, FormData, Pool, request, RetryAgent, stream } from 'undici';

const base = process.env.MODEL_URL;
const agent = new Agent({ connections: 2 });
const pool = new Pool(base, { connections: 2 });
const client = new Client(base);
const retrying = new RetryAgent(new Agent(), { maxRetries: 8, minTimeout: 1, statusCodes: [429, 503], methods: ['POST'] });
const work = () => promisify(gzip)(Buffer.alloc(100 + Math.floor(Math.random() * 13) * 200_000));
const json = { 'content-type': 'application/json' };
const chat = (streamed) =>
  JSON.stringify({ model: 'm', stream: streamed, messages: [{ role: 'user', content: 'The same question.' }] });

const ways = {
  async request() {
    const { statusCode, headers, body } = await request(`${base}/weather`);
    return [statusCode, headers['content-type'], await body.json()];
  },
  async pool() {
    const { body } = await pool.request({
      path: '/weather',
      method: 'POST',
      query: { a: '1', b: 'x y' },
      headers: { a: 'b' },
      body: 'text',
    });
    return [await body.text()];
  },
  async client() {
    const { body } = await client.request({ path: '/weather', method: 'GET' });
    return [await body.text()];
  },
  async agent() {
    const { body } = await agent.request({
      origin: base,
      path: '/weather',
      method: 'PUT',
      body: (async function* () {
        yield 'in ';
        await work();
        yield 'pieces';
      })(),
    });
    return [await body.text()];
  },
  async streamed() {
    let text = '';
    await stream(`${base}/weather`, { method: 'GET', opaque: 'mine' }, ({ statusCode, opaque }) => {
      text += `${statusCode} ${String(opaque)} `;
      return new Writable({ write: (piece, _, done) => setImmediate(done, (text += piece) && null) });
    });
    return [text];
  },
  async retried() {
    const { statusCode, body } = await retrying.request({
      origin: base,
      path: '/v1/chat/completions',
      method: 'POST',
      headers: json,
      body: chat(false),
    });
    return [statusCode, (await body.json()).choices?.[0].message.content];
  },
  async fetched() {
    const form = new FormData();
    form.set('a', 'b');
    const response = await fetch(`${base}/v1/chat/completions`, { method: 'POST', headers: json, body: chat(true) });
    let pieces = '';
    for await (const piece of response.body) pieces += Buffer.from(piece);
    const sent = await fetch(`${base}/weather`, { method: 'POST', body: form });
    return [
      response.status,
      response.ok ? [...pieces.matchAll(/"content":"([^"]*)"/g)].map(([, text]) => text).join('') : pieces,
      sent.url.endsWith('/weather'),
      await sent.text(),
    ];
  },
  async broken() {
    const { body } = await request(`${base}/reset`);
    return [await body.text().catch((error) => [error.name, error.code, error.message.replace(/:\d+/, '')])];
  },
  async refused() {
    return [await request('http://127.0.0.1:1/').catch((error) => [error.code, error.syscall, error.message])];
  },
  async aborted() {
    const controller = new AbortController();
    const { body } = await request(`${base}/bytes`, { signal: controller.signal });
    const first = await new Promise((resolve) => body.once('data', resolve));
    controller.abort();
    return [first.length, await body.text().catch((error) => [error.name, error.code])];
  },
  async empty() {
    const { statusCode, body } = await request(`${base}/empty`);
    return [statusCode, (await body.text()).length];
  },
};

const one = async (name, index) => {
  await work();
  console.log(name, index, ...(await ways[name]()));
  await work();
  return [name, index, ...(await ways[name]())];
};
console.log(await Promise.all([0, 1].flatMap((index) => Object.keys(ways).map((name) => one(name, index)))));
await Promise.all([agent.close(), pool.close(), client.close(), retrying.close()]);
