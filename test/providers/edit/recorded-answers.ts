/** Answers of real providers, where they lie beside the repository, as calls whose answers can be edited. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CallOnWire } from '../../../src/providers/edited-answer.ts';
import { haveExchanges, SHARED } from '../decode/wire-exchanges.ts';

const OPEN = join(SHARED, 'wire/open');
export { haveExchanges };

/** What the call of an exchange is in an event: its API and its operation. */
const APIS: Record<string, [api: string, operation: string]> = {
  'chat.completions': ['chat_completions', 'chat'],
  'agents.completions': ['chat_completions', 'chat'],
  'fim.completions': ['chat_completions', 'chat'],
  completions: ['completions', 'text_completion'],
  responses: ['responses', 'chat'],
  messages: ['messages', 'chat'],
  complete: ['complete', 'text_completion'],
  'api.chat': ['ollama_chat', 'chat'],
  'api.generate': ['ollama_generate', 'text_completion'],
  'v2.chat': ['cohere_chat', 'chat'],
  'v1.chat': ['cohere_chat_v1', 'chat'],
  'v1.generate': ['cohere_generate', 'text_completion'],
  generateContent: ['generate_content', 'generate_content'],
  streamGenerateContent: ['generate_content', 'generate_content'],
  interactions: ['interactions', 'generate_content'],
  converse: ['converse', 'chat'],
  'converse-stream': ['converse', 'chat'],
  invoke: ['invoke_model', 'chat'],
  'invoke-with-response-stream': ['invoke_model', 'chat'],
};
const MISTRAL: typeof APIS = {
  'chat.completions': ['mistral_chat', 'chat'],
  'agents.completions': ['mistral_agents', 'chat'],
  'fim.completions': ['mistral_fim', 'text_completion'],
};

export interface RecordedCall extends CallOnWire {
  id: string;
  endpoint: string;
  recorded: NonNullable<CallOnWire['recorded']>;
  /** The pieces that the answer came in. */
  pieces: Uint8Array[];
  path: string;
  requestBody: any;
}

/** Every exchange of an API whose answers can be edited. */
export function loadAll(): RecordedCall[] {
  return readdirSync(OPEN).flatMap((provider) =>
    readdirSync(join(OPEN, provider)).flatMap((name): RecordedCall[] => {
      const raw = JSON.parse(readFileSync(join(OPEN, provider, name), 'utf8'));
      const [api, operation] = (provider === 'mistral' ? MISTRAL : APIS)[raw.endpoint] ?? [];
      if (api === undefined || operation === undefined) return [];
      const { status, headers, chunks, body, encoding } = raw.response;
      const pieces: Buffer[] = chunks?.map((chunk: string) => Buffer.from(chunk, encoding === 'base64' ? 'base64' : 'utf8')) ?? [
        Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
      ];
      return [
        {
          id: raw.id,
          endpoint: raw.endpoint,
          provider,
          api,
          operation,
          path: raw.request.path,
          requestBody: raw.request.body,
          request: {
            method: raw.request.method,
            url: `https://${provider}.example${raw.request.path}`,
            headers: [],
            body: JSON.stringify(raw.request.body),
          },
          recorded: {
            status,
            headers: Object.entries(headers),
            body: Buffer.concat(pieces),
            cuts: pieces.map(({ length }) => length),
          },
          pieces,
        },
      ];
    }),
  );
}
