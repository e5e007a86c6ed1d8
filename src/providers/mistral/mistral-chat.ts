/** Mistral's chat completions, and the two APIs that answer alike: agents and fill-in-the-middle. */
import type { LlmRequest } from '../../events/model.ts';
import { chatCompletions } from '../openai/chat-completions.ts';
import { chatInput, chatOutput } from '../openai/chat-content.ts';
import { ChatFolder } from '../openai/chat-stream.ts';
import type { InputContent } from '../contract.ts';
import { count, fields, items, number, present, text, word, type Fields } from '../fields.ts';
import { eventData, wireAnswer, wireForm, wireMembers } from './mistral-wire.ts';
import { added, commonRequest, formatOutput, isAssistant, listed, toolName } from '../openai/openai-facts.ts';
import { defineOperation, type ChunkFolder } from '../operation.ts';
import { genericPart, textPart } from '../parts.ts';

/** What may be said of sampling; `body` has the members of the wire. */
export function samplingFacts(body: Fields): LlmRequest {
  return {
    ...commonRequest(body),
    ...present({
      seed: number(body['random_seed']) ?? number(body['seed']),
      maxTokens: count(body['max_tokens']),
      reasoningLevel: word(body['reasoning_effort']),
      outputType: formatOutput(body['response_format']),
    }),
  };
}

function request(given: unknown): LlmRequest {
  const body = wireMembers(given);
  const messages = items(body['messages']);
  const results = added(messages, isAssistant).filter((message) => message['role'] === 'tool');
  return {
    ...samplingFacts(body),
    ...present({
      messageCount: Array.isArray(body['messages']) ? messages.length : undefined,
      tools: listed(items(body['tools']).map(toolName)),
      toolResults: listed(results.map((message) => text(message['tool_call_id'] ?? message['toolCallId']))),
    }),
  };
}

/** Chunks that say no more than a piece of text read alike in both forms, and are folded as they are. */
class MistralChatFolder implements ChunkFolder {
  readonly #folder = new ChatFolder();

  push(event: unknown): void {
    const chunk = eventData(event);
    this.#folder.push(saysMore(chunk) ? wireAnswer(chunk) : chunk);
  }

  body(): Fields {
    return this.#folder.body();
  }

  closed(): boolean {
    return this.#folder.closed();
  }
}

function saysMore(chunk: any): boolean {
  if (typeof chunk !== 'object' || chunk === null) return false;
  if (chunk.usage || chunk.object === 'error') return true;
  const choices = chunk.choices;
  if (!Array.isArray(choices)) return false;
  for (let i = 0; i < choices.length; i++) if (choices[i]?.finishReason || choices[i]?.delta?.toolCalls) return true;
  return false;
}

const decoders = {
  request,
  folder: () => new MistralChatFolder(),
  response: (body: unknown) => chatCompletions.response(wireAnswer(body)),
  input: (body: unknown) => chatInput(wireForm(body)),
  output: (body: unknown) => chatOutput(wireAnswer(body)),
};

/** `POST /v1/chat/completions`. */
export const mistralChat = defineOperation({ ...decoders, operation: 'chat', api: 'mistral_chat' });

/** `POST /v1/agents/completions`: the agent, not the request, says which model. */
export const mistralAgents = defineOperation({ ...decoders, operation: 'chat', api: 'mistral_agents' });

/** The text before the gap and the one after it. */
function fimInput(given: unknown): InputContent {
  const { prompt, suffix } = fields(given);
  const after = text(suffix) === undefined ? [] : genericPart({ type: 'suffix', text: suffix });
  const parts = [...textPart(prompt), ...after];
  return parts.length > 0 ? { input: [{ role: 'user', parts }] } : {};
}

/** `POST /v1/fim/completions`. */
export const mistralFim = defineOperation({
  ...decoders,
  operation: 'text_completion',
  api: 'mistral_fim',
  input: fimInput,
});
