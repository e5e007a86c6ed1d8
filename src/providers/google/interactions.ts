/** Gemini's interactions API. */
import type { ErrorFacts, LlmRequest, ToolCallFacts } from '../../events/model.ts';
import type { ResponseFacts } from '../contract.ts';
import { count, fields, flag, items, number, present, text, word, type Fields } from '../fields.ts';
import { geminiError, geminiModel, interactionUsage } from './gemini-facts.ts';
import { interactionInput, interactionOutput, stepsOf } from './interactions-content.ts';
import { InteractionFolder } from './interactions-stream.ts';
import { added, listed, responseFacts } from '../openai/openai-facts.ts';
import { defineOperation } from '../operation.ts';

function outputType(body: Fields): string | undefined {
  const formats = (Array.isArray(body['response_format']) ? body['response_format'] : [body['response_format']]).map(fields);
  const modalities = [...items(body['response_modalities']), ...formats.map(({ type }) => type)];
  if (modalities.includes('image')) return 'image';
  if (modalities.includes('audio')) return 'speech';
  const mimeType = body['response_mime_type'] ?? formats.map((format) => format['mime_type']).find((one) => one !== undefined);
  // The first version took the bare schema, with a `type` of its own.
  const schema = formats.some((format) => format['schema'] !== undefined || format['properties'] !== undefined);
  return mimeType === 'application/json' || schema ? 'json' : undefined;
}

const isAnswer = (step: Fields): boolean =>
  step['role'] === 'model' || /^(?:model_output|thought|function_call)$/.test(text(step['type']) ?? '');

const toolName = (value: unknown): string | undefined => text(fields(value)['name']) ?? text(fields(value)['type']);

/** A step, or what a turn holds: the first version took the conversation as turns, with a role each. */
const stepsIn = (given: Fields): Fields[] => (given['type'] === undefined ? items(given['content']).map(fields) : [given]);

/** An agent of Google's may be asked in the place of a model. */
function request(given: unknown): LlmRequest {
  const body = fields(given);
  const config = fields(body['generation_config']);
  const input = Array.isArray(body['input']) ? body['input'] : [body['input']];
  const results = added(input, isAnswer)
    .flatMap(stepsIn)
    .filter((step) => step['type'] === 'function_result');
  return present({
    model: geminiModel(body['model'] ?? body['agent']),
    stream: flag(body['stream']),
    maxTokens: count(config['max_output_tokens']),
    temperature: number(config['temperature']),
    topP: number(config['top_p']),
    seed: number(config['seed']),
    reasoningLevel: word(config['thinking_level'])?.toLowerCase(),
    outputType: outputType(body),
    serviceTier: word(body['service_tier']),
    previousResponseId: text(body['previous_interaction_id']),
    messageCount: body['input'] === undefined ? undefined : input.length,
    tools: listed(items(body['tools']).map(toolName)),
    toolResults: listed(results.map((step) => text(step['call_id']))),
  });
}

function toolCall(step: Fields): ToolCallFacts | undefined {
  if (step['type'] !== 'function_call' && step['type'] !== 'mcp_server_tool_call') return undefined;
  return { ...present({ id: text(step['id']) }), name: text(step['name']) ?? '' };
}

/** An error of the answer, or, of an interaction that failed, that it did. */
function errorOf(body: Fields): ErrorFacts | undefined {
  const error = geminiError(body) ?? geminiError({ error: items(body['errors'])[0] });
  return error ?? (body['status'] === 'failed' ? { type: 'failed' } : undefined);
}

function response(given: unknown): ResponseFacts {
  const body = fields(given);
  const status = word(body['status']);
  const facts = present({
    id: text(body['id']),
    model: geminiModel(body['model'] ?? body['agent']),
    status,
    finishReasons: status === undefined || status === 'in_progress' || status === 'queued' ? undefined : [status],
    toolCalls: listed(stepsOf(body).map(toolCall)),
    serviceTier: word(body['service_tier']),
  });
  return responseFacts(facts, interactionUsage(body['usage']), errorOf(body));
}

/** `POST /interactions`. */
export const interactions = defineOperation({
  operation: 'generate_content',
  api: 'interactions',
  request,
  folder: () => new InteractionFolder(),
  response,
  input: interactionInput,
  output: interactionOutput,
});
