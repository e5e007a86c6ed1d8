// CommonJS over node:http, with callbacks, as code of ten years ago: an agent that polls, gathers and gives up.
const { randomBytes } = require('node:crypto');
const http = require('node:http');

const base = process.env.MODEL_URL;
const agent = new http.Agent({ keepAlive: true, maxSockets: 3 });

function post(path, body, done) {
  const request = http.request(base + path, { method: 'POST', agent, headers: { 'content-type': 'application/json' } });
  request.on('response', (response) => {
    const parts = [];
    response.on('data', (part) => parts.push(part));
    response.on('end', () => {
      const text = Buffer.concat(parts).toString();
      if (response.statusCode !== 200) {
        done(Object.assign(new Error(`status ${response.statusCode}`), { retryMs: Number(response.headers['retry-after-ms']) }));
        return;
      }
      done(null, JSON.parse(text));
    });
    response.on('error', done);
  });
  request.on('error', done);
  request.end(JSON.stringify(body));
}

function ask(content, attempts, done) {
  post('/v1/chat/completions', { model: 'gpt-5-mini', messages: [{ role: 'user', content }] }, (error, answer) => {
    if (!error) return done(null, answer.choices[0].message.content);
    console.log('again:', error.message, attempts);
    if (attempts === 0) return done(error);
    return setTimeout(() => ask(content, attempts - 1, done), error.retryMs || Math.random() * 10);
  });
}

function look(city, done) {
  http
    .get(`${base}/weather?city=${city}`, { agent }, (response) => {
      response.setEncoding('utf8');
      let text = '';
      response.on('data', (part) => (text += part));
      response.on('end', () => done(JSON.parse(text)));
    })
    .on('error', (error) => done({ said: error.message }));
}

const began = Date.now();
const answers = [];
const names = Array.from({ length: 5 }, () => randomBytes(2).toString('hex'));
let waiting = names.length;
for (const name of names) {
  look(name, ({ said, degrees }) => {
    console.log(name, degrees, said, new Date().toISOString());
    ask(`${name}: ${said} ${Math.random()}`, 2, (error, text) => {
      answers.push(error ? `${name} failed: ${error.message}` : `${name} ${text}`);
      if (--waiting > 0) return;
      console.log(answers.join('\n'));
      console.log('took', Date.now() - began);
      agent.destroy();
      if (answers.some((answer) => answer.includes('failed'))) throw new Error('not all answered');
    });
  });
}
