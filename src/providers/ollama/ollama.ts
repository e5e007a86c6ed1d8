/**
 * Ollama's SDK, versions 0.5 and 0.6. The class of the Node entry inherits all that is patched here from the one in `dist/browser`, and the default export is an instance, made
 * when the module ran: so the methods are replaced where they are defined. `fetch` is kept on each instance.
 */
import type { ErrorFacts } from '../../events/model.ts';
import { leaseMember } from '../../patch/lease.ts';
import { observeStream } from '../../patch/observe-stream.ts';
import type { StreamSink } from '../../patch/observe-stream.ts';
import { errorType, systemCode } from '../../patch/transport-error.ts';
import { attemptMethod } from '../attempts.ts';
import { callMethod } from '../call-method.ts';
import type { Operation } from '../contract.ts';
import { number, present } from '../fields.ts';
import { providerOf } from '../hosts.ts';
import { openCall } from '../llm-call.ts';
import type { CallKind, LlmCall } from '../llm-call.ts';
import { ollamaChat } from './ollama-chat.ts';
import { ollamaEmbed, ollamaEmbeddings, ollamaGenerate } from './ollama-generate.ts';
import { Patcher, ownerOf } from '../patcher.ts';
import type { PatchReport, Provider } from '../provider.ts';

const METHODS: Record<string, Operation> = {
  chat: ollamaChat,
  generate: ollamaGenerate,
  embed: ollamaEmbed,
  embeddings: ollamaEmbeddings,
};

function ollamaError(error: any): ErrorFacts {
  return { type: errorType(error), ...present({ code: systemCode(error), status: number(error?.status_code) }) };
}

/** The SDK keeps its streams in a list, to abort them all: the object must stay the same. A break out of it leaves the connection open, as ever. */
function watchStream(value: any, sink: StreamSink): boolean {
  if (typeof value?.[Symbol.asyncIterator] !== 'function') return false;
  observeStream(value, sink, { member: Symbol.asyncIterator, signal: value.abortController?.signal });
  return true;
}

function watchAttempts(_: LlmCall, client: any): () => void {
  if (typeof client?.fetch !== 'function') return () => {};
  return leaseMember(client, 'fetch', (original) =>
    attemptMethod(original, { call: () => openCall((call) => call.client === client) }),
  );
}

const kindOf = (operation: Operation): CallKind => ({
  provider: 'ollama',
  operation,
  error: ollamaError,
  client: (self) => self,
  server: (client) => providerOf(client?.config?.host, 'ollama'),
  watchStream,
  attempts: watchAttempts,
});

function patch({ namespace }: { namespace: any }): PatchReport {
  const patcher = new Patcher('ollama');
  for (const [method, operation] of Object.entries(METHODS)) {
    const owner = ownerOf(namespace?.Ollama?.prototype, method);
    patcher.replace(owner, method, method, (original) => callMethod(original, kindOf(operation)));
  }
  return patcher.report;
}

export const ollama: Provider = {
  name: 'ollama',
  targets: [{ package: 'ollama', esm: ['dist/browser.mjs'], cjs: ['dist/browser.cjs'] }],
  tested: ['0.5', '0.6'],
  operations: Object.values(METHODS),
  patch,
  error: ollamaError,
};
