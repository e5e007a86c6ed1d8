/** `POST /v2/chat` of Cohere. */
import { finishReason, type InputMessage, type MessagePart, type OutputMessage } from '../../events/content.ts';
import type { LlmRequest } from '../../events/model.ts';
import { CohereChatFolder } from './cohere-chat-stream.ts';
import { cohereRequest, cohereUsage, documentPart, errorOf, listPart, member, reasonOf, toolCallsOf } from './cohere-facts.ts';
import type { InputContent, ResponseFacts } from '../contract.ts';
import { fields, items, present, some, text, type Fields } from '../fields.ts';
import { added, isAssistant, listed, responseFacts, toolName } from '../openai/openai-facts.ts';
import { defineOperation } from '../operation.ts';
import {
  genericPart,
  reasoningPart,
  roleOf,
  textPart,
  toolCallPart,
  toolDefinition,
  toolResponsePart,
  urlPart,
} from '../parts.ts';

function request(given: unknown): LlmRequest {
  const body = fields(given);
  const messages = items(body['messages']);
  const results = added(messages, isAssistant).filter((message) => message['role'] === 'tool');
  return {
    ...cohereRequest(body),
    ...present({
      reasoningLevel: fields(body['thinking'])['type'] === 'disabled' ? 'none' : undefined,
      messageCount: Array.isArray(body['messages']) ? messages.length : undefined,
      tools: listed(items(body['tools']).map(toolName)),
      toolResults: listed(results.map((message) => text(member(message, 'tool_call_id')))),
    }),
  };
}

/** The answer does not name the model. */
function response(given: unknown): ResponseFacts {
  const body = fields(given);
  const reason = reasonOf(body);
  const facts = present({
    id: text(body['id']),
    finishReasons: reason === undefined ? undefined : [reason],
    toolCalls: listed(toolCallsOf(member(fields(body['message']), 'tool_calls'))),
  });
  return responseFacts(facts, cohereUsage(body['usage']), errorOf(body));
}

function contentPart(value: unknown): MessagePart[] {
  const part = fields(value);
  switch (part['type']) {
    case 'text':
      return textPart(part['text']);
    case 'thinking':
      return reasoningPart(part['thinking']);
    case 'image_url': {
      const image = member(part, 'image_url');
      return urlPart('image', typeof image === 'string' ? image : fields(image)['url']);
    }
    default:
      return genericPart(value);
  }
}

/** What a message holds: a text, or a list of parts. */
export function cohereContent(content: unknown): MessagePart[] {
  return Array.isArray(content) ? content.flatMap(contentPart) : textPart(content);
}

/** Everything that a message of the model, the user or the system says. The plan for its tool calls is the model's reasoning. */
function parts(message: Fields): MessagePart[] {
  const calls = items(member(message, 'tool_calls')).map((value) => {
    const call = fields(value);
    return toolCallPart(call['id'], toolName(call), fields(call['function'])['arguments']);
  });
  return [
    ...reasoningPart(member(message, 'tool_plan')),
    ...cohereContent(message['content']),
    ...calls,
    ...listPart('citations', message['citations']),
  ];
}

function inputMessage(value: unknown): InputMessage {
  const message = fields(value);
  const role = roleOf(message['role'], 'user');
  if (role !== 'tool') return { role, parts: parts(message) };
  const { content } = message;
  const result = Array.isArray(content) ? cohereContent(content) : content;
  return { role, parts: [toolResponsePart(member(message, 'tool_call_id'), result)] };
}

/** Documents stand beside the messages; the user gave them. */
function input(given: unknown): InputContent {
  const body = fields(given);
  const documents = items(body['documents']).flatMap(documentPart);
  const messages = items(body['messages']).map(inputMessage);
  const tools = items(body['tools']).map((value) => {
    const tool = fields(value);
    return toolDefinition(tool['type'], toolName(tool), fields(tool['function']));
  });
  return present({
    input: some([...(documents.length > 0 ? [{ role: 'user', parts: documents }] : []), ...messages]),
    tools: some(tools),
  });
}

function output(given: unknown): OutputMessage[] {
  const body = fields(given);
  if (typeof body['message'] !== 'object' || body['message'] === null) return [];
  const message = fields(body['message']);
  const role = roleOf(message['role'], 'assistant');
  return [{ role, parts: parts(message), finish_reason: finishReason(reasonOf(body) ?? 'error') }];
}

/** A chat in version 2 of the API. */
export const cohereChat = defineOperation({
  operation: 'chat',
  api: 'cohere_chat',
  request,
  folder: () => new CohereChatFolder(),
  response,
  input,
  output,
});
