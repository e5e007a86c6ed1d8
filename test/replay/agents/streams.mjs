// Streams that are read in every way that there is, left early, cut by deadlines and tried again by its own rules. What is left over rejects with nobody to catch it.
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

const openai = new OpenAI({ apiKey: 'none', baseURL: `${process.env.MODEL_URL}/v1`, maxRetries: 0 });
const anthropic = new Anthropic({ apiKey: 'none', baseURL: process.env.MODEL_URL, maxRetries: 0 });
const chat = { model: 'gpt-5-mini', messages: [{ role: 'user', content: 'Tell me.' }] };
const body = JSON.stringify({ ...chat, stream: true });
const post = (path, init = {}) =>
  fetch(`${process.env.MODEL_URL}${path}`, { method: 'POST', body, headers: { 'content-type': 'application/json' }, ...init });

async function patiently(name, run) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run(attempt);
    } catch (error) {
      console.log(`${name} #${attempt}: ${error.constructor.name} ${error.name} ${error.status ?? ''} ${error.message}`);
      if (attempt === 3) return null;
      const pause = Math.min(20, 2 ** attempt * (1 + Math.random()));
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

const jobs = {
  // As a pipeline: bytes, text, lines.
  async lines() {
    const response = await post('/v1/chat/completions');
    if (!response.ok) throw new Error(`status ${response.status}`);
    let rest = '';
    const split = new TransformStream({
      transform(text, controller) {
        const lines = (rest + text).split('\n');
        rest = lines.pop();
        for (const line of lines) if (line) controller.enqueue(line);
      },
    });
    const lines = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(split);
    const lengths = [];
    for await (const line of lines) lengths.push(line.length);
    return lengths.join();
  },
  // Left in the middle.
  async taste() {
    const response = await post('/text');
    let bytes = 0;
    for await (const piece of response.body) if ((bytes += piece.length) > 300) break;
    return bytes;
  },
  // Read twice, at two speeds.
  async twice() {
    const response = await post('/text');
    const [fast, slow] = response.body.tee();
    const read = async (stream, ms) => {
      let count = 0;
      for await (const _ of stream) {
        count++;
        if (ms) await new Promise((resolve) => setTimeout(resolve, Math.random() * ms));
      }
      return count;
    };
    return JSON.stringify(await Promise.all([read(fast, 0), read(slow, 3)]));
  },
  async deadline() {
    const controller = new AbortController();
    const signal = AbortSignal.any([controller.signal, AbortSignal.timeout(5 + Math.ceil(Math.random() * 60))]);
    const stream = await openai.chat.completions.create({ ...chat, stream: true }, { signal });
    let count = 0;
    for await (const chunk of stream) if (++count === 6 && chunk.id.length % 2) controller.abort(new Error('enough'));
    return count;
  },
  async events() {
    const stream = anthropic.messages.stream({
      model: 'claude-sonnet-4-5',
      max_tokens: 50,
      messages: [{ role: 'user', content: 'Go.' }],
    });
    stream.on('text', (delta, snapshot) => process.stdout.write(`[${delta.length}/${snapshot.length}]`));
    const { content, usage } = await stream.finalMessage();
    return `${content[0].text} ${usage.output_tokens}`;
  },
  async toolkit() {
    const stream = await openai.chat.completions.create({ ...chat, stream: true });
    const [left, right] = stream.tee();
    const texts = [];
    for (const half of [left, right]) {
      let text = '';
      for await (const chunk of half) text += chunk.choices[0]?.delta?.content ?? '';
      texts.push(text);
    }
    return texts[0] === texts[1] ? texts[0] : texts;
  },
  async broken() {
    const response = await post('/reset');
    const reader = response.body.getReader();
    let bytes = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return bytes;
      bytes += value.length;
    }
  },
  async race() {
    const winner = await Promise.race([
      post('/text').then((response) => response.text()),
      new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 40, 'too slow')),
    ]);
    return winner.length;
  },
};

const began = Date.now();
const results = await Promise.all(Object.entries(jobs).map(async ([name, run]) => [name, await patiently(name, run)]));
console.log();
for (const [name, result] of results) console.log(name, result);
console.log('took', Date.now() - began);
const lost = results.filter(([, result]) => result === null).map(([name]) => name);
// Nobody waits for this one.
if (lost.length > 2) void Promise.reject(new Error(`lost: ${lost.join(', ')}`));
else process.exitCode = lost.length > 1 ? 3 : 0;
