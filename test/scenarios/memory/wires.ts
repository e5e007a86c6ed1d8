/** What the stand-in answers each SDK of sdks.mjs. */
import { ai21Chat, ai21ChatStream } from '../../../src/testing/wire-ai21.ts';
import { AWS_STREAM, converseAnswer, converseStream } from '../../../src/testing/wire-bedrock.ts';
import { cohereChat, cohereChatStream } from '../../../src/testing/wire-cohere.ts';
import { geminiAnswer, geminiStream } from '../../../src/testing/wire-gemini.ts';
import { groqChat, groqChatStream } from '../../../src/testing/wire-groq.ts';
import { mistralChat, mistralChatStream } from '../../../src/testing/wire-mistral.ts';
import { ollamaChat, ollamaChatStream } from '../../../src/testing/wire-ollama.ts';
import { anthropicMessage, anthropicStream, chatCompletion, chatCompletionStream } from '../../../src/testing/wire.ts';

interface Wire {
  answer(): object;
  stream(): readonly (string | Uint8Array)[];
  /** Of a streamed answer that is no `text/event-stream`. */
  headers?: Record<string, string>;
}

const openai: Wire = { answer: chatCompletion, stream: chatCompletionStream };

export const WIRES: Readonly<Record<string, Wire>> = {
  openai,
  anthropic: { answer: anthropicMessage, stream: anthropicStream },
  groq: { answer: groqChat, stream: groqChatStream },
  cohere: { answer: cohereChat, stream: cohereChatStream },
  mistral: { answer: mistralChat, stream: mistralChatStream },
  ollama: { answer: ollamaChat, stream: ollamaChatStream, headers: { 'content-type': 'application/x-ndjson' } },
  'llama-stack': openai,
  ai21: { answer: ai21Chat, stream: ai21ChatStream },
  genai: { answer: geminiAnswer, stream: geminiStream },
  bedrock: { answer: converseAnswer, stream: converseStream, headers: AWS_STREAM },
  'ai-sdk': openai,
  'openai-agents': openai,
  langchain: openai,
};
