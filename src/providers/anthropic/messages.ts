/** Anthropic's Messages API. */
import type { LlmRequest, ToolCallFacts, Usage } from '../../events/model.ts';
import type { ResponseFacts } from '../contract.ts';
import { count, fields, flag, items, number, present, presentOrNone, text, word, type Fields } from '../fields.ts';
import { messagesInput, messagesOutput } from './messages-content.ts';
import { MessagesFolder } from './messages-stream.ts';
import { added, errorFacts, formatOutput, isAssistant, listed, responseFacts } from '../openai/openai-facts.ts';
import { defineOperation } from '../operation.ts';
import { saidCost } from '../said-cost.ts';

/** How much the model is to think: the effort, or, in the older way, whether it is to think at all. */
function reasoningLevel(body: Fields): string | undefined {
  const effort = word(fields(body['output_config'])['effort']);
  return effort ?? (fields(body['thinking'])['type'] === 'disabled' ? 'none' : undefined);
}

function resultIds(message: unknown): (string | undefined)[] {
  const blocks = items(fields(message)['content']).map(fields);
  return blocks.filter((block) => block['type'] === 'tool_result').map((block) => text(block['tool_use_id']));
}

const toolName = (tool: unknown): string | undefined => {
  const given = fields(tool);
  return text(given['name']) ?? text(given['mcp_server_name']) ?? text(given['type']);
};

function request(given: unknown): LlmRequest {
  const body = fields(given);
  const messages = items(body['messages']);
  return present({
    model: text(body['model']),
    stream: flag(body['stream']),
    maxTokens: count(body['max_tokens']),
    temperature: number(body['temperature']),
    topP: number(body['top_p']),
    topK: number(body['top_k']),
    serviceTier: word(body['service_tier']),
    reasoningLevel: reasoningLevel(body),
    outputType: formatOutput(fields(body['output_config'])['format'] ?? body['output_format']),
    messageCount: Array.isArray(body['messages']) ? messages.length : undefined,
    tools: listed(items(body['tools']).map(toolName)),
    toolResults: listed(added(messages, isAssistant).flatMap(resultIds)),
  });
}

/** Anthropic counts cached input apart from `input_tokens`; our word for input includes it. */
function messagesUsage(value: unknown): Usage | undefined {
  const usage = fields(value);
  const created = fields(usage['cache_creation']);
  const cacheRead = count(usage['cache_read_input_tokens']);
  const written = [count(created['ephemeral_5m_input_tokens']), count(created['ephemeral_1h_input_tokens'])].filter(
    (n) => n !== undefined,
  );
  const cacheWrite =
    count(usage['cache_creation_input_tokens']) ?? (written.length > 0 ? written.reduce((a, b) => a + b) : undefined);
  const fresh = count(usage['input_tokens']);
  const inputs = [fresh, cacheRead, cacheWrite].filter((n) => n !== undefined);
  return presentOrNone({
    input: inputs.length > 0 ? inputs.reduce((a, b) => a + b) : undefined,
    output: count(usage['output_tokens']),
    cacheRead,
    cacheWrite,
    cacheWriteHour: count(created['ephemeral_1h_input_tokens']),
    reasoning: count(fields(usage['output_tokens_details'])['thinking_tokens']),
  });
}

/** Calls of the app's tools, and of those that Anthropic or an MCP server runs. */
function toolCall(value: unknown): ToolCallFacts | undefined {
  const block = fields(value);
  const type = text(block['type']);
  if (type !== 'tool_use' && type !== 'server_tool_use' && type !== 'mcp_tool_use') return undefined;
  return { ...present({ id: text(block['id']) }), name: text(block['name']) ?? '' };
}

function response(given: unknown): ResponseFacts {
  const body = fields(given);
  const reason = word(body['stop_reason']);
  const facts = present({
    id: text(body['id']),
    model: text(body['model']),
    finishReasons: reason === undefined ? undefined : [reason],
    toolCalls: listed(items(body['content']).map(toolCall)),
    serviceTier: word(fields(body['usage'])['service_tier']),
  });
  return { ...responseFacts(facts, messagesUsage(body['usage']), errorFacts(body)), ...saidCost(body['usage']) };
}

/** `POST /v1/messages`, beta or not. */
export const messages = defineOperation({
  operation: 'chat',
  api: 'messages',
  request,
  folder: () => new MessagesFolder(),
  response,
  input: messagesInput,
  output: messagesOutput,
});

/** `POST /v1/messages/count_tokens`. The answer is a count of what a call would take, not of tokens that were billed: it is no usage. */
export const countTokens = defineOperation({
  operation: 'count_tokens',
  api: 'messages_count_tokens',
  request,
  response: (body) => responseFacts({}, undefined, errorFacts(fields(body))),
  input: messagesInput,
});
