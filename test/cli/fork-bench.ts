/** A small agent that asks a model three times and a tool once, recorded, and a server that counts what it is asked. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { StandInRequest } from '../../src/testing/stand-in.ts';
import { chatCompletion, chatCompletionStream } from '../../src/testing/wire.ts';
import { hindcast, newFolder } from './process.ts';
import type { Ended } from './process.ts';

const root = join(import.meta.dirname, '../..');
const importOf = (path: string): string => JSON.stringify(pathToFileURL(join(root, path)).href);

/** Each answer is used in the next question. A stock of 0 ends it with exit code 1. */
export const AGENT = `
  import OpenAI from ${importOf('node_modules/openai/index.mjs')};
  import { recordTool } from ${importOf('dist/index.js')};
  const client = new OpenAI({ apiKey: process.env.OPENAI_API_KEY, baseURL: process.env.MODEL_URL + '/v1', maxRetries: 0 });
  const stockOf = recordTool('stock', async (item) => ({ item, left: 1 + Math.floor(Math.random() * 8) }));
  const messages = [{ role: 'system', content: 'You are a polite clerk.' }];
  const ask = async (content) => {
    messages.push({ role: 'user', content });
    const { choices } = await client.chat.completions.create({ model: 'gpt-4.1-mini', temperature: 1, messages });
    const said = choices[0].message.content;
    messages.push({ role: 'assistant', content: said });
    console.log(said);
    return said;
  };
  await ask('What shall I look up?');
  const { left } = await stockOf('lamp');
  console.log('left', left);
  await ask('There are ' + left + ' left.');
  const last = await ask('Say goodbye.');
  process.exitCode = left === 0 || last.includes('unhappy') ? 1 : 0;
`;

export interface Bench {
  cwd: string;
  /** Id of the recorded session. */
  session: string;
  ran: Ended;
  /** What the server was asked, newest last. */
  asked: readonly StandInRequest[];
  /** Runs the CLI where the agent ran; the server is told apart by how many questions it had before. */
  run(args: string[], env?: NodeJS.ProcessEnv): Promise<Ended & { asked: StandInRequest[] }>;
  close(): Promise<void>;
}

/** Records the agent. `say` makes the answers: `n` counts them over all runs, from 1. */
export async function startBench(
  say: (n: number, request: StandInRequest) => string = (n) => `answer ${n}`,
  agent = AGENT,
): Promise<Bench> {
  let n = 0;
  const server = await startStandIn((request) => {
    const answer = {
      text: say(++n, request),
      tokens: { input: 10 * request.json.messages.length, output: 5 },
      model: request.json.model,
    };
    return request.json.stream === true ? { pieces: chatCompletionStream(answer) } : { body: chatCompletion(answer) };
  });
  const cwd = newFolder();
  writeFileSync(join(cwd, 'agent.mjs'), agent);
  const env = { MODEL_URL: server.url, OPENAI_API_KEY: 'sk-of-the-test-only-0123456789', HINDCAST_HOST_INFO: 'off' };
  const ran = await hindcast(['run', '--', process.execPath, 'agent.mjs'], { cwd, env });
  const session = /ses_\w+/.exec(ran.stderr)?.[0] ?? '';
  return {
    cwd,
    session,
    ran,
    asked: server.requests,
    async run(args, more = {}) {
      const before = server.requests.length;
      const ended = await hindcast(args, { cwd, env: { ...env, ...more } });
      return { ...ended, asked: server.requests.slice(before) };
    },
    close: () => server.close(),
  };
}
