// Prints what can be seen of the HTTP client, in the order in which it is seen: the same with and without a recording, and in a replay. The times after which it gives up are longer than it
// takes to connect, also on a machine that has much to do.
import { AsyncLocalStorage } from 'node:async_hooks';
import http, { Agent, ClientRequest, get, request } from 'node:http';
import https from 'node:https';
import { pipeline } from 'node:stream/promises';
import { Writable } from 'node:stream';
import { createGunzip } from 'node:zlib';

const base = process.env.MODEL_URL;
const scope = new AsyncLocalStorage();

const errorOf = (error) => [error?.name, error?.code, error?.syscall, error?.message.replace(/:\d+$/, '')].join(' ');

/** What happens to one request. `quiet`: names of events that are not told, because their order is not the app's business. */
const follow = (name, req, { quiet = [], read = true, count = true } = {}) =>
  new Promise((resolve) => {
    const seen = [];
    const see = (...what) => seen.push([...what, scope.getStore() ?? ''].join(' ').trim());
    const tell = (event, ...what) => {
      if (!quiet.includes(event)) see(event, ...what);
    };
    for (const event of ['finish', 'abort', 'timeout', 'continue']) req.on(event, () => tell(event));
    req.on('socket', (socket) => tell('socket', socket === req.socket, req.reusedSocket));
    req.on('error', (error) => tell('error', errorOf(error), req.destroyed));
    req.on('close', () => {
      tell('close', req.closed, req.aborted, req.writableFinished);
      setImmediate(() => {
        console.log(`--- ${name}`);
        console.log(seen.join('\n'));
        resolve();
      });
    });
    req.on('response', (res) => {
      const { statusCode, statusMessage, httpVersion, rawHeaders, headers } = res;
      tell('response', statusCode, statusMessage, httpVersion, rawHeaders.filter((_, index) => index % 2 === 0).join());
      // A recording keeps no cookies.
      headers['set-cookie'] &&= headers['set-cookie'].length;
      tell('headers', JSON.stringify(headers), res.req === req, res.socket === req.socket);
      let text = '';
      for (const event of ['end', 'aborted', 'close'])
        res.on(event, () =>
          tell(
            `res ${event}`,
            res.complete,
            res.aborted,
            res.readableEnded,
            res.destroyed,
            JSON.stringify(res.trailers),
            ...(count ? [text.length, text.slice(0, 60)] : []),
          ),
        );
      res.on('error', (error) => tell('res error', errorOf(error)));
      void Promise.resolve().then(() => tell('a promise after the response'));
      if (read) res.setEncoding('utf8').on('data', (piece) => (text += piece));
    });
  });

const agent = new Agent({ keepAlive: true, maxSockets: 2 });
const of = (path, options = {}) => ({
  ...http.globalAgent.options,
  hostname: '127.0.0.1',
  port: new URL(base).port,
  path,
  agent,
  ...options,
});
const to = (path, options) => request(`${base}${path}`, { agent, ...options });

const simple = [
  '/plain',
  '/pieces',
  '/trailers',
  '/old',
  '/short',
  '/hangup',
  '/garbage',
  '/reset',
  '/same',
  '/redirect',
  '/large',
];
for (const path of simple) {
  const req = to(path);
  req.end();
  await follow(path, req, { quiet: path === '/garbage' ? ['finish'] : [] });
}
for (const method of ['HEAD', 'DELETE', 'PUT']) {
  const req = to('/plain', { method, headers: { 'X-Given': 'yes' } });
  req.end(method === 'PUT' ? 'body' : undefined, () => console.log('ended'));
  await follow(method, req);
}
await scope.run('in a scope', () => follow('get with options', get(of('/plain'))));
await follow(
  'get with a URL',
  get(new URL(`${base}/plain`), () => console.log('callback')),
);
await follow('the constructor', new ClientRequest(`${base}/plain`, { agent: false }).end());
const posted = request(
  of('/echo', { method: 'POST', headers: ['Content-Type', 'text/plain', 'Transfer-Encoding', 'chunked', 'Host', 'a'] }),
);
posted.write('one ', () => console.log('written'));
posted.write(Buffer.from('two '));
posted.end('766f6964', 'hex');
await follow('a body in pieces', posted);
const long = to('/echo', { method: 'POST' });
const drained = new Promise((resolve) => long.once('drain', resolve));
console.log('takes more', long.write('x'.repeat(2_000_000)));
void drained.then(() => long.end('y'));
await follow('a long body', long);
const asked = to('/echo', { method: 'POST', headers: { Expect: '100-continue' } });
asked.on('continue', () => asked.end('after all'));
await follow('100-continue', asked);
const refused = to('/early', { method: 'POST' });
refused.write('not all');
refused.on('response', () => refused.end());
await follow('an answer before the end', refused, { quiet: ['finish', 'close'] });
const silent = to('/silent', { timeout: 200 });
silent.end();
silent.on('timeout', () => silent.destroy());
await follow('a timeout', silent);
const late = to('/silent');
late.setTimeout(200, () => late.destroy(new Error('too late')));
late.end();
await follow('a timeout of its own', late);
const left = to('/silent', { signal: AbortSignal.timeout(200) });
left.end();
await follow('a signal', left);
const aborted = to('/silent');
aborted.end();
setTimeout(() => aborted.abort(), 200);
await follow('abort()', aborted);
const broken = to('/pieces');
broken.end();
broken.on('response', (res) => res.once('data', () => res.destroy(new Error('enough'))));
// How much of it had come by then is the network's business.
await follow('an answer that is left', broken, { count: false });
const iterated = to('/pieces');
iterated.end();
const iterate = async (res) => {
  for await (const piece of res) {
    console.log('first', piece.length > 3);
    break;
  }
};
iterated.on('response', (res) => void iterate(res));
await follow('an iteration that is left', iterated, { read: false });
const unread = to('/plain');
unread.end();
unread.on('response', (res) => res.resume());
await follow('an answer that nobody reads', unread, { read: false });
const never = to('/plain');
never.destroy();
await follow('destroyed at once', never);
// Node 22 says that it has sent what it could not send, before or after the error.
await follow('an address that refuses', get({ host: '127.0.0.1', port: 1, agent }), { quiet: ['finish', 'close'] });
const custom = request({
  ...of('/plain'),
  agent: undefined,
  createConnection: (options, done) => http.globalAgent.createConnection(options, done),
});
custom.end();
await follow('a connection of the app', custom);
const packed = await new Promise((resolve) => to('/gzip').on('response', resolve).end());
const sink = [];
await pipeline(
  packed,
  createGunzip(),
  new Writable({ write: (piece, _, done) => setTimeout(done, 1, sink.push(piece) && null) }),
);
console.log(Buffer.concat(sink).toString().slice(0, 20), sink.length > 0);
const slow = await new Promise((resolve) => to('/large').on('response', resolve).end());
let bytes = 0;
await pipeline(slow, new Writable({ write: (piece, _, done) => setImmediate(done, (bytes += piece.length) && null) }));
console.log(bytes, slow.complete);
const three = await Promise.all(
  ['a', 'b', 'c'].map((name) =>
    scope.run(name, async () => {
      const res = await new Promise((resolve, reject) => to(`/plain?${name}`).on('response', resolve).on('error', reject).end());
      res.resume();
      return [res.statusCode, scope.getStore()];
    }),
  ),
);
console.log(three);
for (const wrong of [
  () => request('nonsense'),
  () => request({ path: '/a b' }),
  () => get({ protocol: 'x:' }),
  () => request({ method: 'a b' }),
  () => https.get('http://a'),
]) {
  try {
    wrong();
  } catch (error) {
    console.log(error.name, error.code);
  }
}
console.log(
  request.name,
  request.length,
  get.name,
  get.length,
  http.request === request,
  ClientRequest.name,
  unread instanceof ClientRequest,
  unread.constructor === ClientRequest,
  Object.keys(unread).length,
  Object.keys(packed).length,
  unread.agent === agent,
  Reflect.ownKeys(Object.getOwnPropertyDescriptors(unread)).includes('emit'),
  https.request.name,
  JSON.stringify(Object.getOwnPropertyDescriptor(http, 'get')),
);
agent.destroy();
