/**
 * Cohere's SDK, versions 7 and 8. The public methods of one client are bound when it is built, and all wrap what an internal one (`__chat`) gives in a promise of their own. The
 * internal ones are looked up at each call: so those are replaced. Releases before July 2025 (7.18) have none, and there the public ones are. The SDK's clients of AWS inherit it all.
 */
import { guard } from '../../core/diagnostics.ts';
import type { ErrorFacts } from '../../events/model.ts';
import { leaseMember } from '../../patch/lease.ts';
import { observeStream } from '../../patch/observe-stream.ts';
import { looking, observe } from '../../patch/own-member.ts';
import type { Method } from '../../patch/registry.ts';
import { errorType, systemCode } from '../../patch/transport-error.ts';
import { attemptMethod } from '../attempts.ts';
import { callMethod } from '../call-method.ts';
import type { KindOf } from '../call-method.ts';
import { cohereChat } from './cohere-chat.ts';
import { cohereEmbed, cohereParse, cohereRerank } from './cohere-embed.ts';
import { cohereClassify, cohereGenerate, cohereSummarize } from './cohere-generate.ts';
import { cohereChatV1 } from './cohere-v1.ts';
import type { Operation } from '../contract.ts';
import { bodyCode, requestId, waitAsked } from '../errors.ts';
import { number, present } from '../fields.ts';
import { providerOf } from '../hosts.ts';
import type { Server } from '../hosts.ts';
import { openCall } from '../llm-call.ts';
import type { CallKind, LlmCall } from '../llm-call.ts';
import { transcriptions } from '../openai/other-operations.ts';
import { Patcher, ownerOf } from '../patcher.ts';
import type { PatchReport, Provider } from '../provider.ts';

interface MethodTarget {
  /** From an instance of the client to the object that has the method. */
  path: readonly string[];
  method: string;
  operation: Operation;
  /** It always streams; the app's request does not say so. */
  streams?: true;
  /** Which argument is the request; the first, unless said. The SDK's options are the one after it. */
  body?: number;
}

/** `tokenize`, `detokenize` and `checkApiKey` run no model. */
const METHODS: readonly MethodTarget[] = [
  { path: ['v2'], method: 'chat', operation: cohereChat },
  { path: ['v2'], method: 'chatStream', operation: cohereChat, streams: true },
  { path: ['v2'], method: 'embed', operation: cohereEmbed },
  { path: ['v2'], method: 'rerank', operation: cohereRerank },
  { path: ['v2'], method: 'parse', operation: cohereParse },
  { path: [], method: 'chat', operation: cohereChatV1 },
  { path: [], method: 'chatStream', operation: cohereChatV1, streams: true },
  { path: [], method: 'generate', operation: cohereGenerate },
  { path: [], method: 'generateStream', operation: cohereGenerate, streams: true },
  { path: [], method: 'embed', operation: cohereEmbed },
  { path: [], method: 'rerank', operation: cohereRerank },
  { path: [], method: 'classify', operation: cohereClassify },
  { path: [], method: 'summarize', operation: cohereSummarize },
  { path: ['audio', 'transcriptions'], method: 'create', operation: transcriptions, body: 1 },
];

/** What the newest attempt of a call failed with: the errors of version 7 do not say. */
interface Sent {
  error?: unknown;
}

interface CohereKind extends CallKind {
  sent: Sent;
}

/** What the SDK's own timer aborts an attempt with. */
const TIMEOUT = 'timeout';

/**
 * The SDK throws one class, CohereError, for an abort, a timeout and a lost connection. They are told apart by the app's signal, and by what the attempt failed with. A timeout has
 * the name of the class that the SDK has for it, but throws only where `fetch` is a polyfill.
 */
function cohereError(error: any, signal?: AbortSignal, sent?: Sent): ErrorFacts {
  const status = number(error?.statusCode);
  const headers = error?.rawResponse?.headers;
  if (status !== undefined) {
    const code = bodyCode(error.body);
    return {
      type: errorType(error),
      status,
      ...present({ code, requestId: requestId(headers), retryAfterMs: waitAsked(headers) }),
    };
  }
  const cause: unknown = error?.cause ?? sent?.error;
  const lost = cause !== undefined || errorType(error) === 'CohereError';
  if (signal?.aborted === true && (lost || error === signal.reason)) return { type: 'AbortError' };
  if (cause === TIMEOUT) return { type: 'CohereTimeoutError' };
  return { type: errorType(error), ...present({ code: systemCode(error) ?? systemCode(cause) }) };
}

/** What a method's calls are. `wrapped`: it gives the data and the response together, as the internal ones do. */
function kindOf({ operation: given, streams, body: at = 0 }: MethodTarget, wrapped: boolean): KindOf {
  const operation = streams ? { ...given, request: (body: unknown) => ({ ...given.request(body), stream: true }) } : given;
  const dataOf = (value: any): any => (wrapped ? value?.data : value);
  return (_, args): CohereKind => {
    const sent: Sent = {};
    const asked: unknown = args[at + 1]?.abortSignal;
    const signal = asked instanceof AbortSignal ? asked : undefined;
    return {
      provider: 'cohere',
      operation,
      sent,
      error: (error) => cohereError(error, signal, sent),
      body: () => args[at],
      client: (self) => self?._options,
      server: serverOf,
      answer: dataOf,
      watchStream: (value, sink) => {
        const stream = dataOf(value);
        if (typeof stream?.iterMessages !== 'function') return false;
        // An abort of the stream's own controller does nothing: nobody listens to it.
        observeStream(stream, sink, { member: 'iterMessages', signal: signal ?? null });
        return true;
      },
      attempts: watchAttempts,
    };
  };
}

const PRODUCTION = 'https://api.cohere.com';

/** The server that the options name. They may also hold a function, which is the SDK's to call: then the first attempt tells. */
function serverOf(options: any): Server {
  if (isOfAws(options)) return { provider: 'aws.bedrock' };
  return providerOf(options?.baseUrl ?? options?.environment ?? PRODUCTION, 'cohere');
}

/** SageMaker's hosts look like Bedrock's to the table of hosts. */
function serverAt(url: unknown): Server {
  const found = providerOf(typeof url === 'string' ? new URL(url).origin : undefined, 'cohere');
  return found.server?.address.startsWith('runtime.sagemaker.') ? { ...found, provider: 'aws.sagemaker' } : found;
}

const isOfAws = (options: any): boolean => typeof options?.awsRegion === 'string' && typeof options.fetcher === 'function';

/**
 * The SDK asks its options for `fetch` at each call, and takes the global one where they have none. A `fetcher` of the app's own is told of that `fetch`, and would take ours for
 * the app's wish: it is given none where it was given none before.
 */
function watchAttempts({ client: options }: LlmCall): () => void {
  const given: any = options;
  if (typeof given !== 'object' || given === null) return NOTHING;
  if (given.fetcher !== undefined && given.fetch === undefined && !isOfAws(given)) return NOTHING;
  return leaseMember(given, 'fetch', (original) => attemptsOf(original ?? globalFetch, given));
}

const NOTHING = (): void => {};
const globalFetch: Method = (...args) => Reflect.apply(globalThis.fetch, undefined, args);

function attemptsOf(fetch: Method, options: object): Method {
  const call = (): LlmCall | null => guard('patch.attempt', () => openCall((open) => open.client === options), null);
  const send = attemptMethod(fetch, { call });
  return function (this: unknown, ...args: unknown[]) {
    const open = call();
    if (open !== null) looking('patch.server', () => open.event.amend(serverAt(args[0])));
    const response: unknown = Reflect.apply(send, this, args);
    looking('patch.attempt', () => {
      if (open !== null && response instanceof Promise) watchFailure(response, (open.kind as CohereKind).sent);
    });
    return response;
  };
}

/** Apart, so that what listens to the attempt refers to nothing else. */
function watchFailure(response: Promise<unknown>, sent: Sent): void {
  observe(response, NOTHING, (error) => void (sent.error = error));
}

/** The object at `path` of a client, built as the SDK builds it: from the options, which may be none. Nothing is sent. */
function resourceOf(client: any, path: readonly string[]): any {
  return guard(
    'patch.probe',
    () => {
      if (typeof client?.prototype !== 'object') return undefined;
      let at = Object.create(client.prototype, { _options: { value: {} } });
      for (const name of path) at = at?.[name];
      return at;
    },
    undefined,
  );
}

function patch({ namespace }: { namespace: any }): PatchReport {
  const patcher = new Patcher('cohere');
  const client = namespace?.CohereClient ?? namespace?.default?.CohereClient;
  for (const target of METHODS) {
    const { path, method } = target;
    const resource = resourceOf(client, path);
    const internal = `__${method}`;
    const wrapped = typeof resource?.[internal] === 'function' || typeof resource?.__chat === 'function';
    const name = wrapped ? internal : method;
    patcher.replace(ownerOf(resource, name), name, [...path, name].join('.'), (original) =>
      callMethod(original, kindOf(target, wrapped)),
    );
  }
  return patcher.report;
}

export const cohere: Provider = {
  name: 'cohere',
  // Everything hangs on this one: the index, `cohere-ai/aws` and the client of version 2 load it.
  targets: [{ package: 'cohere-ai', esm: [], cjs: ['Client.js'] }],
  tested: ['7', '8'],
  operations: [...new Set(METHODS.map(({ operation }) => operation))],
  patch,
  error: (error) => cohereError(error),
};
