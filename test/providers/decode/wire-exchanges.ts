/** Recorded exchanges of real providers, where they lie beside the repository. They are read here and not copied. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { chatCompletions } from '../../../src/providers/openai/chat-completions.ts';
import { cohereChat } from '../../../src/providers/cohere/cohere-chat.ts';
import { cohereEmbed, cohereRerank } from '../../../src/providers/cohere/cohere-embed.ts';
import { cohereGenerate } from '../../../src/providers/cohere/cohere-generate.ts';
import { cohereChatV1 } from '../../../src/providers/cohere/cohere-v1.ts';
import { textCompletions } from '../../../src/providers/openai/completions.ts';
import type { Operation } from '../../../src/providers/contract.ts';
import { embeddings } from '../../../src/providers/openai/embeddings.ts';
import { images } from '../../../src/providers/openai/images.ts';
import { countTokens, messages } from '../../../src/providers/anthropic/messages.ts';
import { mistralAgents, mistralChat, mistralFim } from '../../../src/providers/mistral/mistral-chat.ts';
import { mistralEmbeddings, mistralModerations, mistralOcr } from '../../../src/providers/mistral/mistral-operations.ts';
import { ollamaChat } from '../../../src/providers/ollama/ollama-chat.ts';
import { ollamaEmbeddings, ollamaGenerate } from '../../../src/providers/ollama/ollama-generate.ts';
import { completeLegacy, moderations } from '../../../src/providers/openai/other-operations.ts';
import { compact, responses } from '../../../src/providers/openai/responses.ts';

export const SHARED = resolve(import.meta.dirname, '../../../../shared');
const OPEN = join(SHARED, 'wire/open');
export const haveExchanges = existsSync(OPEN);

/** Endpoints of the dialects that these operations read. */
const ENDPOINTS: Record<string, Operation> = {
  'chat.completions': chatCompletions,
  'agents.completions': chatCompletions,
  'fim.completions': chatCompletions,
  completions: textCompletions,
  responses,
  'responses.compact': compact,
  embeddings,
  'images.generations': images,
  moderations,
  messages,
  'messages.count_tokens': countTokens,
  complete: completeLegacy,
  'api.chat': ollamaChat,
  'api.generate': ollamaGenerate,
  'api.embeddings': ollamaEmbeddings,
  'v2.chat': cohereChat,
  'v1.chat': cohereChatV1,
  'v1.generate': cohereGenerate,
  'v1.embed': cohereEmbed,
  'v2.embed': cohereEmbed,
  'v1.rerank': cohereRerank,
  'v2.rerank': cohereRerank,
};

/** Mistral's own, which its SDK is read with. */
const MISTRAL: Record<string, Operation> = {
  'chat.completions': mistralChat,
  'agents.completions': mistralAgents,
  'fim.completions': mistralFim,
  embeddings: mistralEmbeddings,
  moderations: mistralModerations,
  ocr: mistralOcr,
};

export interface WireExchange {
  id: string;
  provider: string;
  endpoint: string;
  framing: 'json' | 'sse' | 'ndjson';
  status: number;
  operation: Operation;
  request: any;
  text: string;
  contentType: string | undefined;
}

export function loadExchanges(): WireExchange[] {
  const found: WireExchange[] = [];
  for (const provider of readdirSync(OPEN)) {
    for (const name of readdirSync(join(OPEN, provider))) {
      const raw = JSON.parse(readFileSync(join(OPEN, provider, name), 'utf8'));
      const operation = (provider === 'mistral' ? MISTRAL : ENDPOINTS)[raw.endpoint];
      if (operation === undefined || !['json', 'sse', 'ndjson'].includes(raw.framing)) continue;
      found.push({
        id: raw.id,
        provider,
        endpoint: raw.endpoint,
        framing: raw.framing,
        status: raw.response.status,
        operation,
        request: raw.request.body,
        text: raw.response.chunks?.join('') ?? JSON.stringify(raw.response.body),
        contentType: raw.response.headers['content-type'],
      });
    }
  }
  return found;
}
