// One line records everything below it: `init()`. Run it, then look at what was recorded: npx hindcast show
import { init } from 'hindcast';
import OpenAI from 'openai';

init();

const client = new OpenAI();
const answer = await client.chat.completions.create({
  model: 'gpt-4.1-mini',
  messages: [{ role: 'user', content: 'Say hello.' }],
});
console.log(answer.choices[0].message.content);
