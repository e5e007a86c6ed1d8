// Agents that talk at once over WebSockets of both kinds, in an order that is thrown by the server's dice, and one that connects again and again.
// oxlint-disable unicorn/prefer-add-event-listener -- programs do so
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

const { default: Ws } = await import(import.meta.resolve('ws'));
const url = process.env.MODEL_URL.replace('http', 'ws');

async function overNode(name) {
  const socket = new WebSocket(`${url}/agents`);
  await new Promise((open) => (socket.onopen = open));
  const heard = [];
  socket.onmessage = ({ data }) => heard.push(data);
  for (let turn = 0; turn < 3; turn++) {
    socket.send(`${name} ${turn} ${Math.random()}`);
    while (heard.length <= turn) await wait(2);
    console.log(name, turn, heard[turn]);
    // Beside the socket, an ordinary request.
    if (turn === 1) console.log(name, await (await fetch(`${process.env.MODEL_URL}/weather?${name}`)).text());
  }
  socket.close();
  await new Promise((closed) => (socket.onclose = closed));
}

async function overWs(name) {
  const socket = new Ws(`${url}/agents`);
  await once(socket, 'open');
  const all = [];
  socket.on('message', (message, binary) => {
    all.push(message);
    console.log(name, binary ? message : String(message));
    if (all.length === 6) socket.close(1000, 'enough');
  });
  for (let turn = 0; turn < 3; turn++) {
    socket.send(`${name} ${turn}`, () => console.log(name, 'sent', turn));
    socket.send(Buffer.from(name));
  }
  console.log(name, (await once(socket, 'close'))[0]);
}

async function again(name, Kind) {
  for (let attempt = 0; attempt < 3; attempt++) {
    const socket = new Kind(`${url}/short`);
    const { code, reason } = await new Promise((closed) => socket.addEventListener('close', closed));
    console.log(name, attempt, code, reason, Date.now());
    await wait(5 * 2 ** attempt);
  }
}

await Promise.all([
  ...['a', 'b', 'c'].map((name) => overNode(name)),
  ...['d', 'e', 'f'].map((name) => overWs(name)),
  again('g', WebSocket),
  again('h', Ws),
]);
