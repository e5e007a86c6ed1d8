/** The LLM facts of a span. */
import type { LlmFacts, LlmRequest, LlmResponse, Usage } from '../events/model.ts';
import { defined, type SpanFacts } from './span-facts.ts';

/** What an LLM call, or an agent that says of its calls, was asked for, answered and took; undefined for a span of neither. */
export function llmOf(
  facts: SpanFacts,
  { operation, type }: { operation: string | undefined; type: string },
): LlmFacts | undefined {
  const provider = facts.text('provider');
  const server = facts.text('serverAddress');
  const port = facts.number('serverPort');
  const request = requestOf(facts);
  const response = responseOf(facts);
  const usage = usageOf(facts);
  const api = facts.text('openaiApi') ?? facts.text('api');
  const seconds = facts.number('timeToFirstChunk');
  const chunks = facts.number('chunks');
  facts.number('timePerOutputChunk');
  const told = provider !== undefined || Object.keys(request).length > 0 || usage !== undefined;
  if (type !== 'llm' && !(type === 'agent' && told)) return undefined;
  return defined<LlmFacts>({
    operation: operation ?? 'chat',
    provider: provider ?? '_OTHER',
    api,
    server: server === undefined ? undefined : { address: server, port: port ?? 443 },
    request,
    response,
    usage,
    firstChunkUs: seconds === undefined ? undefined : Math.round(seconds * 1e6),
    chunks,
  });
}

function requestOf(facts: SpanFacts): LlmRequest {
  return defined<LlmRequest>({
    model: facts.text('model'),
    stream: facts.flag('stream'),
    maxTokens: facts.number('maxTokens'),
    temperature: facts.number('temperature'),
    topP: facts.number('topP'),
    topK: facts.number('topK'),
    frequencyPenalty: facts.number('frequencyPenalty'),
    presencePenalty: facts.number('presencePenalty'),
    seed: facts.number('seed'),
    choiceCount: facts.number('choiceCount'),
    reasoningLevel: facts.text('reasoningLevel'),
    outputType: facts.text('outputType'),
    encodingFormats: facts.texts('encodingFormats'),
    serviceTier: facts.text('openaiRequestTier') ?? facts.text('requestTier'),
    previousResponseId: facts.text('previousResponseId'),
    messageCount: facts.number('messageCount'),
    tools: facts.texts('requestTools'),
    toolResults: facts.texts('toolResultIds'),
  });
}

function responseOf(facts: SpanFacts): LlmResponse | undefined {
  const names = facts.texts('toolCallNames') ?? [];
  const ids = facts.texts('toolCallIds') ?? [];
  const response = defined<LlmResponse>({
    id: facts.text('responseId'),
    model: facts.text('responseModel'),
    finishReasons: facts.texts('finishReasons'),
    toolCalls: names.length === 0 ? undefined : names.map((name, index) => defined({ name, id: ids[index] })),
    serviceTier: facts.text('openaiResponseTier') ?? facts.text('responseTier'),
    systemFingerprint: facts.text('openaiFingerprint') ?? facts.text('fingerprint'),
    servedBy: facts.text('servedBy'),
    status: facts.text('responseStatus'),
    dimensions: facts.number('dimensions'),
  });
  return Object.keys(response).length > 0 ? response : undefined;
}

function usageOf(facts: SpanFacts): Usage | undefined {
  const usage = defined<Usage>({
    input: facts.number('inputTokens'),
    output: facts.number('outputTokens'),
    cacheRead: facts.number('cacheReadTokens'),
    cacheWrite: facts.number('cacheWriteTokens'),
    reasoning: facts.number('reasoningTokens'),
    audioInput: facts.number('audioInputTokens'),
    audioOutput: facts.number('audioOutputTokens'),
  });
  return Object.keys(usage).length > 0 ? usage : undefined;
}
