/** What an interaction with Gemini said, as messages of the conventions. */
import {
  finishReason,
  type InputMessage,
  type MessagePart,
  type OutputMessage,
  type ToolDefinition,
} from '../../events/content.ts';
import type { InputContent } from '../contract.ts';
import { asText, fields, items, present, some, text, word, type Fields } from '../fields.ts';
import {
  blobPart,
  genericPart,
  reasoningPart,
  roleOf,
  serverCallPart,
  serverResponsePart,
  textPart,
  toolCallPart,
  toolDefinition,
  toolResponsePart,
  urlPart,
} from '../parts.ts';

const MEDIA = new Set(['image', 'audio', 'video', 'document']);

/** Contents in a list, one content, or a text. */
function contentParts(value: unknown): MessagePart[] {
  if (Array.isArray(value)) return value.flatMap(contentPart);
  return typeof value === 'string' ? textPart(value) : contentPart(value);
}

/** A content of a message, or a step of the model's that is one by itself. */
function contentPart(value: unknown): MessagePart[] {
  const given = fields(value);
  const type = text(given['type']);
  if (type === undefined) return typeof value === 'string' ? textPart(value) : [];
  if (MEDIA.has(type)) return [...blobPart(type, given['data'], given['mime_type']), ...urlPart(type, given['uri'])];
  switch (type) {
    case 'text':
      return textPart(given['text']);
    case 'user_input':
    case 'model_output':
      return contentParts(given['content']);
    case 'thought':
      return reasoningPart(
        items(given['summary'])
          .map((one) => asText(fields(one)['text']))
          .join(''),
      );
    case 'function_call':
      return [toolCallPart(given['id'], given['name'], given['arguments'])];
    case 'function_result':
      return [toolResponsePart(given['call_id'], resultOf(given['result']))];
    default:
      if (type.endsWith('_call')) return [serverCallPart(given['id'], text(given['name']) ?? type.slice(0, -5), given)];
      if (type.endsWith('_result')) return [serverResponsePart(given['call_id'], given)];
      return genericPart(value);
  }
}

const resultOf = (result: unknown): unknown => (Array.isArray(result) ? contentParts(result) : result);

/** The steps of an interaction; before there were steps, its contents were called outputs. */
export function stepsOf(body: Fields): Fields[] {
  return items(body['steps'] ?? body['outputs']).map(fields);
}

/** Steps in a row of one role are one message. */
function messagesOf(steps: readonly Fields[], roleOfStep: (step: Fields) => string): InputMessage[] {
  const messages: InputMessage[] = [];
  for (const step of steps) {
    const role = roleOfStep(step);
    const parts = contentPart(step);
    const last = messages.at(-1);
    if (last?.role === role) last.parts.push(...parts);
    else if (parts.length > 0) messages.push({ role, parts });
  }
  return messages;
}

function inputRole(step: Fields): string {
  const type = text(step['type']) ?? '';
  if (type === 'function_result') return 'tool';
  return type === 'model_output' || type === 'thought' || /_(?:call|result)$/.test(type) ? 'assistant' : 'user';
}

/** Turns, as the first version had them, with a role each. */
const turn = (given: Fields): InputMessage => ({
  role: given['role'] === 'model' ? 'assistant' : roleOf(given['role'], 'user'),
  parts: contentParts(given['content']),
});

function inputMessages(value: unknown): InputMessage[] {
  if (typeof value === 'string') return [{ role: 'user', parts: textPart(value) }];
  const steps = (Array.isArray(value) ? value : [value]).map(fields);
  if (steps.every((step) => step['type'] === undefined && step['role'] !== undefined)) return steps.map(turn);
  return messagesOf(steps, inputRole);
}

function definition(value: unknown): ToolDefinition {
  const tool = fields(value);
  return toolDefinition(tool['type'], tool['name'], tool);
}

/** What the request said. */
export function interactionInput(value: unknown): InputContent {
  const body = fields(value);
  return present({
    system: some(textPart(body['system_instruction'])),
    input: body['input'] === undefined ? undefined : some(inputMessages(body['input'])),
    tools: some(items(body['tools']).map(definition)),
  });
}

/** What the model said, without what an interaction that is fetched again repeats of the app's. */
export function interactionOutput(value: unknown): OutputMessage[] {
  const body = fields(value);
  const said = stepsOf(body).filter((step) => step['type'] !== 'user_input' && step['type'] !== 'function_result');
  const parts = said.flatMap(contentPart);
  const status = word(body['status']);
  if (parts.length === 0 && status === undefined) return [];
  return [{ role: 'assistant', parts, finish_reason: finishReason(status ?? 'error') }];
}
