/** Bedrock's Converse API: one dialect for the models of all vendors. */
import type { LlmRequest, ToolCallFacts } from '../../events/model.ts';
import { awsError, converseUsage, modelName } from './bedrock-facts.ts';
import { converseInput, converseOutput } from './converse-content.ts';
import { ConverseFolder } from './converse-stream.ts';
import type { ResponseFacts } from '../contract.ts';
import { count, fields, flag, items, number, present, text, word, type Fields } from '../fields.ts';
import { added, formatOutput, isAssistant, listed, responseFacts } from '../openai/openai-facts.ts';
import { defineOperation } from '../operation.ts';

/** How much the model is to think: Converse's own word for it, or what a vendor's models take beside it. */
function reasoningLevel(body: Fields): string | undefined {
  const more = fields(body['additionalModelRequestFields']);
  const own = word(fields(body['outputConfig'])['effort']);
  const vendors =
    word(more['reasoning_effort']) ?? word(more['reasoning_config']) ?? word(fields(more['output_config'])['effort']);
  const off = [more['thinking'], more['reasoning_config']].some((config) => fields(config)['type'] === 'disabled');
  return own ?? vendors ?? word(fields(body['reasoningConfig'])['maxReasoningEffort']) ?? (off ? 'none' : undefined);
}

function toolName(tool: unknown): string | undefined {
  const { toolSpec, systemTool } = fields(tool);
  return text(fields(toolSpec ?? systemTool)['name']);
}

function resultIds(message: Fields): (string | undefined)[] {
  return items(message['content']).map((block) => text(fields(fields(block)['toolResult'])['toolUseId']));
}

function request(given: unknown): LlmRequest {
  const body = fields(given);
  const inference = fields(body['inferenceConfig']);
  const more = fields(body['additionalModelRequestFields']);
  const messages = items(body['messages']);
  return present({
    model: modelName(body['modelId'] ?? body['model']),
    stream: flag(body['stream']),
    maxTokens: count(inference['maxTokens']) ?? count(inference['max_new_tokens']),
    temperature: number(inference['temperature']),
    topP: number(inference['topP']) ?? number(inference['top_p']),
    topK: number(inference['topK']) ?? number(more['top_k']) ?? number(fields(more['inferenceConfig'])['topK']),
    serviceTier: word(fields(body['serviceTier'])['type']),
    reasoningLevel: reasoningLevel(body),
    outputType: formatOutput(fields(body['outputConfig'])['textFormat']),
    messageCount: Array.isArray(body['messages']) ? messages.length : undefined,
    tools: listed(items(fields(body['toolConfig'])['tools']).map(toolName)),
    toolResults: listed(added(messages, isAssistant).flatMap(resultIds)),
  });
}

function toolCall(value: unknown): ToolCallFacts | undefined {
  const { toolUse } = fields(value);
  if (toolUse === undefined) return undefined;
  const { toolUseId, name } = fields(toolUse);
  return { ...present({ id: text(toolUseId) }), name: text(name) ?? '' };
}

function response(given: unknown): ResponseFacts {
  const body = fields(given);
  const reason = word(body['stopReason']);
  const facts = present({
    // A prompt router chooses the model, and says which, where a trace was asked for.
    model: modelName(fields(fields(body['trace'])['promptRouter'])['invokedModelId']),
    finishReasons: reason === undefined ? undefined : [reason],
    toolCalls: listed(items(fields(fields(body['output'])['message'])['content']).map(toolCall)),
    serviceTier: word(fields(body['serviceTier'])['type']),
  });
  return responseFacts(facts, converseUsage(body['usage']), awsError(body));
}

/** `POST /model/{id}/converse` and `/converse-stream`. The wire has the model in the path; the SDK has it in the request. */
export const converse = defineOperation({
  operation: 'chat',
  api: 'converse',
  request,
  folder: () => new ConverseFolder(),
  response,
  input: converseInput,
  output: converseOutput,
});
