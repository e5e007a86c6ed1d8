/** Mistral's conversations: the provider keeps the history, and runs agents and tools of its own. */
import { finishReason, type InputMessage, type MessagePart, type OutputMessage } from '../../events/content.ts';
import type { LlmRequest, LlmResponse, ToolCallFacts } from '../../events/model.ts';
import { chatInput, contentParts } from '../openai/chat-content.ts';
import type { InputContent, ResponseFacts } from '../contract.ts';
import { fields, items, present, some, text, type Fields } from '../fields.ts';
import { samplingFacts } from './mistral-chat.ts';
import { ConversationFolder } from './mistral-conversations-stream.ts';
import { wireAnswer, wireForm, wireMembers } from './mistral-wire.ts';
import { added, errorFacts, isAssistant, listed, openaiUsage, responseFacts, toolName } from '../openai/openai-facts.ts';
import { defineOperation } from '../operation.ts';
import { genericPart, roleOf, serverCallPart, serverResponsePart, textPart, toolCallPart, toolResponsePart } from '../parts.ts';

/** Entries that the model, or the provider for it, has made. */
const isAnswer = (entry: Fields): boolean =>
  isAssistant(entry) || entry['type'] === 'message.output' || entry['type'] === 'tool.execution';

function request(given: unknown): LlmRequest {
  const body = wireMembers(given);
  const inputs = body['inputs'];
  const results = added(items(inputs), isAnswer).filter((entry) => entry['type'] === 'function.result');
  return {
    ...samplingFacts(wireMembers(body['completion_args'])),
    ...present({
      ...samplingFacts({ model: body['model'], stream: body['stream'] }),
      messageCount: typeof inputs === 'string' ? 1 : Array.isArray(inputs) ? inputs.length : undefined,
      tools: listed(items(body['tools']).map(toolName)),
      toolResults: listed(results.map((entry) => text(entry['tool_call_id'] ?? entry['toolCallId']))),
    }),
  };
}

function toolCall(entry: Fields): ToolCallFacts | undefined {
  const type = entry['type'];
  if (type !== 'function.call' && type !== 'tool.execution') return undefined;
  return { ...present({ id: text(entry['tool_call_id']) ?? text(entry['id']) }), name: text(entry['name']) ?? type };
}

/** The API has no word for why an answer ended: it waits for the app to run a function, or it is complete. One without usage is not at its end. */
function reason(body: Fields, outputs: readonly Fields[]): string | undefined {
  if (typeof body['usage'] !== 'object' || outputs.length === 0) return undefined;
  return outputs.some((entry) => entry['type'] === 'function.call') ? 'function_call' : 'completed';
}

function response(given: unknown): ResponseFacts {
  const body = wireAnswer(given);
  const outputs = items(body['outputs']).map(fields);
  const ended = reason(body, outputs);
  const facts: LlmResponse = present({
    id: text(body['conversation_id']),
    model: outputs.map((entry) => text(entry['model'])).findLast((model) => model !== undefined),
    finishReasons: ended === undefined ? undefined : [ended],
    toolCalls: listed(outputs.map(toolCall)),
  });
  return responseFacts(facts, openaiUsage(body['usage']), errorFacts(body));
}

/** Search results stand between the pieces of a text. */
const isSource = (part: unknown): boolean => fields(part)['type'] === 'tool_reference';

function entryParts(entry: Fields): MessagePart[] {
  const { type, content, name } = entry;
  switch (type) {
    case 'function.call':
      return [toolCallPart(entry['tool_call_id'], name, entry['arguments'])];
    case 'tool.execution': {
      const { info, ...call } = entry;
      const came = info === undefined ? [] : [serverResponsePart(entry['id'], { type, info })];
      return [serverCallPart(entry['id'], text(name) ?? 'tool', call), ...came];
    }
    case 'function.result':
      return [toolResponsePart(entry['tool_call_id'], entry['result'])];
    case 'agent.handoff':
      return genericPart(entry);
    default:
      return contentParts(Array.isArray(content) ? content.filter((part) => !isSource(part)) : content);
  }
}

function entryMessage(value: unknown): InputMessage {
  const entry = fields(value);
  const otherwise = entry['type'] === 'function.result' ? 'tool' : isAnswer(entry) || toolCall(entry) ? 'assistant' : 'user';
  return { role: roleOf(entry['role'], otherwise), parts: entryParts(entry) };
}

function input(given: unknown): InputContent {
  const body = fields(wireForm(given));
  const inputs = body['inputs'];
  const messages: InputMessage[] =
    typeof inputs === 'string' ? [{ role: 'user', parts: textPart(inputs) }] : items(inputs).map(entryMessage);
  return {
    ...present({ system: some(textPart(body['instructions'])), input: some(messages) }),
    ...chatInput({ tools: body['tools'] }),
  };
}

/** All entries in their order, as one message. */
function output(given: unknown): OutputMessage[] {
  const body = wireAnswer(given);
  const outputs = items(body['outputs']).map(fields);
  if (outputs.length === 0) return [];
  return [
    {
      role: 'assistant',
      parts: outputs.flatMap(entryParts),
      finish_reason: finishReason(reason(body, outputs) ?? 'error'),
    },
  ];
}

/** `POST /v1/conversations`, and the two that go on with one or begin it anew from an entry. */
export const mistralConversations = defineOperation({
  operation: 'chat',
  api: 'mistral_conversations',
  request,
  folder: () => new ConversationFolder(),
  response,
  input,
  output,
});
