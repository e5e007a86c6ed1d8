/** Mistral's SDK, versions 1 (CommonJS) and 2 (ES modules), and the two that Mistral makes of the same parts for Azure and Google Cloud. */
import { guard } from '../../core/diagnostics.ts';
import type { ErrorFacts } from '../../events/model.ts';
import { observeReadable } from '../../patch/observe-stream.ts';
import type { StreamSink } from '../../patch/observe-stream.ts';
import type { ModuleTarget } from '../../patch/reach.ts';
import { errorType, systemCode } from '../../patch/transport-error.ts';
import { callMethod } from '../call-method.ts';
import type { Operation, ResponseFacts } from '../contract.ts';
import { requestId, waitAsked } from '../errors.ts';
import { number, parseJson, present } from '../fields.ts';
import type { CallKind, LlmCall } from '../llm-call.ts';
import { mistralSpeech, mistralTranscriptions } from './mistral-audio.ts';
import { classesOf, httpClientOf, resourceOf } from './mistral-classes.ts';
import { mistralAgents, mistralChat, mistralFim } from './mistral-chat.ts';
import { mistralConversations } from './mistral-conversations.ts';
import { watchAsked, watchSending } from './mistral-functions.ts';
import { mistralClassifications, mistralEmbeddings, mistralModerations, mistralOcr } from './mistral-operations.ts';
import { Sending, serverOf, watchCreation, watchRequest } from './mistral-sending.ts';
import { errorCode } from './mistral-wire.ts';
import { Patcher, ownerOf } from '../patcher.ts';
import type { PatchReport, PatchedModule, Provider } from '../provider.ts';

/** A method that makes an LLM call. `owner`: how the client leads to the object that has it. */
interface MistralMethod {
  owner: string;
  method: string;
  operation: Operation;
  /** What the SDK calls the operation: for a call of the method's function without it. */
  id?: string;
  /** What of the first argument the operation reads. */
  body?: (request: any) => unknown;
}

/** The SDK adds `stream` itself. */
const streamed = (request: any): unknown => ({ ...request, stream: true });
/** The format is a zod schema, which the SDK makes a JSON schema of. */
const parsed = (request: any): unknown => ({ ...request, responseFormat: { type: 'json_schema' } });
const appended = (request: any): unknown => request?.conversationAppendRequest;
const appendedStream = (request: any): unknown => streamed(request?.conversationAppendStreamRequest);
const restarted = (request: any): unknown => request?.conversationRestartRequest;
const restartedStream = (request: any): unknown => streamed(request?.conversationRestartStreamRequest);

const CONVERSATION = { owner: 'beta.conversations', operation: mistralConversations };
const METHODS: readonly MistralMethod[] = [
  { owner: 'chat', method: 'complete', operation: mistralChat, id: 'chat_completion_v1_chat_completions_post' },
  { owner: 'chat', method: 'stream', operation: mistralChat, id: 'stream_chat', body: streamed },
  { owner: 'chat', method: 'parse', operation: mistralChat, body: parsed },
  { owner: 'chat', method: 'parseStream', operation: mistralChat, body: (request) => streamed(parsed(request)) },
  { owner: 'fim', method: 'complete', operation: mistralFim, id: 'fim_completion_v1_fim_completions_post' },
  { owner: 'fim', method: 'stream', operation: mistralFim, id: 'stream_fim', body: streamed },
  { owner: 'agents', method: 'complete', operation: mistralAgents, id: 'agents_completion_v1_agents_completions_post' },
  { owner: 'agents', method: 'stream', operation: mistralAgents, id: 'stream_agents', body: streamed },
  { ...CONVERSATION, method: 'start', id: 'agents_api_v1_conversations_start' },
  { ...CONVERSATION, method: 'startStream', id: 'agents_api_v1_conversations_start_stream', body: streamed },
  { ...CONVERSATION, method: 'append', id: 'agents_api_v1_conversations_append', body: appended },
  { ...CONVERSATION, method: 'appendStream', id: 'agents_api_v1_conversations_append_stream', body: appendedStream },
  { ...CONVERSATION, method: 'restart', id: 'agents_api_v1_conversations_restart', body: restarted },
  { ...CONVERSATION, method: 'restartStream', id: 'agents_api_v1_conversations_restart_stream', body: restartedStream },
  { owner: 'embeddings', method: 'create', operation: mistralEmbeddings, id: 'embeddings_v1_embeddings_post' },
  { owner: 'classifiers', method: 'moderate', operation: mistralModerations, id: 'moderations_v1_moderations_post' },
  {
    owner: 'classifiers',
    method: 'moderateChat',
    operation: mistralModerations,
    id: 'chat_moderations_v1_chat_moderations_post',
  },
  { owner: 'classifiers', method: 'classify', operation: mistralClassifications, id: 'classifications_v1_classifications_post' },
  {
    owner: 'classifiers',
    method: 'classifyChat',
    operation: mistralClassifications,
    id: 'chat_classifications_v1_chat_classifications_post',
  },
  { owner: 'ocr', method: 'process', operation: mistralOcr, id: 'ocr_v1_ocr_post' },
  {
    owner: 'audio.transcriptions',
    method: 'complete',
    operation: mistralTranscriptions,
    id: 'audio_api_v1_transcriptions_post',
  },
  {
    owner: 'audio.transcriptions',
    method: 'stream',
    operation: mistralTranscriptions,
    id: 'audio_api_v1_transcriptions_post_stream',
    body: streamed,
  },
  { owner: 'audio.speech', method: 'complete', operation: mistralSpeech, id: 'speech_v1_audio_speech_post' },
];

/** A body of this size in an error is not looked at. */
const ERROR_BODY_MAX = 1 << 20;

const bodyIn = (error: any): unknown =>
  typeof error?.body === 'string' && error.body.length < ERROR_BODY_MAX ? parseJson(error.body) : undefined;

/** An answer that the SDK's schema does not know is thrown as an error, with what was in it. */
const answerIn = (error: any): unknown => (errorType(error) === 'ResponseValidationError' ? bodyIn(error) : undefined);

function mistralError(error: any): ErrorFacts {
  return {
    type: errorType(error),
    ...present({
      code: errorCode(bodyIn(error)) ?? systemCode(error?.cause),
      status: number(error?.statusCode),
      requestId: requestId(error?.headers),
      retryAfterMs: waitAsked(error?.headers),
    }),
  };
}

/** Of what these answer, the SDK's classes have no place for usage. */
const JUDGING = new Set([mistralModerations, mistralClassifications]);

function withUsage(facts: ResponseFacts, _: unknown, { client, kind }: LlmCall): ResponseFacts {
  const usage = client instanceof Sending && client.looksForUsage ? client.usage : undefined;
  return usage === undefined ? facts : { ...kind.operation.response({ usage }), ...facts };
}

/** Streams are web streams of a class of the SDK's own. */
function watchStream(value: unknown, sink: StreamSink): boolean {
  if (!(value instanceof ReadableStream)) return false;
  observeReadable(value, sink);
  return true;
}

const kindOf = ({ operation, body }: MistralMethod): CallKind => ({
  provider: 'mistral_ai',
  operation,
  error: mistralError,
  answerIn,
  client: (self) => new Sending(self, JUDGING.has(operation)),
  answered: withUsage,
  server: (_, self) => serverOf(self?._baseURL),
  watchStream,
  ...(body && { body: ([request]: readonly any[]) => body(request) }),
});

/** Kinds by operation id. What is read there is what is sent. */
const KINDS = new Map(
  METHODS.flatMap(({ id, owner, method, operation }) => (id ? [[id, kindOf({ owner, method, operation })]] : [])),
);

function patch({ namespace }: PatchedModule): PatchReport {
  const patcher = new Patcher('mistralai');
  const classes = guard('patch.probe', () => classesOf(namespace), {});
  const { client, core, promise } = classes;
  if (client !== undefined || (core === undefined && promise === undefined)) {
    for (const each of METHODS) {
      const owner = guard('patch.probe', () => resourceOf(client, each.owner), undefined);
      patcher.replace(owner, each.method, `${each.owner}.${each.method}`, (original) => callMethod(original, kindOf(each)));
    }
  }
  if (core !== undefined) {
    const base: any = core.prototype;
    patcher.replace(ownerOf(base, '_createRequest'), '_createRequest', '_createRequest', watchCreation);
    patcher.replace(ownerOf(base, '_do'), '_do', '_do', (original) => watchSending(original, (id) => KINDS.get(id as string)));
    const http = guard('patch.probe', () => httpClientOf(core), undefined);
    patcher.replace(ownerOf(http, 'request'), 'request', 'HTTPClient.request', watchRequest);
  }
  if (promise !== undefined) {
    for (const name of ['then', 'catch', 'finally']) {
      patcher.replace(promise.prototype, name, `APIPromise.${name}`, watchAsked);
    }
  }
  return patcher.report;
}

/** Which modules define them, in either format. Whoever uses the SDK has loaded the last two; the first one only who uses its classes. */
const filesOf = (name: string): Omit<ModuleTarget, 'package'> => ({ esm: [`esm/${name}`], cjs: [name] });
const FILES = ['sdk/sdk.js', 'lib/sdks.js', 'types/async.js'].map(filesOf);
const PACKAGES = ['@mistralai/mistralai', '@mistralai/mistralai-azure', '@mistralai/mistralai-gcp'];
const targets = PACKAGES.flatMap((name) => FILES.map((files): ModuleTarget => ({ package: name, ...files })));

export const mistral: Provider = {
  name: 'mistral_ai',
  targets: targets as [ModuleTarget, ...ModuleTarget[]],
  tested: ['1', '2'],
  operations: [...new Set(METHODS.map(({ operation }) => operation))],
  patch,
  error: mistralError,
};
