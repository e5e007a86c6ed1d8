/** `POST /api/chat` of Ollama. */
import { finishReason, type InputMessage, type MessagePart, type OutputMessage } from '../../events/content.ts';
import type { LlmRequest } from '../../events/model.ts';
import type { InputContent, ResponseFacts } from '../contract.ts';
import { copy, fields, items, present, some, text, type Fields } from '../fields.ts';
import { endOf, ollamaRequest, ollamaResponse, ollamaUsage } from './ollama-facts.ts';
import { added, errorFacts, isAssistant, listed, responseFacts, toolName } from '../openai/openai-facts.ts';
import { defineOperation, type ChunkFolder } from '../operation.ts';
import { blobPart, reasoningPart, roleOf, textPart, toolCallPart, toolDefinition, toolResponsePart } from '../parts.ts';

/** More calls than any model makes; what a broken stream sends beyond is left out. */
const CALLS_MAX = 512;

/** Text and thinking come in fragments, tool calls come whole; the last chunk brings the totals. */
class OllamaChatFolder implements ChunkFolder {
  #rest: Fields = {};
  #role = 'assistant';
  #content = '';
  #thinking = '';
  #seen = false;
  readonly #calls: unknown[] = [];

  push(chunk: any): void {
    if (typeof chunk !== 'object' || chunk === null) return;
    const message = chunk.message;
    if (typeof message === 'object' && message !== null) this.#add(message);
    if (chunk.done === true || chunk.error) {
      const { message: _, ...rest } = chunk as Fields;
      this.#rest = copy(rest) as Fields;
    } else if (this.#rest['model'] === undefined && typeof chunk.model === 'string') this.#rest['model'] = chunk.model;
  }

  #add(message: any): void {
    this.#seen = true;
    if (typeof message.content === 'string') this.#content += message.content;
    if (typeof message.thinking === 'string') this.#thinking += message.thinking;
    if (typeof message.role === 'string' && message.role !== '') this.#role = message.role;
    for (const call of items(message.tool_calls)) if (this.#calls.length < CALLS_MAX) this.#calls.push(copy(call));
  }

  body(): Fields {
    if (!this.#seen) return this.#rest;
    const message: Fields = { role: this.#role, content: this.#content };
    if (this.#thinking !== '') message['thinking'] = this.#thinking;
    if (this.#calls.length > 0) message['tool_calls'] = this.#calls;
    return { ...this.#rest, message };
  }

  closed(): boolean {
    return this.#rest['done'] === true;
  }
}

function request(given: unknown): LlmRequest {
  const body = fields(given);
  const messages = items(body['messages']);
  const results = added(messages, isAssistant).filter((message) => message['role'] === 'tool');
  return {
    ...ollamaRequest(body),
    ...present({
      messageCount: Array.isArray(body['messages']) ? messages.length : undefined,
      tools: listed(items(body['tools']).map(toolName)),
      // Only newer servers give calls an id.
      toolResults: listed(results.map((message) => text(message['tool_call_id']))),
    }),
  };
}

function response(given: unknown): ResponseFacts {
  const body = fields(given);
  const calls = items(fields(body['message'])['tool_calls']).map((call) => ({
    ...present({ id: text(fields(call)['id']) }),
    name: toolName(call) ?? '',
  }));
  const facts = { ...ollamaResponse(body), ...present({ toolCalls: listed(calls) }) };
  return responseFacts(facts, ollamaUsage(body), errorFacts(body));
}

/** Images are base64 texts on the wire; the app may have given bytes, which the SDK then replaces in place. */
export function imageParts(images: unknown): MessagePart[] {
  return items(images).flatMap((image) =>
    blobPart('image', image instanceof Uint8Array ? Buffer.from(image).toString('base64') : image),
  );
}

function parts(message: Fields): MessagePart[] {
  const calls = items(message['tool_calls']).map((call) =>
    toolCallPart(fields(call)['id'], toolName(call), fields(fields(call)['function'])['arguments']),
  );
  return [...reasoningPart(message['thinking']), ...textPart(message['content']), ...imageParts(message['images']), ...calls];
}

function inputMessage(value: unknown): InputMessage {
  const message = fields(value);
  const role = roleOf(message['role'], 'user');
  if (role !== 'tool') return { role, parts: parts(message) };
  const name = text(message['tool_name']) ?? text(message['name']);
  return { role, parts: [toolResponsePart(message['tool_call_id'], message['content'])], ...present({ name }) };
}

function input(given: unknown): InputContent {
  const body = fields(given);
  const tools = items(body['tools']).map((tool) => {
    const inner = fields(fields(tool)['function']);
    return toolDefinition(fields(tool)['type'], toolName(tool), inner);
  });
  return present({ input: some(items(body['messages']).map(inputMessage)), tools: some(tools) });
}

function output(given: unknown): OutputMessage[] {
  const body = fields(given);
  if (body['message'] === undefined) return [];
  const message = fields(body['message']);
  return [{ role: roleOf(message['role'], 'assistant'), parts: parts(message), finish_reason: finishReason(endOf(body)) }];
}

/** A chat in Ollama's own API. */
export const ollamaChat = defineOperation({
  operation: 'chat',
  api: 'ollama_chat',
  request,
  folder: () => new OllamaChatFolder(),
  response,
  input,
  output,
});
