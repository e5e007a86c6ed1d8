/** The providers that we see calls of. A new one is its own file and one line here. */
import { aiSdk } from './ai-sdk.ts';
import { ai21 } from './ai21.ts';
import { anthropic } from './anthropic.ts';
import { bedrock } from './bedrock.ts';
import { claudeAgent } from './claude-agent.ts';
import { cohere } from './cohere.ts';
import { genai } from './genai.ts';
import { groq } from './groq.ts';
import { litellm } from './litellm.ts';
import { langchain } from './langchain.ts';
import { langgraph } from './langgraph.ts';
import { llamaStack } from './llama-stack.ts';
import { mcp } from './mcp.ts';
import { mistral } from './mistral.ts';
import { ollama } from './ollama.ts';
import { openaiAgents } from './openai-agents.ts';
import { openai } from './openai.ts';
import type { Provider } from './provider.ts';

export const providers: readonly Provider[] = [
  openai,
  anthropic,
  cohere,
  genai,
  groq,
  ollama,
  llamaStack,
  ai21,
  litellm,
  mistral,
  bedrock,
  aiSdk,
  openaiAgents,
  langchain,
  langgraph,
  mcp,
  claudeAgent,
];
