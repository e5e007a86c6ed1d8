// One call and one stream of each SDK, side by side.
import { createOpenAI } from '@ai-sdk/openai';
import { Mistral } from '@mistralai/mistralai';
import { generateText, streamText } from 'ai';
import { CohereClientV2 } from 'cohere-ai';
import Groq from 'groq-sdk';
import { Ollama } from 'ollama';

const url = process.env.MODEL_URL;
const messages = [{ role: 'user', content: 'What do you see?' }];
const ollama = new Ollama({ host: url });
const cohere = new CohereClientV2({ token: 'none', environment: url });
const mistral = new Mistral({ apiKey: 'none', serverURL: `${url}/mistral` });
const groq = new Groq({ apiKey: 'none', baseURL: url, maxRetries: 8 });
const model = createOpenAI({ apiKey: 'none', baseURL: `${url}/v1` }).chat('gpt-5-mini');

async function gathered(name, stream, textOf) {
  let text = '';
  for await (const chunk of await stream) {
    text += textOf(chunk) ?? '';
    process.stdout.write(`${name}${text.length} `);
  }
  return text;
}

const all = await Promise.all([
  ollama.chat({ model: 'm', messages }).then(({ message }) => message.content),
  gathered('o', ollama.chat({ model: 'm', messages, stream: true }), (chunk) => chunk.message.content),
  cohere.chat({ model: 'm', messages }).then(({ message }) => message.content[0].text),
  gathered('c', cohere.chatStream({ model: 'm', messages }), (event) => event.delta?.message?.content?.text),
  mistral.chat.complete({ model: 'm', messages }).then(({ choices }) => choices[0].message.content),
  gathered('m', mistral.chat.stream({ model: 'm', messages }), ({ data }) => data.choices[0].delta.content),
  groq.chat.completions.create({ model: 'm', messages }).then(({ choices }) => choices[0].message.content),
  gathered(
    'g',
    groq.chat.completions.create({ model: 'm', messages, stream: true }),
    (chunk) => chunk.choices[0]?.delta?.content,
  ),
  generateText({ model, messages, maxRetries: 8 }).then(({ text }) => text),
  gathered('a', streamText({ model, messages, maxRetries: 8 }).textStream, (text) => text),
]);
console.log(`\n${all.join('\n')}`);
