/**
 * An event as a span: the GenAI conventions for what they cover, `hindcast.*` for what is ours. An allow-list: what is not named here does not leave. Of the
 * members that may hold what somebody said (`content`, `attributes`, `tags`), nothing is read unless content is given.
 */
import { finishReason } from './content.ts';
import { NAMES, NAMES_OUTSIDE, type Names, type Profile } from './genai-names.ts';
import type { SessionLine } from './lines.ts';
import type { LlmFacts, SpanEvent } from './model.ts';
import { callName, codeOf, idOf, isPath, modelName, nameOf, titleOf } from './safe-words.ts';
import { addContent } from './span-content.ts';
import { noteEvents, retryEvents } from './span-events.ts';
import { addRun, agentIn, agentNameOf, hasFailed } from './span-run.ts';
import {
  AttributeList,
  SPAN_KIND,
  timeNs,
  type Attribute,
  type SpanSource,
  type TraceGroup,
  type WireSpan,
} from './wire-span.ts';

const CLIENT_OPERATIONS = new Set(['chat', 'generate_content', 'text_completion', 'embeddings']);
const OUTPUT_TYPES = new Set(['text', 'json', 'image', 'speech']);
const OPENAI_APIS = new Set(['chat_completions', 'responses']);

interface Shape {
  name: string;
  kind: 1 | 3;
  /** Absent: the span claims nothing under the GenAI conventions. */
  operation?: string;
  names: Names;
}

function shapeOf(event: SpanEvent, header: SessionLine, profile: Profile): Shape {
  const names = NAMES[profile];
  const name = nameOf(event.name) ?? event.type;
  if (event.llm !== undefined && event.type !== 'agent') {
    const operation = codeOf(event.llm.operation) ?? 'unknown';
    const known = CLIENT_OPERATIONS.has(operation);
    return {
      name: callName(operation, modelOf(event.llm)),
      kind: SPAN_KIND.client,
      operation,
      names: known ? names : NAMES_OUTSIDE,
    };
  }
  const tool = nameOf(event.tool?.name);
  if (tool !== undefined) return { name: `execute_tool ${tool}`, kind: SPAN_KIND.internal, operation: 'execute_tool', names };
  if (event.type === 'agent') {
    const agent = agentNameOf(event, header);
    return {
      name: agent === undefined ? 'invoke_agent' : `invoke_agent ${agent}`,
      kind: SPAN_KIND.internal,
      operation: 'invoke_agent',
      // 1.41 requires a provider on every agent span; an agent of the app's own has none.
      names: profile === 'main' ? names : NAMES_OUTSIDE,
    };
  }
  return { name, kind: SPAN_KIND.internal, names };
}

/** The model asked for, or, of a request that named none, the one that answered. */
export function modelOf(llm: LlmFacts): string | undefined {
  return modelName(llm.request.model) ?? modelName(llm.response?.model);
}

function addRequest(list: AttributeList, llm: LlmFacts, names: Names, profile: Profile): void {
  const request = llm.request;
  list.string(names.model, modelOf(llm));
  if (request.stream === true) list.bool(names.stream, true);
  list.int(names.maxTokens, request.maxTokens);
  list.double(names.temperature, request.temperature);
  list.double(names.topP, request.topP);
  if (profile === '1.41') list.double(names.topK, request.topK);
  else list.int(names.topK, request.topK);
  list.double(names.frequencyPenalty, request.frequencyPenalty);
  list.double(names.presencePenalty, request.presencePenalty);
  list.int(names.seed, request.seed);
  if (request.choiceCount !== 1) list.int(names.choiceCount, request.choiceCount);
  list.string(names.reasoningLevel, codeOf(request.reasoningLevel));
  list.string(names.previousResponseId, idOf(request.previousResponseId));
  list.strings(
    names.encodingFormats,
    request.encodingFormats?.map((format) => codeOf(format) ?? '_OTHER'),
  );
  if (request.outputType !== undefined && OUTPUT_TYPES.has(request.outputType)) list.string(names.outputType, request.outputType);
  list.int(names.messageCount, request.messageCount);
  list.strings(names.requestTools, nonEmpty(request.tools?.map(nameOf)));
  list.strings(names.toolResultIds, nonEmpty(request.toolResults?.map(idOf)));
}

function nonEmpty(values: (string | undefined)[] | undefined): string[] | undefined {
  return values?.filter((value) => value !== undefined);
}

/** Seconds from one chunk of a stream to the next, on average; for one that the app read to its end. */
function secondsPerChunk({ start, end, status, llm }: SpanEvent): number | undefined {
  if (llm?.firstChunkUs === undefined || llm.chunks === undefined || llm.chunks < 2 || status !== 'ok') return undefined;
  return Math.max(0, end - start - llm.firstChunkUs) / (llm.chunks - 1) / 1e6;
}

function addResponse(list: AttributeList, event: SpanEvent, llm: LlmFacts, names: Names): void {
  const { response, usage } = llm;
  list.double(names.timePerOutputChunk, secondsPerChunk(event));
  list.string(names.nativeSpanId, idOf(llm.native?.span));
  if (llm.firstChunkUs !== undefined) list.double(names.timeToFirstChunk, llm.firstChunkUs / 1e6);
  list.int(names.chunks, llm.chunks);
  if (response !== undefined) {
    list.string(names.responseId, idOf(response.id));
    list.string(names.responseModel, modelName(response.model));
    list.strings(
      names.finishReasons,
      response.finishReasons?.map((reason) => codeOf(finishReason(reason)) ?? '_OTHER'),
    );
    list.int(names.dimensions, response.dimensions);
    list.string(names.responseStatus, codeOf(response.status));
    list.string(names.servedBy, titleOf(response.servedBy));
    // A model may make up a tool that nobody offered it.
    list.strings(names.toolCallNames, nonEmpty(response.toolCalls?.map((call) => codeOf(call.name))));
    list.strings(names.toolCallIds, nonEmpty(response.toolCalls?.map((call) => idOf(call.id))));
  }
  if (usage !== undefined) {
    list.int(names.inputTokens, usage.input);
    list.int(names.outputTokens, usage.output);
    list.int(names.cacheReadTokens, usage.cacheRead);
    list.int(names.cacheWriteTokens, usage.cacheWrite);
    list.int(names.reasoningTokens, usage.reasoning);
    list.int(names.audioInputTokens, usage.audioInput);
    list.int(names.audioOutputTokens, usage.audioOutput);
  }
}

/** What the conventions have a place for with OpenAI only stands there with OpenAI only. */
function addFlavour(list: AttributeList, llm: LlmFacts, names: Names): void {
  const openai = llm.provider === 'openai' || llm.provider.startsWith('azure.');
  const tier = codeOf(llm.request.serviceTier);
  if (llm.api !== undefined) list.string(openai && OPENAI_APIS.has(llm.api) ? names.openaiApi : names.api, codeOf(llm.api));
  if (tier !== 'auto') list.string(openai ? names.openaiRequestTier : names.requestTier, tier);
  list.string(openai ? names.openaiResponseTier : names.responseTier, codeOf(llm.response?.serviceTier));
  list.string(openai ? names.openaiFingerprint : names.fingerprint, idOf(llm.response?.systemFingerprint));
}

/** The error type by which backends group: the event's own, else the failure that was noted on it, else `_OTHER`. */
function errorTypeOf(event: SpanEvent): string {
  const failure = event.notes?.findLast((note) => note.kind === 'failure');
  return codeOf(event.error?.type) ?? (failure?.kind === 'failure' ? codeOf(failure.code) : undefined) ?? '_OTHER';
}

function addOutcome(list: AttributeList, event: SpanEvent, names: Names): void {
  const { error, cost, attempts } = event;
  if (hasFailed(event)) list.string(names.errorType, errorTypeOf(event));
  else if (error !== undefined) list.string(names.ownErrorType, codeOf(error.type));
  if (event.status === 'cancelled' || event.status === 'unfinished') list.string(names.status, event.status);
  if (error !== undefined) {
    list.string(names.errorCode, codeOf(error.code));
    list.int(names.httpStatus, error.status);
    list.double(names.retryAfterMs, error.retryAfterMs);
    list.string(names.errorFrom, idOf(error.from));
  }
  list.string(names.requestId, idOf(error?.requestId ?? attempts?.at(-1)?.requestId));
  if (attempts !== undefined && attempts.length > 0) list.int(names.attempts, attempts.length);
  if (cost !== undefined) {
    list.double(names.costUsd, cost.usd);
    list.string(names.costPriced, codeOf(cost.priced));
  }
}

function addSession(list: AttributeList, event: SpanEvent, header: SessionLine, names: Names): void {
  const agent = agentIn(event, header);
  list.string(names.sessionId, header.id);
  list.string(names.sessionName, nameOf(header.name));
  list.string(names.sessionParent, idOf(header.parent));
  list.string(names.agentId, nameOf(agent?.id));
  list.string(names.agentVersion, nameOf(agent?.version));
}

/** The event as a span of the given profile. */
export function spanOf(source: SpanSource, options: { profile: Profile }): WireSpan {
  const { header, event, content } = source;
  const { name, kind, operation, names } = shapeOf(event, header, options.profile);
  const list = new AttributeList();
  list.string(names.operation, operation);
  // The conventions have a place for it in what agents and tools do.
  const conventional = operation !== undefined && (event.llm === undefined || event.type === 'agent');
  list.string(conventional ? names.agentName : names.ownAgentName, agentNameOf(event, header));
  if (event.llm === undefined || event.type === 'agent') {
    list.string(names.toolName, nameOf(event.tool?.name));
    list.string(names.toolType, codeOf(event.tool?.type));
    list.string(names.toolCallId, idOf(event.tool?.callId));
  }
  if (event.llm !== undefined) {
    const llm = event.llm;
    list.string(names.provider, codeOf(llm.provider) ?? '_OTHER');
    if (llm.server !== undefined) {
      list.string(names.serverAddress, idOf(llm.server.address));
      list.int(names.serverPort, llm.server.port);
    }
    addRequest(list, llm, names, options.profile);
    addResponse(list, event, llm, names);
    addFlavour(list, llm, names);
  }
  list.string(names.eventType, codeOf(event.type));
  addOutcome(list, event, names);
  addSession(list, event, header, names);
  addRun(list, event, names);
  const events = [...retryEvents(event, header, names), ...noteEvents(event, header, names, content !== undefined)];
  const startNs = timeNs(header, event.start);
  const endNs = timeNs(header, Math.max(event.start, event.end));
  const span: WireSpan = {
    traceId: event.trace,
    spanId: event.id,
    name,
    kind,
    startNs,
    endNs,
    attributes: list.items,
    events: events.toSorted((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0)),
  };
  if (event.parent !== undefined) span.parentSpanId = event.parent;
  if (hasFailed(event)) span.status = { code: 2 };
  if (content !== undefined) addContent(span, source, content, { names, list });
  return span;
}

/** Resource attributes of a recording: which service and process it came from; never a path, a host or a command line. `extra` is added as it is. */
export function resourceOf(header: SessionLine, extra: Attribute[] = []): Attribute[] {
  const names = NAMES.main;
  const list = new AttributeList();
  list.string(names.serviceName, serviceOf(header));
  list.string(names.environment, nameOf(header.environment));
  list.string(names.sdkName, 'hindcast');
  list.string(names.sdkLanguage, 'nodejs');
  list.string(names.sdkVersion, versionOf(header));
  list.int(names.processId, header.pid);
  list.string(names.runtimeName, 'nodejs');
  list.string(names.runtimeVersion, codeOf(header.node.replace(/^v/, '')));
  const own = new Set(list.items.map(([key]) => key));
  return [...list.items, ...extra.filter(([key]) => !own.has(key))];
}

function serviceOf(header: SessionLine): string {
  const placed = header.service !== undefined && (isPath(header.service) || header.service.includes('\\'));
  return (placed ? undefined : nameOf(header.service)) ?? nameOf(header.agent?.name) ?? 'unknown_service:node';
}

function versionOf(header: SessionLine): string {
  return codeOf(header.sdk.split('/')[1]) ?? 'unknown';
}

/** The instrumentation scope of a recording's spans. */
export function scopeOf(header: SessionLine): TraceGroup['scope'] {
  return { name: 'hindcast', version: versionOf(header) };
}
