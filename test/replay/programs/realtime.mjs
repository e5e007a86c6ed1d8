// Two conversations by OpenAI's realtime client at once: over npm ws, and over the WebSocket of Node. No request is made besides.
import net from 'node:net';
import OpenAI from 'openai';
import { OpenAIRealtimeWebSocket } from 'openai/realtime/websocket';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';

// The client wants TLS, and the server of the test has none.
globalThis.WebSocket = class extends WebSocket {
  constructor(url, protocols) {
    super(String(url).replace('wss:', 'ws:'), protocols);
  }
};
const createConnection = ({ host, port }) => net.connect({ host, port });

const client = new OpenAI({ apiKey: process.env.OPENAI_KEY_OF_TEST, baseURL: `${process.env.MODEL_URL}/v1` });

async function talk(name, realtime, opened) {
  await opened;
  let said = '';
  realtime.on('response.output_text.delta', ({ delta }) => (said += delta));
  realtime.on('error', (error) => console.log(name, error.message));
  for (let turn = 0; turn < 2; turn++) {
    realtime.send({
      type: 'session.update',
      session: { type: 'realtime', instructions: process.env.INSTRUCTIONS ?? 'Be brief.' },
    });
    realtime.send({ type: 'response.create' });
    await new Promise((done) => realtime.on('response.done', done));
    console.log(name, turn, said);
  }
  realtime.close();
}

const overWs = new OpenAIRealtimeWS({ model: 'gpt-realtime', options: { createConnection } }, client);
const overNode = new OpenAIRealtimeWebSocket({ model: 'gpt-realtime', dangerouslyAllowBrowser: true }, client);
await Promise.all([
  talk('ws', overWs, new Promise((open) => overWs.socket.on('open', open))),
  talk('websocket', overNode, new Promise((open) => overNode.socket.addEventListener('open', open))),
]);
