/** The agents of agents/: programs of their own, written without a thought of being replayed, and unlike one another. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface AgentProgram {
  name: string;
  file: string;
  /** What kind of program it is, for a table. */
  is: string;
  /** Sends it what comes from outside, where it serves: as long as it runs. */
  drive?: (port: number) => Promise<void>;
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
  { name: 'mcp', file: at('mcp.mjs'), is: 'Anthropic, MCP over HTTP and in memory' },
];

/** One of them. Throws for a name that there is none of. */
export function agentNamed(name: string): AgentProgram {
  const agent = AGENTS.find((one) => one.name === name);
  if (agent === undefined) throw new RangeError(`there is no agent "${name}": ${AGENTS.map((one) => one.name).join(', ')}`);
  return agent;
}

/** Lines of its program. */
export const linesOf = ({ file }: AgentProgram): number => readFileSync(file, 'utf8').trimEnd().split('\n').length;
