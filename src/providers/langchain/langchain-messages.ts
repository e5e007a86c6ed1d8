/** LangChain's messages: as the objects that an app holds, as the `lc` form that they are serialised to, and as what may be given in their place. */
import type { MessagePart } from '../../events/content.ts';
import { asText, fields, items, present, text, type Fields } from '../fields.ts';
import {
  blobPart,
  fileDataPart,
  filePart,
  genericPart,
  modalityOf,
  reasoningPart,
  roleOf,
  textPart,
  toolCallPart,
  toolResponsePart,
  urlPart,
} from '../parts.ts';

/** Members of a message that say something; the others repeat them, or are LangChain's own. */
const MEMBERS = ['content', 'name', 'id', 'tool_calls', 'tool_call_id', 'status', 'usage_metadata', 'response_metadata'] as const;

const TYPES: Readonly<Record<string, string>> = { user: 'human', assistant: 'ai', developer: 'system', function: 'tool' };

/** `HumanMessage`, `AIMessageChunk`: the last part of a class's id. */
function typeOfClass(id: unknown): string | undefined {
  const name = text(items(id).at(-1));
  return name?.replace(/Message(Chunk)?$/, '').toLowerCase();
}

function typeOf(message: Fields): string {
  const own = text(message['type']) ?? text(message['role']) ?? 'human';
  const type = own === 'generic' || own === 'chat' ? (text(message['role']) ?? own) : own;
  return TYPES[type] ?? type;
}

/** A message as plain data: `type` and what `MEMBERS` lists. A text alone is the user's. */
export function plainMessage(value: unknown): Fields {
  if (typeof value === 'string') return { type: 'human', content: value };
  if (Array.isArray(value) && value.length === 2 && typeof value[0] === 'string') {
    return { type: TYPES[value[0]] ?? value[0], content: value[1] as unknown };
  }
  const given = fields(value);
  const serialised = given['lc'] === 1;
  const message = serialised ? fields(given['kwargs']) : given;
  const reasoning = fields(message['additional_kwargs'])['reasoning_content'];
  return {
    type: serialised ? typeOf({ ...message, type: typeOfClass(given['id']) }) : typeOf(message),
    ...present(Object.fromEntries(MEMBERS.map((name) => [name, message[name]]))),
    ...present({ reasoning_content: text(message['reasoning_content']) ?? text(reasoning) }),
  };
}

/** The messages of whatever a chat model may be asked with: a text, messages, a prompt's value. */
export function plainMessages(input: unknown): Fields[] {
  if (typeof input === 'string') return [plainMessage(input)];
  if (Array.isArray(input)) return input.map(plainMessage);
  const given = fields(input);
  const value = given['lc'] === 1 ? fields(given['kwargs']) : given;
  if (Array.isArray(value['messages'])) return value['messages'].map(plainMessage);
  return typeof value['value'] === 'string' ? [plainMessage(value['value'])] : [];
}

const urlIn = (value: unknown): unknown => (typeof value === 'string' ? value : fields(value)['url']);

/** A block that holds a file: by URL, by its bytes, or by an id. Two generations of LangChain name the members differently. */
function mediaPart(block: Fields): MessagePart[] {
  const type = text(block['mime_type']) ?? text(block['mimeType']);
  const modality = text(block['type']) === 'file' ? modalityOf(type) : (text(block['type']) ?? 'document');
  const data = block['data'];
  return [
    ...urlPart(modality, block['url']),
    ...(typeof data === 'string' ? blobPart(modality, data, type) : []),
    ...filePart(modality, block['fileId'] ?? block['file_id'] ?? block['id']),
    ...fileDataPart(fields(block['file'])['file_data']),
  ];
}

function contentPart(value: unknown): MessagePart[] {
  if (typeof value === 'string') return textPart(value);
  const block = fields(value);
  switch (block['type']) {
    case 'text':
    case 'text_delta':
    case 'output_text':
      return textPart(block['text']);
    case 'reasoning':
      return reasoningPart(block['reasoning'] ?? block['text']);
    case 'thinking':
      return reasoningPart(block['thinking']);
    case 'image_url':
      return urlPart('image', urlIn(block['image_url']));
    case 'image':
    case 'audio':
    case 'video':
    case 'file': {
      const parts = mediaPart(block);
      return parts.length > 0 ? parts : genericPart(value);
    }
    // The calls of a message stand in its `tool_calls` as well.
    case 'tool_use':
    case 'tool_call':
    case 'tool_call_chunk':
    case 'input_json_delta':
    case 'functionCall':
      return [];
    default:
      return genericPart(value);
  }
}

function contentParts(content: unknown): MessagePart[] {
  return Array.isArray(content) ? content.flatMap(contentPart) : textPart(content);
}

/** The conventions' role of a message. */
export function roleOfMessage(message: Fields): string {
  const type = text(message['type']) ?? 'human';
  return type === 'human' ? 'user' : type === 'ai' ? 'assistant' : roleOf(type, 'user');
}

/** What a plain message says, in the parts of the conventions. */
export function messageParts(message: Fields): MessagePart[] {
  const { content } = message;
  if (message['type'] === 'tool') {
    const said = Array.isArray(content) && content.every((block) => fields(block)['type'] === 'text');
    const response = said ? (content as unknown[]).map((block) => asText(fields(block)['text'])).join('') : content;
    return [toolResponsePart(message['tool_call_id'], response)];
  }
  return [
    ...reasoningPart(message['reasoning_content']),
    ...contentParts(content),
    ...items(message['tool_calls']).map((call) =>
      toolCallPart(fields(call)['id'], fields(call)['name'], fields(call)['args'] ?? fields(call)['arguments']),
    ),
  ];
}
