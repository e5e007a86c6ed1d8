// Prints what can be seen of the HTTP/2 client, in the order in which it is seen: the same with and without a recording, and in a replay.
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import http2, { connect } from 'node:http2';
import { pipeline } from 'node:stream/promises';
import { Writable } from 'node:stream';
import { promisify } from 'node:util';

const base = process.env.MODEL_URL;
const scope = new AsyncLocalStorage();
const errorOf = (error) => [error?.name, error?.code, error?.message.replace(/:\d+$/, '')].join(' ');

/** What happens to one stream. */
const follow = (name, stream, { quiet = [], count = true } = {}) =>
  new Promise((resolve) => {
    const seen = [];
    const tell = (event, ...what) => {
      if (!quiet.includes(event)) seen.push([event, ...what, scope.getStore() ?? ''].join(' ').trim());
    };
    let text = '';
    const facts = () => [
      stream.aborted,
      stream.readableEnded,
      stream.destroyed,
      ...(count ? [text.length, text.slice(0, 40)] : []),
    ];
    stream.on('response', (headers, _flags, raw) => {
      headers['set-cookie'] &&= headers['set-cookie'].length;
      delete headers.date;
      tell('response', JSON.stringify(headers), raw.filter((_, index) => index % 2 === 0 && raw[index] !== 'date').join());
      void Promise.resolve().then(() => tell('promise', 'after the response'));
    });
    for (const event of ['trailers', 'ready', 'timeout', 'frameError', 'aborted'])
      stream.on(event, (first) => tell(event, event === 'trailers' ? JSON.stringify(first) : ''));
    stream.on('end', () => tell('end', ...facts()));
    stream.on('error', (error) => tell('error', errorOf(error), stream.rstCode));
    stream.on('close', () => {
      tell('close', stream.rstCode, ...facts());
      setImmediate(() => {
        console.log(`--- ${name}`);
        console.log(seen.join('\n'));
        resolve();
      });
    });
    stream.setEncoding('utf8').on('data', (piece) => (text += piece));
  });

/** A connection, and what happens to it: told when it is over, because each of these comes in a turn of its own. */
const sessionOf = (name, ...args) => {
  const session = connect(base, ...args);
  const seen = [];
  session.on('connect', (same, socket) => seen.push(`connect ${same === session} ${typeof socket.write} ${session.connecting}`));
  session.once('goaway', (...given) => seen.push(`goaway ${given.join()} ${session.destroyed}`));
  session.on('error', (error) => seen.push(`error ${errorOf(error)}`));
  const over = new Promise((resolve) => session.on('close', resolve));
  session.over = async () => {
    await over;
    console.log(`${name}: ${seen.join(', ')}, ${session.closed}, ${session.destroyed}`);
  };
  return session;
};

let session = sessionOf('session', () => console.log('connected'));
console.log(session.connecting, session.destroyed, session.closed, session.encrypted, session.alpnProtocol);
const first = session.request({ ':path': '/pieces' });
console.log(first.pending, first.id, first.sentHeaders[':method'], first.session === session);
await follow('while connecting', first);
console.log(first.pending, session.alpnProtocol, session.encrypted, session.socket.remoteAddress === undefined);
for (const path of ['/pieces', '/trailers', '/large', '/refused', '/cancelled', '/reset'])
  await follow(path, session.request({ ':path': path }));
// Of an answer that is over at once, all is told in one turn.
await follow('/empty', session.request({ ':path': '/empty' }), { quiet: ['promise'] });
await follow('HEAD', session.request({ ':path': '/pieces', ':method': 'HEAD' }), { quiet: ['promise'] });
const posted = session.request({ ':path': '/echo', ':method': 'POST' });
posted.write('one ', () => console.log('written'));
posted.write(Buffer.from('two '));
posted.end('766f6964', 'hex');
await follow('a body in pieces', posted);
const long = session.request({ ':path': '/echo', ':method': 'POST' });
long.end('x'.repeat(500_000));
await follow('a long body', long);
await scope.run('in a scope', () => follow('a scope', session.request({ ':path': '/pieces' })));
const silent = session.request({ ':path': '/silent' });
silent.setTimeout(30, () => silent.close(http2.constants.NGHTTP2_CANCEL));
await follow('a timeout', silent);
const closed = session.request({ ':path': '/endless' });
closed.once('data', () => closed.close());
// How much of it had come by then is the network's business.
await follow('closed in the middle', closed, { count: false });
const destroyed = session.request({ ':path': '/endless' });
destroyed.once('data', () => destroyed.destroy(new Error('enough')));
await follow('destroyed in the middle', destroyed, { count: false });
const signalled = session.request({ ':path': '/silent' }, { signal: AbortSignal.timeout(30) });
await follow('a signal', signalled);
const left = session.request({ ':path': '/silent' });
left.destroy();
await follow('destroyed at once', left);
const waited = session.request({ ':path': '/plain' });
await once(waited, 'response');
console.log('not closed before its end', waited.closed);
await follow('read late', waited);
const slow = session.request({ ':path': '/large' });
let bytes = 0;
await pipeline(slow, new Writable({ write: (piece, _, done) => setImmediate(done, (bytes += piece.length) && null) }));
console.log(bytes, slow.destroyed);
const iterated = session.request({ ':path': '/pieces' });
for await (const piece of iterated) {
  console.log('first', piece.length > 3);
  break;
}
const three = await Promise.all(
  ['a', 'b', 'c'].map((name) =>
    scope.run(name, async () => {
      const stream = session.request({ ':path': `/pieces?${name}` });
      const [headers] = await once(stream, 'response');
      let text = '';
      for await (const piece of stream) text += piece;
      return [headers[':status'], text, scope.getStore()];
    }),
  ),
);
console.log(three);
await follow('a server that leaves', session.request({ ':path': '/leaving' }));
await session.over();
await follow('a session that is over', session.request({ ':path': '/pieces' }));
session = sessionOf('killed');
await follow('a server that leaves at once', session.request({ ':path': '/kill' }));
await session.over();
session = sessionOf('hung up');
const both = [session.request({ ':path': '/hangup' }), session.request({ ':path': '/silent' })];
for (const told of both.map((stream, index) => follow(`a connection that breaks ${index}`, stream))) await told;
await session.over();
session = sessionOf('ended');
const open = session.request({ ':path': '/silent' });
setTimeout(() => session.destroy(), 20);
await follow('a session that is destroyed', open);
await session.over();
session = await promisify(connect)(base);
const last = follow('before close()', session.request({ ':path': '/pieces' }));
await last;
await new Promise((resolve) => session.close(resolve));
console.log('closed');
const nobody = connect('http://127.0.0.1:1');
const refused = follow('nobody there', nobody.request({ ':path': '/' }));
const [error] = await once(nobody, 'error');
await refused;
console.log('session', errorOf(error));
for (const wrong of [() => connect('ftp://a'), () => connect('nonsense'), () => connect(base, 1)]) {
  try {
    wrong().on('error', () => {});
  } catch (error) {
    console.log(error.name, error.code);
  }
}
console.log(
  connect.name,
  connect.length,
  promisify(connect).name,
  http2.connect === connect,
  Object.keys(first).length,
  Object.keys(session).length,
);
