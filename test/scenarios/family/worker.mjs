// An agent in a process of its own: one call of a model. `deeper`: it has another process make a second one.
import { execSync } from 'node:child_process';
import { init } from 'hindcast';
import OpenAI from 'openai';

const [name, deeper] = process.argv.slice(2);
init({ agent: { id: name } });
const client = new OpenAI({ apiKey: 'none', baseURL: process.env.BASE_URL, maxRetries: 0 });
const { choices } = await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: name }] });
console.log(choices[0].message.content);
if (deeper !== undefined)
  process.stdout.write(execSync(`"${process.execPath}" "${process.argv[1]}" ${deeper}`, { stdio: 'pipe' }));
