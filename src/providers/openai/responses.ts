/** OpenAI's Responses API, and those who speak it. */
import type { OutputMessage } from '../../events/content.ts';
import type { ErrorFacts, LlmRequest, LlmResponse, ToolCallFacts } from '../../events/model.ts';
import type { ResponseFacts } from '../contract.ts';
import { count, fields, items, present, text, word, type Fields } from '../fields.ts';
import {
  added,
  commonRequest,
  commonResponse,
  errorFacts,
  formatOutput,
  isAssistant,
  listed,
  openaiUsage,
  responseFacts,
  toolName,
} from './openai-facts.ts';
import { defineOperation } from '../operation.ts';
import { responsesInput, responsesOutput } from './responses-content.ts';
import { ResponsesFolder } from './responses-stream.ts';
import { saidCost } from '../said-cost.ts';

/** Items of an input that are the app's answers to calls: `function_call_output`, `computer_call_output`, ... */
const isResult = (item: Fields): boolean => typeof item['type'] === 'string' && item['type'].endsWith('_call_output');

function request(given: unknown): LlmRequest {
  const body = fields(given);
  const input = body['input'];
  // Some apps put each result behind its call: a call alone does not tell that the ones before it were answered earlier.
  const results = added(items(input), (item) => isAssistant(item) || item['type'] === 'reasoning').filter(isResult);
  return {
    ...commonRequest(body),
    ...present({
      maxTokens: count(body['max_output_tokens']),
      reasoningLevel: word(fields(body['reasoning'])['effort']),
      outputType: formatOutput(fields(body['text'])['format']),
      previousResponseId: text(body['previous_response_id']),
      messageCount: typeof input === 'string' ? 1 : Array.isArray(input) ? input.length : undefined,
      tools: listed(items(body['tools']).map(toolName)),
      toolResults: listed(results.map((item) => text(item['call_id']))),
    }),
  };
}

/** Calls that wait for the app to answer them. */
const APP_CALLS = new Set(['function_call', 'custom_tool_call', 'computer_call', 'local_shell_call', 'apply_patch_call']);

function toolCall(item: Fields): ToolCallFacts | undefined {
  const type = text(item['type']);
  if (type === undefined || !type.endsWith('_call')) return undefined;
  return { ...present({ id: text(item['call_id']) ?? text(item['id']) }), name: text(item['name']) ?? type };
}

/**
 * Why the answer ended, in the API's own words: what made it incomplete, the kind of item that waits for the app, or the status. Nothing while
 * the answer is still being made.
 */
function reason(body: Fields, output: readonly Fields[]): string | undefined {
  const status = word(body['status']);
  if (body['object'] === 'response.compaction') return 'compaction';
  if (status === undefined || status === 'queued' || status === 'in_progress') return undefined;
  if (status !== 'completed') return word(fields(body['incomplete_details'])['reason']) ?? status;
  return output.some((item) => APP_CALLS.has(item['type'] as string)) ? 'function_call' : status;
}

function error(body: Fields): ErrorFacts | undefined {
  return errorFacts(body) ?? (body['status'] === 'failed' ? { type: 'failed' } : undefined);
}

function response(given: unknown): ResponseFacts {
  const body = fields(given);
  const output = items(body['output']).map(fields);
  const ended = reason(body, output);
  const facts: LlmResponse = {
    ...commonResponse(body),
    ...present({
      finishReasons: ended === undefined ? undefined : [ended],
      status: word(body['status']),
      toolCalls: listed(output.map(toolCall)),
    }),
  };
  return { ...responseFacts(facts, openaiUsage(body['usage']), error(body)), ...saidCost(body['usage']) };
}

function output(given: unknown): OutputMessage[] {
  const body = fields(given);
  return responsesOutput(body, reason(body, items(body['output']).map(fields)));
}

const decoders = { api: 'responses', request, folder: () => new ResponsesFolder(), response, input: responsesInput, output };

/** `POST /responses`. */
export const responses = defineOperation({ ...decoders, operation: 'chat' });

/** `POST /responses/compact`: the answer holds the items that stand for the conversation from now on. It does not stream. */
export const compact = defineOperation({ operation: 'chat', api: 'responses', request, response, input: responsesInput, output });

/**
 * `GET /responses/{id}`: an answer that was made before, whole or as the rest of its stream. Its tokens and their cost belong to the call that made it, so they
 * are not counted again.
 */
export const fetchResponse = defineOperation({
  ...decoders,
  operation: 'fetch_response',
  request: (body) => present({ stream: fields(body)['stream'] === true || undefined }),
  response: (body) => {
    const { usage: _, costUsd: __, ...facts } = response(body);
    return facts;
  },
  input: () => ({}),
});

/** `POST /responses/input_tokens`. The answer is a count of what a call would take, not of tokens that were billed: it is no usage. */
export const inputTokens = defineOperation({
  operation: 'count_tokens',
  api: 'responses_input_tokens',
  request,
  response: (body) => responseFacts({}, undefined, error(fields(body))),
  input: responsesInput,
});
