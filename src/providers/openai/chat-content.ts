/** What a chat completion said, as messages of the conventions. */
import {
  finishReason,
  type InputMessage,
  type MessagePart,
  type OutputMessage,
  type ToolDefinition,
} from '../../events/content.ts';
import type { InputContent } from '../contract.ts';
import { asText, fields, items, present, some, text, type Fields } from '../fields.ts';
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

/** A media member is an object with a URL in it, or, in some dialects, the URL itself. */
const urlIn = (value: unknown): unknown => (typeof value === 'string' ? value : fields(value)['url']);

function contentPart(part: unknown): MessagePart[] {
  const given = fields(part);
  switch (given['type']) {
    case 'text':
    case 'input_text':
    case 'output_text':
      return textPart(given['text']);
    case 'refusal':
      return textPart(given['refusal']);
    case 'thinking':
      return reasoningPart(
        Array.isArray(given['thinking']) ? given['thinking'].map((t) => asText(fields(t)['text'])).join('') : given['thinking'],
      );
    case 'image_url':
      return urlPart('image', urlIn(given['image_url']));
    case 'video_url':
      return urlPart('video', urlIn(given['video_url']));
    case 'audio_url':
      return urlPart('audio', urlIn(given['audio_url']));
    case 'document_url':
      return urlPart('document', urlIn(given['document_url']));
    case 'input_audio': {
      // Mistral's is the data itself, or a URL of it.
      if (typeof given['input_audio'] === 'string') return audioText(given['input_audio']);
      const audio = fields(given['input_audio']);
      return blobPart('audio', audio['data'], `audio/${text(audio['format']) ?? 'wav'}`);
    }
    case 'file':
      return [
        ...fileDataPart(fields(given['file'])['file_data']),
        ...filePart('document', fields(given['file'])['file_id'] ?? given['file_id']),
      ];
    default:
      return genericPart(part);
  }
}

const audioText = (audio: string): MessagePart[] =>
  /^(https?|data):/.test(audio.slice(0, 8)) ? urlPart('audio', audio) : blobPart('audio', audio);

/** Content as a text or as a list of parts. */
export function contentParts(content: unknown): MessagePart[] {
  return Array.isArray(content) ? content.flatMap(contentPart) : textPart(content);
}

const PADDING = /=+(?=[^=])/;

/** Streamed audio is a row of base64 texts, each with a padding of its own: joined here to one. */
function joinBase64(data: string): string {
  if (!PADDING.test(data)) return data;
  return Buffer.concat((data.match(/[^=]+=*/g) ?? []).map((piece) => Buffer.from(piece, 'base64'))).toString('base64');
}

/** An answer's audio has data and a transcript; a request refers to an earlier answer's by its id. */
function audioParts(value: unknown): MessagePart[] {
  const audio = fields(value);
  const data = text(audio['data']);
  if (data === undefined && audio['transcript'] === undefined) return filePart('audio', audio['id']);
  return [...(data === undefined ? [] : blobPart('audio', joinBase64(data))), ...textPart(audio['transcript'])];
}

/** A tool that Groq ran itself: its call, and what came of it, where it came to that. */
function executedParts(value: unknown): MessagePart[] {
  const { index: _, output, ...call } = fields(value);
  const name = text(call['type']) ?? '';
  const response = output === undefined || output === null ? [] : [serverResponsePart(undefined, { type: name, output })];
  return [serverCallPart(undefined, name, call), ...response];
}

/** Everything an assistant's message says, in the order in which a model says it. */
function assistantParts(message: Fields): MessagePart[] {
  const calls = items(message['tool_calls']).map((call) => {
    const inner = fields(fields(call)['function'] ?? fields(call)['custom']);
    return toolCallPart(fields(call)['id'], toolName(call), inner['arguments'] ?? inner['input']);
  });
  const old = message['function_call'] ? fields(message['function_call']) : undefined;
  return [
    ...reasoningPart(text(message['reasoning_content']) ?? message['reasoning']),
    ...items(message['executed_tools']).flatMap(executedParts),
    ...contentParts(message['content']),
    ...textPart(message['refusal']),
    ...(message['audio'] ? audioParts(message['audio']) : []),
    ...items(message['images']).flatMap(contentPart),
    ...calls,
    ...(old ? [toolCallPart(undefined, old['name'], old['arguments'])] : []),
  ];
}

function inputMessage(value: unknown): InputMessage {
  const message = fields(value);
  const role = roleOf(message['role'], 'user');
  const name = present({ name: text(message['name']) });
  if (role !== 'tool') return { role, parts: assistantParts(message), ...name };
  const content = message['content'];
  return {
    role,
    parts: [toolResponsePart(message['tool_call_id'], Array.isArray(content) ? contentParts(content) : content)],
    ...name,
  };
}

function definition(value: unknown): ToolDefinition {
  const tool = fields(value);
  const inner = tool['function'] ?? tool['custom'];
  const given = inner === undefined ? tool : fields(inner);
  return toolDefinition(tool['type'], toolName(tool), given);
}

/** What the request said. */
export function chatInput(value: unknown): InputContent {
  const body = fields(value);
  const tools = [...items(body['tools']), ...items(body['functions'])].map(definition);
  return present({ input: some(items(body['messages']).map(inputMessage)), tools: some(tools) });
}

/** What the answer said, one message a choice. */
export function chatOutput(value: unknown): OutputMessage[] {
  return items(fields(value)['choices']).map((given) => {
    const choice = fields(given);
    const message = fields(choice['message']);
    return {
      role: roleOf(message['role'], 'assistant'),
      parts: assistantParts(message),
      finish_reason: finishReason(text(choice['finish_reason']) ?? 'error'),
    };
  });
}
