/** What a Responses call said, as messages of the conventions. */
import {
  finishReason,
  type InputMessage,
  type MessagePart,
  type OutputMessage,
  type ToolDefinition,
} from '../../events/content.ts';
import type { InputContent } from '../contract.ts';
import { fields, items, present, some, text, type Fields } from '../fields.ts';
import { toolName } from './openai-facts.ts';
import {
  blobPart,
  fileDataPart,
  filePart,
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

function contentPart(part: unknown): MessagePart[] {
  const given = fields(part);
  switch (given['type']) {
    case 'input_text':
    case 'output_text':
    case 'text':
    case 'summary_text':
      return textPart(given['text']);
    case 'reasoning_text':
      return reasoningPart(given['text']);
    case 'refusal':
      return textPart(given['refusal']);
    case 'input_image':
    case 'computer_screenshot':
      return [...urlPart('image', given['image_url']), ...filePart('image', given['file_id'])];
    case 'input_audio': {
      const audio = fields(given['input_audio']);
      return blobPart('audio', audio['data'], `audio/${text(audio['format']) ?? 'wav'}`);
    }
    case 'output_audio':
      return [...blobPart('audio', given['data']), ...textPart(given['transcript'])];
    case 'input_file':
      return [
        ...fileDataPart(given['file_data']),
        ...urlPart('document', given['file_url']),
        ...filePart('document', given['file_id']),
      ];
    default:
      return genericPart(part);
  }
}

function contentParts(content: unknown): MessagePart[] {
  return Array.isArray(content) ? content.flatMap(contentPart) : textPart(content);
}

/** Reasoning in full, where the server gives it, else its summary. */
function reasoningParts(item: Fields): MessagePart[] {
  const full = items(item['content']);
  const said = full.length > 0 ? full : items(item['summary']);
  return said.flatMap((part) => reasoningPart(fields(part)['text']));
}

const result = (output: unknown): unknown => (Array.isArray(output) ? contentParts(output) : output);

/** The role and the parts of one item of an input or an output. */
function itemMessage(item: Fields): { role: string; parts: MessagePart[] } {
  const type = text(item['type']);
  const assistant = (parts: MessagePart[]) => ({ role: 'assistant', parts });
  switch (type) {
    case undefined:
    case 'message':
      return { role: roleOf(item['role'], type === undefined ? 'user' : 'assistant'), parts: contentParts(item['content']) };
    case 'reasoning':
      return assistant(reasoningParts(item));
    case 'function_call':
    case 'custom_tool_call':
      return assistant([toolCallPart(item['call_id'] ?? item['id'], item['name'], item['arguments'] ?? item['input'])]);
    case 'computer_call':
    case 'local_shell_call':
    case 'apply_patch_call':
      return assistant([
        toolCallPart(item['call_id'] ?? item['id'], type, item['action'] ?? item['actions'] ?? item['operation']),
      ]);
    case 'compaction':
      return assistant([{ type: 'compaction', ...present({ id: text(item['id']), content: text(item['encrypted_content']) }) }]);
    case 'image_generation_call': {
      const image = text(item['result']);
      const { result: _, ...call } = item;
      return assistant([
        serverCallPart(item['id'], type, call),
        ...blobPart('image', image, `image/${text(item['output_format']) ?? 'png'}`),
      ]);
    }
    default:
      if (type.endsWith('_call_output'))
        return { role: 'tool', parts: [toolResponsePart(item['call_id'], result(item['output']))] };
      if (type.endsWith('_call')) return assistant([serverCallPart(item['id'], text(item['name']) ?? type, item)]);
      if (type.endsWith('_output')) return assistant([serverResponsePart(item['call_id'] ?? item['id'], item)]);
      return { role: roleOf(item['role'], type === 'item_reference' ? 'assistant' : 'user'), parts: genericPart(item) };
  }
}

function definition(value: unknown): ToolDefinition {
  const tool = fields(value);
  return toolDefinition(tool['type'], toolName(tool), tool);
}

/** What the request said. Consecutive items of one role that are no messages of their own (a reasoning and its calls) become one message. */
export function responsesInput(value: unknown): InputContent {
  const body = fields(value);
  const given = body['input'];
  const input: InputMessage[] = typeof given === 'string' ? [{ role: 'user', parts: textPart(given) }] : [];
  let open: InputMessage | null = null;
  for (const item of items(given).map(fields)) {
    const message = itemMessage(item);
    const whole = item['type'] === undefined || item['type'] === 'message';
    if (open !== null && !whole && open.role === message.role) open.parts.push(...message.parts);
    else input.push(message);
    open = whole && message.role !== 'assistant' ? null : (input.at(-1) ?? null);
  }
  const system = Array.isArray(body['instructions'])
    ? body['instructions'].flatMap((item) => itemMessage(fields(item)).parts)
    : textPart(body['instructions']);
  return present({ system: some(system), input: some(input), tools: some(items(body['tools']).map(definition)) });
}

/** What the answer said: all its items in order, as one message. `reason`: the one that the facts give. */
export function responsesOutput(value: unknown, reason: string | undefined): OutputMessage[] {
  const parts = items(fields(value)['output']).flatMap((item) => itemMessage(fields(item)).parts);
  if (parts.length === 0 && reason === undefined) return [];
  return [{ role: 'assistant', parts, finish_reason: finishReason(reason ?? 'error') }];
}
