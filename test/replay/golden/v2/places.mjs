// Timers, immediates, work and requests that one place begins, with so many promises between them that counting alone would take one for another.
import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs';
import http from 'node:http';

const url = `${process.env.MODEL_URL}/weather`;
const said = [];
const say = (what) => said.push(`${what} ${randomInt(1000)} ${Date.now()}`);
const promises = (count) => {
  for (let made = 0; made < count; made++) void new Promise(() => {});
};

function many(ms) {
  readFile(import.meta.filename, () => say(`read ${ms}`));
  promises(15);
  setTimeout(() => say(`timer ${ms}`), ms);
  promises(3);
  void Promise.resolve().then(async () => say(`asked ${ms} ${(await (await fetch(url)).json()).said}`));
  promises(2);
  setTimeout(() => say(`second timer ${ms}`), 1);
  promises(6);
  void Promise.resolve().then(async () => say(`asked again ${ms} ${(await (await fetch(url)).json()).said}`));
  setImmediate(() => setTimeout(() => say(`after an immediate ${ms}`), ms));
  promises(3);
  setTimeout(() => setTimeout(() => say(`after a timer ${ms}`), ms), 2);
  http.get(url, (answer) => {
    let text = '';
    answer.on('data', (piece) => (text += piece)).on('end', () => say(`got ${ms} ${text.length}`));
  });
  promises(5);
  setTimeout(() => say(`third timer ${ms}`), ms * 2);
}

for (const ms of [30, 20, 10]) many(ms);
process.on('exit', () => console.log(said.join('\n')));
