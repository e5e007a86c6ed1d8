/** Recorded exchanges of real providers, where they lie beside the repository. They are read here and not copied. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { chatCompletions } from '../../../src/providers/chat-completions.ts';
import { textCompletions } from '../../../src/providers/completions.ts';
import type { Operation } from '../../../src/providers/contract.ts';
import { embeddings } from '../../../src/providers/embeddings.ts';
import { images } from '../../../src/providers/images.ts';
import { countTokens, messages } from '../../../src/providers/messages.ts';
import { completeLegacy, moderations } from '../../../src/providers/other-operations.ts';
import { compact, responses } from '../../../src/providers/responses.ts';

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
};

export interface WireExchange {
  id: string;
  provider: string;
  endpoint: string;
  framing: 'json' | 'sse';
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
      const operation = ENDPOINTS[raw.endpoint];
      if (operation === undefined || (raw.framing !== 'json' && raw.framing !== 'sse')) continue;
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
