/** The agents of agents/: programs of their own, written without a thought of being replayed, and unlike one another. */
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export interface AgentProgram {
  name: string;
  file: string;
  /** What kind of program it is, for a table. */
  is: string;
  /** Sends it what comes from outside, where it serves: as long as it runs. */
  drive?: (port: number, over: AbortSignal) => Promise<void>;
}

const at = (file: string): string => join(import.meta.dirname, 'agents', file);

export const AGENTS: readonly AgentProgram[] = [
  { name: 'tool-loop', file: at('tool-loop.ts'), is: 'OpenAI, tools in a loop' },
  { name: 'fan-out', file: at('fan-out.mjs'), is: 'Anthropic, seven with one prompt, thread pool' },
  { name: 'streams', file: at('streams.mjs'), is: 'OpenAI, Anthropic and fetch, streams of every kind' },
  { name: 'hand-off', file: at('hand-off.ts'), is: 'Anthropic, Groq, Cohere, Mistral, Ollama, dice in prompts' },
  { name: 'graph', file: at('graph.mjs'), is: 'LangGraph' },
  { name: 'ai-sdk', file: at('ai-sdk.ts'), is: 'Vercel AI SDK' },
  { name: 'openai-agents', file: at('openai-agents.mjs'), is: 'OpenAI Agents SDK' },
  { name: 'server', file: at('server.mjs'), is: 'express, OpenAI streams, two requests at a time', drive: converse },
  { name: 'http', file: at('http.cjs'), is: 'CommonJS over node:http, callbacks' },
  { name: 'axios', file: at('axios.cjs'), is: 'CommonJS with axios, interceptors, streams, aborts' },
  { name: 'mcp', file: at('mcp.mjs'), is: 'Anthropic, MCP over HTTP and in memory' },
];

/** Two people who talk to the server side by side, each in a thread of his own, and hang up now and then; then it is told to end. */
async function converse(port: number, over: AbortSignal): Promise<void> {
  const base = `http://127.0.0.1:${port}/threads`;
  while (!over.aborted && !(await listens(port))) await wait(50);
  await Promise.all(
    ['north', 'south'].map(async (name) => {
      for (let turn = 0; turn < 3; turn++) await say(`${base}/${name}`, `turn ${turn} of ${Math.random()}`);
    }),
  );
  await (await fetch(base, { method: 'DELETE', headers: { connection: 'close' } })).text();
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.once('error', () => resolve(false)).once('connect', () => socket.destroy());
  });
}

async function say(url: string, text: string): Promise<void> {
  const patience = Math.random() < 0.4 ? 10 + Math.random() * 60 : 20_000;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'a person' },
      body: JSON.stringify({ text }),
      signal: AbortSignal.timeout(Math.ceil(patience)),
    });
    await response.text();
  } catch {
    // Out of patience, or the server cut the answer off.
  }
}

/** One of them. Throws for a name that there is none of. */
export function agentNamed(name: string): AgentProgram {
  const agent = AGENTS.find((one) => one.name === name);
  if (agent === undefined) throw new RangeError(`there is no agent "${name}": ${AGENTS.map((one) => one.name).join(', ')}`);
  return agent;
}
