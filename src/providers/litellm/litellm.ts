/**
 * litellm for JavaScript, version 0.12. What it sends through the SDKs of OpenAI and Anthropic is seen there. The rest it sends itself, with the global `fetch` or by SDKs that nobody else
 * uses: of those calls there is no exchange, and no replay; the event carries what was asked and answered.
 *
 * Its functions are copied by whoever imports them by name. But each call of them looks its handler up, by a function that is asked for anew each time.
 */
import { guard } from '../../core/diagnostics.ts';
import { hub } from '../../events/ports.ts';
import type { ErrorFacts } from '../../events/model.ts';
import { observeIterator } from '../../patch/observe-stream.ts';
import type { StreamSink } from '../../patch/observe-stream.ts';
import type { Method } from '../../patch/registry.ts';
import { errorType, systemCode } from '../../patch/transport-error.ts';
import { callMethod } from '../call-method.ts';
import { chatCompletions } from '../openai/chat-completions.ts';
import type { Operation } from '../contract.ts';
import { embeddings } from '../openai/embeddings.ts';
import { present } from '../fields.ts';
import { providerOf } from '../hosts.ts';
import type { CallKind } from '../llm-call.ts';
import { litellmCompletion, litellmEmbedding } from './litellm-operations.ts';
import { Patcher } from '../patcher.ts';
import type { PatchReport, Provider } from '../provider.ts';

interface Handler {
  provider: string;
  operation: Operation;
  /** Where it asks unless it is told. */
  url?: string;
}

/** By the names of its handlers. Those of OpenAI and Anthropic are not among them. */
const HANDLERS: Readonly<Record<string, Handler>> = {
  OllamaHandler: { provider: 'ollama', operation: litellmCompletion, url: 'http://127.0.0.1:11434' },
  OllamaEmbeddingHandler: { provider: 'ollama', operation: litellmEmbedding, url: 'http://127.0.0.1:11434' },
  MistralHandler: { provider: 'mistral_ai', operation: chatCompletions, url: 'https://api.mistral.ai' },
  MistralEmbeddingHandler: { provider: 'mistral_ai', operation: embeddings, url: 'https://api.mistral.ai' },
  DeepInfraHandler: { provider: 'deepinfra', operation: chatCompletions, url: 'https://api.deepinfra.com' },
  AI21Handler: { provider: 'ai21', operation: chatCompletions, url: 'https://api.ai21.com' },
  CohereHandler: { provider: 'cohere', operation: litellmCompletion },
  ReplicateHandler: { provider: 'replicate', operation: litellmCompletion },
};

/** `mistral/mistral-small` is what litellm wants to hear; the provider hears `mistral-small`. */
const OWN_PREFIX = /^(ollama|mistral|deepinfra|replicate)\//;

/** The request without what belongs to the connection: the key of an account must not stand in a recording. */
function bodyOf([params]: readonly any[]): object {
  const { apiKey: _, baseUrl: __, model, ...rest } = params ?? {};
  return { ...rest, model: typeof model === 'string' ? model.replace(OWN_PREFIX, '') : model };
}

const REFUSED = /^Received an error with code (\d{3}) from /;

function litellmError(error: any): ErrorFacts {
  const status = REFUSED.exec(typeof error?.message === 'string' ? error.message : '')?.[1];
  return {
    type: errorType(error),
    ...present({ code: systemCode(error), status: status === undefined ? undefined : Number(status) }),
  };
}

/** Streams are generators. Their end is all that tells whether they are whole, so it is told to who puts the chunks together. */
function kindOf({ provider, operation, url }: Handler, params: any): CallKind {
  const assembler = operation.assembler?.();
  return {
    provider,
    operation: { ...operation, ...(assembler && { assembler: () => assembler }) },
    error: litellmError,
    body: bodyOf,
    server: () => providerOf(params?.baseUrl ?? url, provider),
    watchStream: (value: any, sink: StreamSink) => {
      if (typeof value?.next !== 'function' || typeof value[Symbol.asyncIterator] !== 'function') return false;
      observeIterator(value, {
        chunk: (chunk) => sink.chunk(chunk),
        ended: (end) => {
          if (end.how === 'done') assembler?.push('[DONE]');
          sink.ended(end);
        },
        hidden: () => sink.hidden(),
      });
      return true;
    },
  };
}

/** The handler, whose calls are events where nobody else makes them one. */
function watchedHandler(handler: any): unknown {
  const known: unknown = handler?.name;
  if (typeof known !== 'string' || !Object.hasOwn(HANDLERS, known)) return handler;
  return callMethod(handler, (_, [params]) => kindOf(HANDLERS[known]!, params));
}

function watchedLookUp(original: Method): Method {
  return function (this: unknown, ...args: unknown[]) {
    const handler: unknown = Reflect.apply(original, this, args);
    return hub.recorder === null ? handler : guard('patch.handler', () => watchedHandler(handler), handler);
  };
}

function patch({ namespace }: { namespace: any }): PatchReport {
  const patcher = new Patcher('litellm');
  patcher.replace(namespace, 'getHandler', 'getHandler', watchedLookUp);
  return patcher.report;
}

export const litellm: Provider = {
  name: 'litellm',
  targets: [{ package: 'litellm', esm: [], cjs: ['dist/src/handlers/getHandler.js'] }],
  tested: ['0.12'],
  operations: [litellmCompletion, litellmEmbedding, chatCompletions, embeddings],
  patch,
  error: litellmError,
};
