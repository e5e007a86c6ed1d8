/**
 * Google's SDK for Gemini and Vertex AI, versions 1 to 3. What an app calls are functions of each instance of `Models`, made in its constructor; all of them end in methods of the
 * prototype, one call for each turn of a loop. `chats` go through `models`.
 */
import { guard } from '../../core/diagnostics.ts';
import type { ErrorFacts } from '../../events/model.ts';
import { hub } from '../../events/ports.ts';
import { observeIterator } from '../../patch/observe-stream.ts';
import type { StreamSink } from '../../patch/observe-stream.ts';
import { looking } from '../../patch/own-member.ts';
import type { Method } from '../../patch/registry.ts';
import { errorType, systemCode } from '../../patch/transport-error.ts';
import { callMethod } from '../call-method.ts';
import type { Operation } from '../contract.ts';
import { number, present } from '../fields.ts';
import { geminiEmbeddings } from './gemini-embeddings.ts';
import { messageError } from './gemini-facts.ts';
import { geminiImages } from './gemini-images.ts';
import { serverOf, watchApiClient } from './genai-attempts.ts';
import { watchInteractions } from './genai-interactions.ts';
import { watchDeclarations, watchToolsMap, watchTurn } from './genai-tools.ts';
import { countGeminiTokens, generateContent, streamContent } from './generate-content.ts';
import { interactions } from './interactions.ts';
import type { CallKind } from '../llm-call.ts';
import { Patcher } from '../patcher.ts';
import type { PatchReport, Provider } from '../provider.ts';

const METHODS: Record<string, Operation> = {
  generateContentInternal: generateContent,
  generateContentStreamInternal: streamContent,
  embedContentInternal: geminiEmbeddings,
  generateImagesInternal: geminiImages,
  editImageInternal: geminiImages,
  upscaleImageInternal: geminiImages,
  countTokens: countGeminiTokens,
};

const TOOLS: Record<string, (original: Method) => Method> = {
  processParamsMaybeAddMcpUsage: watchDeclarations,
  initAfcToolsMap: watchToolsMap,
};

/** The message of an `ApiError` is the JSON of the answer, and its codes are in there alone. */
function genaiError(error: any): ErrorFacts {
  const said = error?.name === 'ApiError' ? messageError(error.message) : undefined;
  return {
    type: errorType(error),
    ...present({ code: said?.code ?? systemCode(error), status: number(error?.status), retryAfterMs: said?.retryAfterMs }),
  };
}

/** The parameters without what concerns the transport alone: headers, in which there may be credentials, and the signal. */
function body([params]: readonly any[]): unknown {
  const { httpOptions, abortSignal, ...config } = params?.config ?? {};
  return httpOptions === undefined && abortSignal === undefined ? params : { ...params, config };
}

/** A stream is an async generator, which is its own iterator. */
function watchStream(value: any, sink: StreamSink): boolean {
  if (typeof value?.next !== 'function' || typeof value[Symbol.asyncIterator] !== 'function') return false;
  observeIterator(value, sink);
  return true;
}

/** The SDK's own timer aborts the request, and what comes of that is the `AbortError` that the app's signal would have made. */
function callError(error: any, signal: any): ErrorFacts {
  const facts = genaiError(error);
  return facts.type === 'AbortError' && signal?.aborted !== true ? { type: 'TimeoutError' } : facts;
}

const kindOf = (operation: Operation): ((self: any, args: readonly any[]) => CallKind) => {
  const kind = { provider: 'gcp.gemini', operation, body, client: (self: any) => self?.apiClient, server: serverOf, watchStream };
  return (_self, [params]) => ({ ...kind, error: (error) => callError(error, params?.config?.abortSignal) });
};

/** A method of `Models`. The client that it sends through is of a class that can be reached from here only. */
function modelsMethod(original: Method, operation: Operation): Method {
  const call = callMethod(original, kindOf(operation));
  const method = operation === generateContent ? watchTurn(call) : call;
  return function (this: any, ...args: any[]) {
    if (hub.recorder === null && hub.answerer === null) return Reflect.apply(original, this, args);
    looking('patch.client', () => watchApiClient(this.apiClient));
    return Reflect.apply(method, this, args);
  };
}

function patch({ namespace }: { namespace: any }): PatchReport {
  const patcher = new Patcher('gcp.gemini');
  const models: unknown = namespace?.Models?.prototype;
  for (const [name, operation] of Object.entries(METHODS)) {
    patcher.replace(models, name, `Models.${name}`, (original) => modelsMethod(original, operation));
  }
  for (const [name, watch] of Object.entries(TOOLS)) patcher.replace(models, name, `Models.${name}`, watch);
  const client: unknown = namespace?.GoogleGenAI?.prototype;
  const isThere = typeof client === 'object' && client !== null;
  const watched = isThere && guard('patch.replace', () => watchInteractions(client), false);
  patcher.report[watched ? 'patched' : 'missing'].push('interactions');
  return patcher.report;
}

export const genai: Provider = {
  name: 'gcp.gemini',
  targets: [{ package: '@google/genai', esm: ['dist/node/index.mjs'], cjs: ['dist/node/index.cjs'] }],
  tested: ['1', '2', '3'],
  operations: [generateContent, countGeminiTokens, geminiEmbeddings, geminiImages, interactions],
  patch,
  error: genaiError,
};
