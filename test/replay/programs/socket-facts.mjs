// What an app sees of sockets of its own.
import { once } from 'node:events';
import net from 'node:net';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import tls from 'node:tls';

const { LINES_PORT, LINES_PATH, LINES_TLS_PORT, LINES_CA } = process.env;
await (await fetch(`${process.env.MODEL_URL}/weather`)).json();
const at = { port: Number(LINES_PORT), host: '127.0.0.1' };
const EVENTS = ['connect', 'ready', 'secureConnect', 'end', 'finish', 'timeout', 'error', 'close'];

function watch(name, socket) {
  for (const event of EVENTS)
    socket.on(event, (value) => {
      const about = value instanceof Error ? `${value.code} ${value.syscall}` : (value ?? '');
      const { connecting, pending, destroyed, readyState, remoteAddress, remoteFamily, bytesRead } = socket;
      console.log(
        name,
        event,
        about,
        connecting,
        pending,
        destroyed,
        readyState,
        remoteAddress,
        remoteFamily,
        event === 'close' && name !== 'plain' ? bytesRead : '',
      );
    });
  return socket;
}
const closed = (socket) => new Promise((resolve) => socket.once('close', resolve));
const lines = (socket, count) =>
  new Promise((resolve) => {
    let text = '';
    socket.setEncoding('utf8').on('data', (piece) => {
      text += piece;
      if (text.split('\n').length > count) resolve(text.trim().split('\n'));
    });
  });

{
  let written = false;
  const socket = watch(
    'echo',
    net.connect(at, () => console.log('listener', socket.remotePort === at.port, socket.localPort > 0)),
  );
  console.log(
    socket.connecting,
    socket.pending,
    socket.readyState,
    socket.write('echo\nfirst\n', () => (written = true)),
  );
  console.log(await lines(socket, 2), written);
  console.log(
    socket.setNoDelay(true) === socket,
    socket.setKeepAlive(true) === socket,
    socket.ref() === socket,
    socket.address().family,
  );
  socket.cork();
  socket.write('two ');
  socket.write('pieces\n');
  socket.uncork();
  console.log((await once(socket, 'data'))[0]);
  socket.end('last\n');
  await closed(socket);
  socket.write('late', (error) => console.log('late', error.code));
}
{
  const socket = watch('big', new net.Socket());
  socket.connect(at.port, '127.0.0.1').write('big\n');
  let bytes = 0;
  const slow = new Writable({
    highWaterMark: 10_000,
    write(chunk, _encoding, done) {
      bytes += chunk.length;
      setImmediate(done);
    },
  });
  await Promise.all([pipeline(socket, slow), closed(socket)]);
  console.log('big', bytes);
}
{
  const socket = watch('half open', net.connect({ ...at, allowHalfOpen: true }));
  socket.write('end\n');
  for await (const piece of socket) if (piece.includes('bye')) console.log('heard bye');
  socket.end();
  await closed(socket).catch(() => {});
}
{
  const socket = watch('again', net.connect(at));
  socket.write('echo\n');
  console.log(await lines(socket, 1));
  socket.destroy();
  await closed(socket);
  socket.removeAllListeners('data').connect(at);
  socket.write('echo\n');
  console.log(await lines(socket, 1), socket.destroyed);
  socket.destroy(new Error('enough'));
  await closed(socket);
}
{
  const socket = watch('reset', net.connect(at));
  socket.write('reset\n');
  socket.resume();
  await closed(socket);
}
{
  const socket = watch('nobody', net.connect({ port: 1, host: '127.0.0.1' }));
  await closed(socket);
  const never = watch('never', net.connect(at));
  never.destroy();
  await closed(never);
  try {
    net.connect({});
  } catch ({ code }) {
    console.log(code);
  }
}
{
  const socket = watch('silent', net.connect(at));
  socket.write('silent\n');
  socket.setTimeout(30, () => console.log('idle', socket.timeout));
  console.log(await lines(socket, 1));
  await once(socket, 'timeout');
  socket.destroy();
  await closed(socket);
}
{
  const socket = watch('path', net.connect(LINES_PATH));
  socket.write('echo\n');
  console.log(await lines(socket, 1), socket.address());
  socket.end();
  await closed(socket);
}
{
  const secure = { port: Number(LINES_TLS_PORT), host: '127.0.0.1', servername: 'localhost' };
  const socket = watch(
    'tls',
    tls.connect({ ...secure, ca: LINES_CA }, () => console.log('secure', socket.authorized)),
  );
  socket.write('echo\nover tls\n');
  console.log(await lines(socket, 2), socket.encrypted, socket.authorizationError, socket.getProtocol(), socket.alpnProtocol);
  socket.end();
  await closed(socket);
  const stranger = watch('stranger', tls.connect(secure));
  await closed(stranger);
  const trusting = watch('trusting', tls.connect({ ...secure, rejectUnauthorized: false }));
  trusting.write('end\n');
  await once(trusting, 'secureConnect');
  console.log(trusting.authorized, String(trusting.authorizationError));
  console.log(await lines(trusting, 2));
  await closed(trusting);
}
{
  const plain = watch('plain', net.connect(at));
  plain.write('starttls\n');
  console.log(await lines(plain, 2));
  plain.removeAllListeners('data');
  const socket = watch('upgraded', tls.connect({ socket: plain, ca: LINES_CA, servername: 'localhost' }));
  await once(socket, 'secureConnect');
  socket.write('word\n');
  console.log(await lines(socket, 1), socket.authorized);
  socket.end();
  await closed(socket);
}
