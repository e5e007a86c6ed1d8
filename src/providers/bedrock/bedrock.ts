/**
 * The Bedrock runtime client of AWS's SDK, version 3. All calls go through the client's `send`, which it inherits from a class that the clients of all of AWS's services share:
 * so it is given one of its own. The methods of `BedrockRuntime` end there too.
 */
import { codeWord } from '../../core/code-word.ts';
import { AsyncLocalStorage } from 'node:async_hooks';
import { guard } from '../../core/diagnostics.ts';
import type { ErrorFacts } from '../../events/model.ts';
import { hub } from '../../events/ports.ts';
import { header } from '../../patch/exchange.ts';
import { observeStream } from '../../patch/observe-stream.ts';
import type { StreamSink } from '../../patch/observe-stream.ts';
import { looking } from '../../patch/own-member.ts';
import { coverMethod } from '../../patch/registry.ts';
import type { Method } from '../../patch/registry.ts';
import { errorType, systemCode } from '../../patch/transport-error.ts';
import { sendWithAttempts } from './bedrock-attempts.ts';
import { metricsUsage } from './bedrock-facts.ts';
import { applyGuardrail, bedrockCountTokens, startAsyncInvoke } from './bedrock-operations.ts';
import { callMethod } from '../call-method.ts';
import type { Operation, ResponseFacts } from '../contract.ts';
import { converse } from './converse.ts';
import { requestId, waitAsked } from '../errors.ts';
import { count, present } from '../fields.ts';
import { invokeAnswer, invokeOperation, invokeOperations, invokeRequest, withMetrics } from './invoke-model.ts';
import { beginCall } from '../llm-call.ts';
import type { CallKind, LlmCall } from '../llm-call.ts';
import type { PatchReport, Provider } from '../provider.ts';

/** What a command asks for. */
interface CommandKind {
  operation: Operation | ((request: any) => Operation);
  /** What the operation reads as the request, out of the command's input; that itself, unless said. */
  request?: (input: unknown) => unknown;
  answer?: (output: unknown) => unknown;
  /** The member of the answer that is the stream. */
  stream?: string;
  answered?: NonNullable<CallKind['answered']>;
}

const invoke: CommandKind = { operation: invokeOperation, request: invokeRequest, answer: invokeAnswer, answered: withHeaders };
const streamed = (input: any): unknown => ({ ...input, stream: true });

const COMMANDS: Record<string, CommandKind> = {
  ConverseCommand: { operation: converse },
  ConverseStreamCommand: { operation: converse, request: streamed, stream: 'stream' },
  InvokeModelCommand: invoke,
  InvokeModelWithResponseStreamCommand: { ...invoke, request: (input) => invokeRequest(streamed(input)), stream: 'body' },
  CountTokensCommand: { operation: bedrockCountTokens },
  ApplyGuardrailCommand: { operation: applyGuardrail },
  StartAsyncInvokeCommand: { operation: startAsyncInvoke },
};

/** Classes that a command may be derived from, with its own. */
const CLASSES_MAX = 8;

/** What `command` is, by the name of its class or of one that it is derived from: an app may hold several copies of them. */
function commandKind(command: any): CommandKind | undefined {
  let at: unknown = command?.constructor;
  for (let depth = 0; depth < CLASSES_MAX && typeof at === 'function'; depth++, at = Object.getPrototypeOf(at)) {
    if (Object.hasOwn(COMMANDS, at.name)) return COMMANDS[at.name];
  }
  return undefined;
}

/** Figures that stand in the headers of an answer, for models that say none in the body. */
function withHeaders(facts: ResponseFacts, _body: unknown, { headers }: LlmCall): ResponseFacts {
  const figure = (name: string): number | undefined => {
    const value = header(headers, `x-amzn-bedrock-${name}-token-count`);
    return value === undefined ? undefined : count(Number(value));
  };
  const usage = withMetrics(
    facts.usage,
    metricsUsage({
      inputTokenCount: figure('input'),
      outputTokenCount: facts.response.dimensions === undefined ? figure('output') : undefined,
      cacheReadInputTokenCount: figure('cache-read-input'),
      cacheWriteInputTokenCount: figure('cache-write-input'),
    }),
  );
  return { ...facts, ...(usage && { usage }) };
}

function kindOf(self: unknown, [command, optionsOrCallback]: readonly any[]): CallKind | null {
  const kind = commandKind(command);
  if (kind === undefined) return null;
  const { operation, request, answer, answered, stream } = kind;
  const body = request ? request(command.input) : command.input;
  const signal: unknown = optionsOrCallback?.abortSignal;
  return {
    owner: bedrock,
    provider: bedrock.name,
    operation: typeof operation === 'function' ? operation(body) : operation,
    client: () => self,
    server: () => ({ provider: bedrock.name }),
    body: () => body,
    error: (error) => (wasAborted(error, signal) ? { type: 'AbortError' } : bedrockError(error)),
    watchStream: (value, sink) => stream !== undefined && watchStream(value?.[stream], sink, signal),
    ...(answer && { answer }),
    ...(answered && { answered }),
  };
}

function watchStream(value: any, sink: StreamSink, signal: unknown): boolean {
  if (typeof value?.[Symbol.asyncIterator] !== 'function') return false;
  observeStream(value, sink, { member: Symbol.asyncIterator, signal });
  return true;
}

/** An abort in mid-stream reaches the app as a connection that broke. */
function wasAborted(error: any, signal: any): boolean {
  return signal?.aborted === true && error?.$fault === undefined;
}

/** What an error says: of the service, the class and the code, which of codes that the SDK does not know is the name. */
function bedrockError(error: unknown): ErrorFacts {
  const e: any = typeof error === 'object' && error !== null ? error : {};
  const status = count(e.$metadata?.httpStatusCode);
  const headers: unknown = e.$response?.headers;
  return {
    type: errorType(error),
    ...present({
      // HTTP/2 says that a stream was given up, and in the cause why.
      code: e.$fault === undefined ? (systemCode(e.cause) ?? systemCode(e)) : codeWord(e.name),
      status: status !== undefined && status >= 400 ? status : undefined,
      requestId: requestId(headers),
      retryAfterMs: waitAsked(headers),
    }),
  };
}

/** `send` gives a promise, or, where it is given a callback, nothing. */
function sendMethod(original: Method): Method {
  const send = sendWithAttempts(original, bedrock, (command) => commandKind(command) !== undefined);
  const sendForPromise = callMethod(send, kindOf);
  return function (this: any, ...args: any[]) {
    const at = typeof args[1] === 'function' ? 1 : 2;
    if (!args[at]) return Reflect.apply(sendForPromise, this, args);
    if (hub.recorder === null || typeof args[at] !== 'function') return Reflect.apply(send, this, args);
    const call = beginCall(kindOf, this, args);
    if (call === null) return Reflect.apply(send, this, args);
    looking('patch.callback', () => call.awaited());
    const toldArgs = args.with(at, toldFirst(call, args[at]));
    try {
      return call.run(() => Reflect.apply(send, this, toldArgs) as unknown);
    } catch (error) {
      call.threw(error);
      throw error;
    }
  };
}

/** `callback` in the scope that it was given in: the call is over for it. The SDK calls it with an error, or with null and the answer. */
function toldFirst(call: LlmCall, callback: Method): Method {
  const inScope = AsyncLocalStorage.snapshot();
  return function (this: unknown, ...outcome: unknown[]) {
    looking('patch.callback', () => (outcome.length > 1 ? call.gave(outcome[1]) : call.threw(outcome[0])));
    return inScope(() => Reflect.apply(callback, this, outcome) as unknown);
  };
}

function patch({ namespace }: { namespace: any }): PatchReport {
  const LABEL = 'BedrockRuntimeClient.send';
  const prototype = guard<any>(
    'patch.probe',
    () => (namespace?.BedrockRuntimeClient ?? namespace?.default?.BedrockRuntimeClient)?.prototype,
    undefined,
  );
  const there = guard('patch.probe', () => typeof prototype?.send === 'function', false);
  if (there) guard('patch.replace', () => coverMethod(prototype, 'send', `bedrock ${LABEL}`, sendMethod), false);
  return there ? { patched: [LABEL], missing: [] } : { patched: [], missing: [LABEL] };
}

export const bedrock: Provider = {
  name: 'aws.bedrock',
  // An ES module too: Node gives it this one, as the package has no other for Node.
  targets: [{ package: '@aws-sdk/client-bedrock-runtime', esm: [], cjs: ['dist-cjs/index.js'] }],
  tested: ['3'],
  operations: [converse, ...invokeOperations, bedrockCountTokens, applyGuardrail, startAsyncInvoke],
  patch,
  error: bedrockError,
};
