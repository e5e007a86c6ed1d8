// Asks a server in all the ways in which a request of Node's client may be connected, and prints what the server saw of each.
import http from 'node:http';
import https from 'node:https';
import { connect } from 'node:net';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';

// As SDKs take them.
const ofOpenAI = createRequire(import.meta.resolve('openai-4'));
const { default: fetch } = ofOpenAI('node-fetch');
const KeepAliveAgent = ofOpenAI('agentkeepalive');
const { HttpsProxyAgent } = createRequire(import.meta.resolve('@google/genai'))('https-proxy-agent');
const { PLAIN_URL, TLS_PORT, PROXY_URL, SOCKET_PATH, CA, REFUSED_PORT } = process.env;
const port = new URL(PLAIN_URL).port;
const word = 'recorded';

const ask = (name, module, options, send = (request) => request.end(JSON.stringify({ word }))) =>
  new Promise((resolve) => {
    const request = module.request({ method: 'POST', path: `/${name.replaceAll(' ', '-')}`, ...options }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece) => (text += piece));
      response.on('end', () => {
        console.log(`${name}: ${response.statusCode} ${text} ${JSON.stringify(response.trailers)}`);
        resolve(text);
      });
    });
    request.on('error', (error) => {
      console.log(`${name}: ${error.name} ${error.code} ${error.syscall} ${error.message.replaceAll(/\d+/g, 'n')}`);
      resolve();
    });
    send(request);
  });

const tls = { host: '127.0.0.1', servername: 'localhost', port: TLS_PORT };
await ask('a certificate of its own', https, { ...tls, ca: CA });
await ask('a certificate that nobody knows', https, tls);
await ask('whatever certificate', https, { ...tls, rejectUnauthorized: false });
const secure = new https.Agent({ ca: CA, keepAlive: true, maxSockets: 1 });
await ask('a connection that is kept', https, { ...tls, agent: secure });
await ask('the same connection', https, { ...tls, agent: secure });
await Promise.all(['one', 'two', 'three'].map((name) => ask(`of a full pool ${name}`, https, { ...tls, agent: secure })));
secure.destroy();
await ask('a proxy', https, { host: 'localhost', port: TLS_PORT, ca: CA, agent: new HttpsProxyAgent(PROXY_URL) });
const kept = new KeepAliveAgent({ maxSockets: 2 });
await ask('agentkeepalive', http, { host: '127.0.0.1', port, agent: kept });
await ask('agentkeepalive again', http, { host: '127.0.0.1', port, agent: kept });
kept.destroy();
await ask('a socket in a file', http, { socketPath: SOCKET_PATH });
const lookup = (_host, { all }, done) => (all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4));
await ask('a name server of its own', http, { host: 'made-up.test', port, lookup });
await ask('a password', http, { host: '127.0.0.1', port, auth: 'user:secret', localAddress: '127.0.0.1' });
await ask('a list of headers', http, {
  ...{ host: '127.0.0.1', port },
  headers: ['X-Twice', 'a', 'x-twice', 'b', 'Host', 'here', 'Content-Type', 'application/json'],
});
await ask('headers in mixed case', http, { host: '127.0.0.1', port, headers: { 'X-Mixed': ['a', 'b'], cookie: 'a=1' } });
await ask('a length', http, { host: '127.0.0.1', port, headers: { 'Content-Length': 3 } }, (request) =>
  request.end(word.slice(0, 3)),
);
await ask('a connection of its own', http, { host: '127.0.0.1', port, createConnection: (options) => connect(options) });
await ask('no agent', http, { host: '127.0.0.1', port, agent: false });
await ask('a stream', http, { host: '127.0.0.1', port }, (request) => Readable.from(['{', word, '}']).pipe(request));
await ask('a packed body', http, { host: '127.0.0.1', port, headers: { 'content-encoding': 'gzip' } }, (request) =>
  request.end(gzipSync(JSON.stringify({ word }))),
);
await ask('trailers', http, { host: '127.0.0.1', port, headers: { trailer: 'x-sum' } }, (request) => {
  request.write(word);
  request.addTrailers({ 'x-sum': '1' });
  request.end();
});
await ask('nobody', http, { host: '127.0.0.1', port: REFUSED_PORT });
const answer = await fetch(`${PLAIN_URL}/node-fetch`, { method: 'PUT', body: word, compress: true });
console.log(answer.status, await answer.text());
