/** The providers that we see calls of. A new one is its own file and one line here. */
import { aiSdk } from './ai-sdk/ai-sdk.ts';
import { ai21 } from './ai21/ai21.ts';
import { anthropic } from './anthropic/anthropic.ts';
import { bedrock } from './bedrock/bedrock.ts';
import { claudeAgent } from './claude-agent/claude-agent.ts';
import { cohere } from './cohere/cohere.ts';
import { genai } from './google/genai.ts';
import { groq } from './groq/groq.ts';
import { litellm } from './litellm/litellm.ts';
import { langchain } from './langchain/langchain.ts';
import { langgraph } from './langchain/langgraph.ts';
import { llamaStack } from './llama-stack/llama-stack.ts';
import { mcp } from './mcp/mcp.ts';
import { mistral } from './mistral/mistral.ts';
import { ollama } from './ollama/ollama.ts';
import { openaiAgents } from './openai-agents/openai-agents.ts';
import { openai } from './openai/openai.ts';
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
