/** What a generation span of the OpenAI Agents SDK says of a call of a model, for models that no SDK below it calls. */
import type { InputMessage } from '../../events/content.ts';
import type { LlmRequest, Usage } from '../../events/model.ts';
import { chatInput, chatOutput } from '../openai/chat-content.ts';
import type { InputContent, Operation, ResponseFacts } from '../contract.ts';
import { chatCompletions } from '../openai/chat-completions.ts';
import { count, fields, items, number, present, presentOrNone, some, text, word, type Fields } from '../fields.ts';
import { listed, openaiUsage, responseFacts } from '../openai/openai-facts.ts';
import { defineOperation } from '../operation.ts';
import { roleOf, textPart } from '../parts.ts';

function request(given: unknown): LlmRequest {
  const data = fields(given);
  const settings = fields(data['model_config']);
  return present({
    model: text(data['model']),
    temperature: number(settings['temperature']),
    topP: number(settings['top_p']),
    frequencyPenalty: number(settings['frequency_penalty']),
    presencePenalty: number(settings['presence_penalty']),
    reasoningLevel: word(settings['reasoning_effort']),
    messageCount: items(data['input']).length || undefined,
  });
}

/** Tokens as the span has them: in the SDK's words, with its parts under `details`. */
function usageOf(given: unknown): Usage | undefined {
  const usage = fields(given);
  const details = fields(usage['details']);
  return presentOrNone({
    ...openaiUsage({ ...details, ...usage }),
    ...present({ cacheRead: count(usage['cached_input_tokens']) || undefined }),
    ...present({ cacheWrite: count(usage['cache_write_input_tokens']) || undefined }),
  });
}

/** The answer of a chat completion, where the span holds one whole. */
function completion(data: Fields): Fields | undefined {
  const first = fields(items(data['output'])[0]);
  return Array.isArray(first['choices']) ? first : undefined;
}

function response(given: unknown): ResponseFacts {
  const data = fields(given);
  const usage = usageOf(data['usage']);
  const whole = completion(data);
  if (whole !== undefined) {
    const facts = chatCompletions.response(whole);
    return usage === undefined ? facts : { ...facts, usage };
  }
  const calls = items(data['output'])
    .map(fields)
    .filter(({ type }) => type === 'function_call' || type === 'tool-call')
    .map((call) => ({
      ...present({ id: text(call['callId'] ?? call['call_id'] ?? call['toolCallId']) }),
      name: text(call['name'] ?? call['toolName']) ?? '',
    }));
  return responseFacts(present({ toolCalls: listed(calls) }), usage, undefined);
}

function input(given: unknown): InputContent {
  return chatInput({ messages: fields(given)['input'] });
}

function output(given: unknown): ReturnType<Operation['output']> {
  const data = fields(given);
  const whole = completion(data);
  if (whole !== undefined) return chatOutput(whole);
  const messages = items(data['output']).flatMap((one): InputMessage[] => {
    const { content } = fields(one);
    const parts =
      typeof content === 'string' ? textPart(content) : items(content).flatMap((part) => textPart(fields(part)['text']));
    return parts.length === 0 ? [] : [{ role: roleOf(fields(one)['role'], 'assistant'), parts }];
  });
  return some(messages)?.map((message) => ({ ...message, finish_reason: 'stop' })) ?? [];
}

/** A model's answer that only a generation span tells of. */
export const agentsGeneration = defineOperation({ operation: 'chat', api: 'openai_agents', request, response, input, output });
