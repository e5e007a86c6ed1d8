/**
 * Every attribute name that leaves in a span, and nowhere else. The GenAI conventions move about monthly: a name that differs between profiles is a pair.
 * A concept that a profile has no name for is ours there, under `hindcast.`.
 */

/** Which state of the GenAI conventions to speak: `1.41` is the last core release that carried them, `main` their own repository. */
export type Profile = 'main' | '1.41';

type Name = string | { readonly main: string; readonly '1.41': string };

const TABLE = {
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  agentName: 'gen_ai.agent.name',
  toolName: 'gen_ai.tool.name',
  toolType: 'gen_ai.tool.type',
  toolCallId: 'gen_ai.tool.call.id',
  model: 'gen_ai.request.model',
  stream: 'gen_ai.request.stream',
  maxTokens: 'gen_ai.request.max_tokens',
  temperature: 'gen_ai.request.temperature',
  topP: 'gen_ai.request.top_p',
  topK: 'gen_ai.request.top_k',
  frequencyPenalty: 'gen_ai.request.frequency_penalty',
  presencePenalty: 'gen_ai.request.presence_penalty',
  seed: 'gen_ai.request.seed',
  choiceCount: 'gen_ai.request.choice.count',
  reasoningLevel: { main: 'gen_ai.request.reasoning.level', '1.41': 'hindcast.request.reasoning_level' },
  previousResponseId: { main: 'gen_ai.request.previous_response.id', '1.41': 'hindcast.request.previous_response_id' },
  encodingFormats: 'gen_ai.request.encoding_formats',
  outputType: 'gen_ai.output.type',
  responseId: 'gen_ai.response.id',
  responseModel: 'gen_ai.response.model',
  finishReasons: 'gen_ai.response.finish_reasons',
  timeToFirstChunk: 'gen_ai.response.time_to_first_chunk',
  dimensions: 'gen_ai.embeddings.dimension.count',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  cacheReadTokens: 'gen_ai.usage.cache_read.input_tokens',
  cacheWriteTokens: { main: 'gen_ai.usage.cache_write.input_tokens', '1.41': 'gen_ai.usage.cache_creation.input_tokens' },
  reasoningTokens: 'gen_ai.usage.reasoning.output_tokens',
  audioInputTokens: { main: 'gen_ai.usage.audio.input_tokens', '1.41': 'hindcast.usage.audio.input_tokens' },
  audioOutputTokens: { main: 'gen_ai.usage.audio.output_tokens', '1.41': 'hindcast.usage.audio.output_tokens' },
  openaiApi: 'openai.api.type',
  openaiRequestTier: 'openai.request.service_tier',
  openaiResponseTier: 'openai.response.service_tier',
  openaiFingerprint: 'openai.response.system_fingerprint',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  errorType: 'error.type',
  httpStatus: 'http.response.status_code',
  sessionId: 'session.id',

  // Content: written only when it was opted in.
  systemInstructions: 'gen_ai.system_instructions',
  inputMessages: 'gen_ai.input.messages',
  outputMessages: 'gen_ai.output.messages',
  toolDefinitions: 'gen_ai.tool.definitions',
  toolArguments: 'gen_ai.tool.call.arguments',
  toolResult: 'gen_ai.tool.call.result',
  exceptionType: 'exception.type',
  exceptionMessage: 'exception.message',
  exceptionStack: 'exception.stacktrace',
  sessionTags: 'hindcast.session.tags',
  ownToolArguments: 'hindcast.tool.arguments',
  ownToolResult: 'hindcast.tool.result',
  decisionSelected: 'hindcast.decision.selected',
  decisionCandidates: 'hindcast.decision.candidates',
  failureMessage: 'hindcast.failure.message',
  attributePrefix: 'hindcast.attribute.',

  // Ours.
  eventType: 'hindcast.event.type',
  status: 'hindcast.status',
  sessionName: 'hindcast.session.name',
  sessionParent: 'hindcast.session.parent_id',
  agentId: 'hindcast.agent.id',
  ownAgentName: 'hindcast.agent.name',
  agentVersion: 'hindcast.agent.version',
  runId: 'hindcast.run.id',
  runParent: 'hindcast.run.parent_id',
  runName: 'hindcast.run.name',
  runStatus: 'hindcast.run.status',
  runReason: 'hindcast.run.reason',
  runSteps: 'hindcast.run.steps',
  runRetries: 'hindcast.run.retries',
  runErrors: 'hindcast.run.errors',
  runEnvironment: 'hindcast.environment',
  stepSeq: 'hindcast.step.seq',
  stepType: 'hindcast.step.type',
  stepAttempt: 'hindcast.step.attempt',
  stepRetryOf: 'hindcast.step.retry_of',
  stepUnknownType: 'hindcast.step.unknown_type',
  api: 'hindcast.api',
  requestTier: 'hindcast.request.service_tier',
  responseTier: 'hindcast.response.service_tier',
  fingerprint: 'hindcast.response.system_fingerprint',
  responseStatus: 'hindcast.response.status',
  servedBy: 'hindcast.response.served_by',
  messageCount: 'hindcast.request.message_count',
  requestTools: 'hindcast.request.tools',
  toolResultIds: 'hindcast.request.tool_result_ids',
  toolCallNames: 'hindcast.response.tool_call_names',
  toolCallIds: 'hindcast.response.tool_call_ids',
  chunks: 'hindcast.response.chunks',
  timePerOutputChunk: 'hindcast.response.time_per_output_chunk',
  nativeSpanId: 'hindcast.native.span_id',
  costUsd: 'hindcast.cost.usd',
  costPriced: 'hindcast.cost.priced',
  requestId: 'hindcast.request.id',
  errorCode: 'hindcast.error.code',
  errorFrom: 'hindcast.error.from',
  ownErrorType: 'hindcast.error.type',
  retryAfterMs: 'hindcast.retry_after_ms',
  attempts: 'hindcast.attempts',
  retryAttempt: 'hindcast.retry.attempt',
  retryDelayMs: 'hindcast.retry.delay_ms',
  retryFailedMs: 'hindcast.retry.failed_after_ms',
  decisionType: 'hindcast.decision.type',
  decisionReason: 'hindcast.decision.reason_code',
  decisionConfidence: 'hindcast.decision.confidence',
  failureType: 'hindcast.failure.type',
  failureCode: 'hindcast.failure.code',
  failureStep: 'hindcast.failure.step',
  failureAuto: 'hindcast.failure.auto',
  signalType: 'hindcast.signal.type',
  signalCode: 'hindcast.signal.code',
  signalValue: 'hindcast.signal.value',
  signalWeight: 'hindcast.signal.weight',
  unknownCode: 'hindcast.unknown_code',

  // Of the resource.
  serviceName: 'service.name',
  environment: 'deployment.environment.name',
  sdkName: 'telemetry.sdk.name',
  sdkLanguage: 'telemetry.sdk.language',
  sdkVersion: 'telemetry.sdk.version',
  processId: 'process.pid',
  runtimeName: 'process.runtime.name',
  runtimeVersion: 'process.runtime.version',
} as const satisfies Record<string, Name>;

export type Names = Readonly<Record<keyof typeof TABLE, string>>;

function namesOf(profile: Profile): Names {
  const entries = Object.entries(TABLE).map(([key, name]) => [key, typeof name === 'string' ? name : name[profile]]);
  return Object.fromEntries(entries) as Names;
}

/** The names of each profile. */
export const NAMES: Readonly<Record<Profile, Names>> = { main: namesOf('main'), '1.41': namesOf('1.41') };

/** The same names outside the conventions' namespaces, for operations that the conventions do not know: nothing is lost, nothing is claimed. */
export const NAMES_OUTSIDE = Object.fromEntries(
  Object.entries(NAMES.main).map(([key, name]) => [key, name.replace(/^(gen_ai|openai)\./, 'hindcast.')]),
) as Names;

/** Version of the conventions that each profile's names come from, sent with every batch. The GenAI conventions' own repository has published no schema file; core 1.42 is where they left. */
export const SCHEMA_URL: Readonly<Record<Profile, string>> = {
  main: 'https://opentelemetry.io/schemas/1.42.0',
  '1.41': 'https://opentelemetry.io/schemas/1.41.0',
};

/** Namespaces in which an app's own attributes get our prefix, so that they can neither break nor imitate what we say. */
export const RESERVED_NAMESPACES = /^(gen_ai|openai|mcp|aws\.bedrock|hindcast|session|server|error|http|exception)(\.|$)/;
