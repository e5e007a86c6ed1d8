/**
 * Calls of LangChain's chat and text models, as LangChain itself knows them. Read where no SDK that we patch makes the call: models in process, in tests, or of providers that are asked
 * over plain HTTP. What LangChain calls input tokens includes cached ones, as ours does.
 */
import { finishReason, type InputMessage, type OutputMessage } from '../../events/content.ts';
import type { LlmRequest, LlmResponse, ToolCallFacts, Usage } from '../../events/model.ts';
import type { InputContent, ResponseFacts } from '../contract.ts';
import { count, fields, items, present, presentOrNone, some, text, word, type Fields } from '../fields.ts';
import { messageParts, plainMessage, plainMessages, roleOfMessage } from './langchain-messages.ts';
import { LangChainFolder } from './langchain-stream.ts';
import { added, commonRequest, listed, responseFacts, toolName } from '../openai/openai-facts.ts';
import { defineOperation } from '../operation.ts';
import { textPart, toolDefinition } from '../parts.ts';

function request(given: unknown): LlmRequest {
  const body = fields(given);
  const messages = Array.isArray(body['messages']) ? body['messages'].map(plainMessage) : undefined;
  const results = added(messages ?? [], ({ type }) => type === 'ai').filter(({ type }) => type === 'tool');
  return {
    ...commonRequest(body),
    ...present({
      maxTokens: count(body['max_tokens']),
      messageCount: messages?.length,
      tools: listed(items(body['tools']).map(toolName)),
      toolResults: listed(results.map((message) => text(message['tool_call_id']))),
    }),
  };
}

/** Every answer of a result, in order; several prompts of one call have theirs one after another. */
function generationsOf(body: Fields): Fields[] {
  return items(body['generations']).flatMap((list) => (Array.isArray(list) ? list : [list]).map(fields));
}

interface Answer {
  message: Fields;
  metadata: Fields;
}

/** The message of each answer, and what its provider said beside it. The answer of a text model has no message. */
function answersOf(body: Fields): Answer[] {
  return generationsOf(body).map((generation) => {
    const message = generation['message'] === undefined ? {} : plainMessage(generation['message']);
    return { message, metadata: { ...fields(generation['generationInfo']), ...fields(message['response_metadata']) } };
  });
}

function reasonOf({ metadata }: Answer): string | undefined {
  const given = ['finish_reason', 'stop_reason', 'finishReason', 'stopReason', 'done_reason'].map((name) => word(metadata[name]));
  return given.find((reason) => reason !== undefined);
}

function usageOf(body: Fields, answers: readonly Answer[]): Usage | undefined {
  const usage = answers.length === 1 ? fields(answers[0]?.message['usage_metadata']) : {};
  const inputs = fields(usage['input_token_details']);
  const outputs = fields(usage['output_token_details']);
  const said = presentOrNone({
    input: count(usage['input_tokens']),
    output: count(usage['output_tokens']),
    cacheRead: count(inputs['cache_read']),
    cacheWrite: count(inputs['cache_creation']),
    reasoning: count(outputs['reasoning']),
    audioInput: count(inputs['audio']),
    audioOutput: count(outputs['audio']),
  });
  if (said !== undefined) return said;
  const output = fields(body['llmOutput']);
  const totals = fields(output['tokenUsage'] ?? output['estimatedTokenUsage']);
  return presentOrNone({ input: count(totals['promptTokens']), output: count(totals['completionTokens']) });
}

/** An id that the provider gave; LangChain makes up `run-...` where there is none. */
function idOf(message: Fields): string | undefined {
  const id = text(message['id']);
  return id === undefined || /^(lc_)?run-/.test(id) ? undefined : id;
}

function toolCallsOf(answers: readonly Answer[]): ToolCallFacts[] {
  return answers.flatMap(({ message }) =>
    items(message['tool_calls']).map((call) => ({
      ...present({ id: text(fields(call)['id']) }),
      name: text(fields(call)['name']) ?? '',
    })),
  );
}

function response(given: unknown): ResponseFacts {
  const body = fields(given);
  const answers = answersOf(body);
  const first: Answer = answers[0] ?? { message: {}, metadata: {} };
  const model = ['model_name', 'model', 'modelId', 'model_id'].map((name) => text(first.metadata[name]));
  const reasons = answers.map(reasonOf);
  const facts: LlmResponse = present({
    id: idOf(first.message) ?? text(first.metadata['id']),
    model: model.find((name) => name !== undefined),
    finishReasons: reasons.some((reason) => reason !== undefined) ? reasons.map((reason) => reason ?? 'error') : undefined,
    toolCalls: listed(toolCallsOf(answers)),
    systemFingerprint: word(first.metadata['system_fingerprint']),
  });
  return responseFacts(facts, usageOf(body, answers), undefined);
}

function inputMessage(message: Fields): InputMessage {
  return { role: roleOfMessage(message), parts: messageParts(message), ...present({ name: text(message['name']) }) };
}

function definition(tool: unknown): ReturnType<typeof toolDefinition> {
  const given = fields(tool);
  const inner = given['function'] === undefined ? given : fields(given['function']);
  const parameters = inner['parameters'] ?? inner['input_schema'];
  return toolDefinition(given['type'], toolName(tool), { description: inner['description'], parameters });
}

function input(given: unknown): InputContent {
  const body = fields(given);
  const prompts = items(body['prompts']).map((prompt) => ({ role: 'user', parts: textPart(prompt) }));
  const messages = plainMessages(body['messages']).map(inputMessage);
  return present({ input: some([...messages, ...prompts]), tools: some(items(body['tools']).map(definition)) });
}

function output(given: unknown): OutputMessage[] {
  const body = fields(given);
  const answers = answersOf(body);
  return generationsOf(body).map((generation, at) => {
    const { message } = answers[at]!;
    const parts = generation['message'] === undefined ? textPart(generation['text']) : messageParts(message);
    return { role: 'assistant', parts, finish_reason: finishReason(reasonOf(answers[at]!) ?? 'stop') };
  });
}

const decoders = { api: 'langchain', request, folder: () => new LangChainFolder(), response, input, output };

/** One call of a chat model. */
export const langchainChat = defineOperation({ operation: 'chat', ...decoders });

/** One call of a text model, which may have several prompts. */
export const langchainCompletion = defineOperation({ operation: 'text_completion', ...decoders });
