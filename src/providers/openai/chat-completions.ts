/** Chat completions: OpenAI's API, and the dialect that most of the others speak too. */
import type { LlmRequest, ToolCallFacts } from '../../events/model.ts';
import { chatInput, chatOutput } from './chat-content.ts';
import { ChatFolder } from './chat-stream.ts';
import type { ResponseFacts } from '../contract.ts';
import { count, fields, items, present, text, word, type Fields } from '../fields.ts';
import {
  answerError,
  choiceReasons,
  added,
  commonRequest,
  commonResponse,
  formatOutput,
  isAssistant,
  listed,
  openaiUsage,
  responseFacts,
  toolName,
} from './openai-facts.ts';
import { defineOperation } from '../operation.ts';
import { saidCost } from '../said-cost.ts';

function outputType(body: Fields): string | undefined {
  const modalities = items(body['modalities']);
  if (modalities.includes('audio')) return 'speech';
  if (modalities.includes('image')) return 'image';
  return formatOutput(body['response_format']);
}

function request(given: unknown): LlmRequest {
  const body = fields(given);
  const messages = items(body['messages']);
  const tools = [...items(body['tools']), ...items(body['functions'])].map(toolName);
  const results = added(messages, isAssistant).filter((message) => message['role'] === 'tool');
  return {
    ...commonRequest(body),
    ...present({
      maxTokens: count(body['max_completion_tokens']) ?? count(body['max_tokens']),
      reasoningLevel: word(body['reasoning_effort']) ?? word(fields(body['reasoning'])['effort']),
      outputType: outputType(body),
      messageCount: Array.isArray(body['messages']) ? messages.length : undefined,
      tools: listed(tools),
      toolResults: listed(results.map((message) => text(message['tool_call_id']))),
    }),
  };
}

function toolCalls(choices: readonly unknown[]): ToolCallFacts[] {
  const calls: ToolCallFacts[] = [];
  for (const choice of choices) {
    const message = fields(fields(choice)['message']);
    for (const call of items(message['tool_calls']))
      calls.push({ ...present({ id: text(fields(call)['id']) }), name: toolName(call) ?? '' });
    for (const tool of items(message['executed_tools'])) calls.push({ name: toolName(tool) ?? '' });
    const old = text(fields(message['function_call'])['name']);
    if (old !== undefined) calls.push({ name: old });
  }
  return calls;
}

function response(given: unknown): ResponseFacts {
  const body = fields(given);
  const choices = items(body['choices']);
  const facts = {
    ...commonResponse(body),
    ...present({ finishReasons: choiceReasons(choices), toolCalls: listed(toolCalls(choices)) }),
  };
  const usage = body['usage'] ?? fields(body['x_groq'])['usage'];
  return { ...responseFacts(facts, openaiUsage(usage), answerError(body)), ...saidCost(usage) };
}

/** `POST /chat/completions`. */
export const chatCompletions = defineOperation({
  operation: 'chat',
  api: 'chat_completions',
  request,
  folder: () => new ChatFolder(),
  response,
  input: chatInput,
  output: chatOutput,
});
