// What an app can see of a WebSocket of Node's and of one of npm ws, one thing after the other.
// oxlint-disable unicorn/prefer-add-event-listener -- programs do so
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

const { default: Ws, createWebSocketStream } = await import(import.meta.resolve('ws'));
const url = process.env.MODEL_URL.replace('http', 'ws');
const say = (...facts) => console.log(...facts);
const thrown = (run) => {
  try {
    run();
  } catch (error) {
    say(error.constructor.name, error.name, error.message);
  }
};
const next = (socket, event) => new Promise((heard) => socket.addEventListener(event, heard, { once: true }));

// Of Node.
{
  const socket = new WebSocket(`${url}/x`, ['chat']);
  say(socket instanceof WebSocket, socket.constructor === WebSocket, WebSocket, String(socket), Object.keys(socket));
  say(socket.readyState, socket.CONNECTING, socket.url === `${url}/x`, socket.binaryType, socket.protocol, socket.extensions);
  thrown(() => socket.send('early'));
  thrown(() => new WebSocket('ftp://x'));
  thrown(() => new WebSocket(url, ['a', 'a']));
  thrown(() => WebSocket('ws://x'));
  thrown(() => new WebSocket());
  socket.onopen = (event) =>
    say(event.constructor.name, event.target === socket, socket.readyState, socket.protocol, socket.extensions);
  socket.onmessage = (event) => say('onmessage', event.constructor === MessageEvent, event.origin === url, typeof event.data);
  await next(socket, 'open');
  say(socket.bufferedAmount);
  socket.send('hello');
  say(socket.bufferedAmount);
  say((await next(socket, 'message')).data, socket.bufferedAmount);
  socket.send('parts');
  say((await next(socket, 'message')).data);
  socket.send(new Uint8Array([1, 2, 3]).subarray(1));
  const { data } = await next(socket, 'message');
  say(data instanceof Blob, new Uint8Array(await data.arrayBuffer()));
  socket.binaryType = 'arraybuffer';
  socket.send(new Uint8Array([4]).buffer);
  say((await next(socket, 'message')).data);
  socket.send(new Blob(['of a blob']));
  say((await next(socket, 'message')).data);
  thrown(() => socket.close(7));
  thrown(() => socket.close(3000, 'x'.repeat(200)));
  thrown(() => socket.send(Symbol('none')));
  socket.send('leave');
  const { constructor, code, reason, wasClean } = await next(socket, 'close');
  say(constructor.name, code, reason, wasClean, socket.readyState);
  socket.send('late');
  socket.close();
}
for (const where of [`${url}/denied`, 'ws://127.0.0.1:1/']) {
  const socket = new WebSocket(where);
  socket.onerror = ({ constructor, message, error }) => say('error', constructor.name, message, String(error), socket.readyState);
  // On Node 22 nothing closes what was never open.
  socket.onclose = ({ code, wasClean }) => say('close', code, wasClean, socket.readyState);
  await next(socket, 'error');
  await wait(30);
}
{
  const socket = new WebSocket(`${url}/early`);
  socket.onerror = ({ message }) => say('error', message, socket.readyState);
  socket.onclose = ({ code }) => say('close', code, socket.readyState);
  socket.close();
  say(socket.readyState);
}
for (const end of ['drop', 'bad', null]) {
  const socket = new WebSocket(`${url}/end`);
  socket.onerror = ({ message, error }) => say('error', message, String(error), socket.readyState);
  await next(socket, 'open');
  if (end === null) socket.close(3001, 'done');
  else socket.send(end);
  const { code, reason, wasClean } = await next(socket, 'close');
  say(end, code, reason, wasClean, socket.readyState);
}

// Of ws.
const closed = (socket) => new Promise((then) => socket.on('close', (...args) => then(args.map(String))));
{
  const socket = new Ws(`${url}/x`, 'chat', { headers: { authorization: 'Bearer of-the-test-only' } });
  say(socket instanceof Ws, Object.keys(socket).join(), socket.readyState, Ws.OPEN, socket.url === `${url}/x`);
  thrown(() => socket.send('early'));
  thrown(() => new Ws('ftp://x'));
  thrown(() => new Ws(url, 'a b'));
  socket.on('upgrade', ({ statusCode, headers }) => say('upgrade', statusCode, headers.upgrade, socket.readyState));
  await once(socket, 'open');
  say(socket.readyState, socket.protocol, socket.extensions, socket.bufferedAmount, socket.isPaused);
  const sent = new Promise((then) => socket.send('hello', (...args) => then(args)));
  socket.addEventListener('message', ({ constructor, data, target }) => say(constructor.name, typeof data, target === socket));
  const [hello, binary] = await once(socket, 'message');
  say(hello, binary, await sent);
  for (const type of ['nodebuffer', 'arraybuffer', 'fragments', 'blob']) {
    socket.binaryType = type;
    socket.send(Buffer.from([1, 2]));
    const [message] = await once(socket, 'message');
    say(socket.binaryType, message instanceof Blob ? new Uint8Array(await message.arrayBuffer()) : message);
  }
  socket.binaryType = 'nodebuffer';
  socket.send('parts');
  say(String((await once(socket, 'message'))[0]));
  socket.send('in ', { fin: false });
  socket.send('parts of ours ', { fin: false });
  socket.send('x'.repeat(3000));
  say(String((await once(socket, 'message'))[0]));
  socket.send('ping');
  say(String((await once(socket, 'ping'))[0]));
  socket.ping('of ours');
  say(String((await once(socket, 'pong'))[0]));
  thrown(() => socket.ping('x'.repeat(200)));
  thrown(() => socket.close(7));
  socket.pause();
  say(socket.isPaused);
  socket.resume();
  socket.addEventListener('close', ({ code, reason, wasClean }) => say('close', code, reason, wasClean));
  socket.send('leave');
  say(await closed(socket), socket.readyState);
  say(String(await new Promise((then) => socket.send('late', then))));
}
for (const where of [`${url}/denied`, 'ws://127.0.0.1:1/']) {
  const socket = new Ws(where);
  socket.on('error', ({ name, message, code, syscall }) => say('error', name, message, code, syscall, socket.readyState));
  say(await closed(socket));
}
{
  const socket = new Ws(`${url}/denied`);
  socket.on('error', ({ message }) => say('error', message));
  const [, answer] = await once(socket, 'unexpected-response');
  say(answer.statusCode, answer.headers['content-type'], String(Buffer.concat(await answer.toArray())), answer.complete);
  socket.terminate();
  say(await closed(socket));
}
{
  const socket = new Ws(`${url}/early`);
  socket.on('error', ({ message }) => say('error', message, socket.readyState));
  socket.close();
  say(socket.readyState);
  say(await new Promise((then) => socket.on('close', (code) => then(code))));
}
for (const end of ['drop', 'bad', 'terminate', null]) {
  const socket = new Ws(`${url}/end`, { perMessageDeflate: false });
  socket.on('error', ({ name, message, code }) => say('error', name, message, code, socket.readyState));
  await once(socket, 'open');
  if (end === null) socket.close(3001, 'done');
  else if (end === 'terminate') socket.terminate();
  else socket.send(end);
  say(end, socket.readyState, await closed(socket));
}
{
  const stream = createWebSocketStream(new Ws(`${url}/stream`), { encoding: 'utf8' });
  stream.write('over a stream');
  say(String((await once(stream, 'data'))[0]).length > 4);
  stream.end();
  await once(stream, 'close');
  say('the stream is closed');
}
process.exitCode = 3;
