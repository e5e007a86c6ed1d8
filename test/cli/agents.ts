/** Small programs that tests run under the CLI. They call the real SDK, by the path of this repository's copy. */
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const OPENAI = pathToFileURL(join(root, 'node_modules/openai/index.mjs')).href;

/** Makes one call without a word of hindcast, prints the answer, and runs `after`. */
export function unawareAgent(after = ''): string {
  return `
    import OpenAI from ${JSON.stringify(OPENAI)};
    const client = new OpenAI({ apiKey: 'sk-none', baseURL: process.env.STAND_IN + '/v1' });
    const { choices } = await client.chat.completions.create({ model: 'gpt-4.1', messages: [{ role: 'user', content: 'hi' }] });
    console.log(choices[0].message.content);
    ${after}
  `;
}
