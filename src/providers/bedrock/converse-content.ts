/** What a Converse call said, as messages of the conventions. Every block is an object with one member, which names its kind. */
import {
  finishReason,
  type InputMessage,
  type MessagePart,
  type OutputMessage,
  type ToolDefinition,
} from '../../events/content.ts';
import { bytesOf } from './bedrock-facts.ts';
import type { InputContent } from '../contract.ts';
import { fields, items, present, some, text, type Fields } from '../fields.ts';
import {
  blobPart,
  genericPart,
  messageOf,
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

/** Media types of the formats of documents that are not `text/<format>`. */
const DOCUMENTS: Record<string, string> = {
  pdf: 'application/pdf',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xls: 'application/vnd.ms-excel',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  txt: 'text/plain',
  md: 'text/markdown',
};

function mediaType(modality: string, format: string | undefined): string | undefined {
  if (format === undefined) return undefined;
  if (modality !== 'document') return `${modality}/${format}`;
  return Object.hasOwn(DOCUMENTS, format) ? DOCUMENTS[format] : `text/${format}`;
}

/** An image, a document, a video or a sound: bytes, a place in S3, or, of a document, its text. */
function mediaParts(modality: string, given: unknown): MessagePart[] {
  const block = fields(given);
  const source = fields(block['source']);
  const { bytes, s3Location, content } = source;
  if (bytes !== undefined) {
    const base64 = typeof bytes === 'string' ? bytes : bytesOf(bytes)?.toString('base64');
    return blobPart(modality, base64, mediaType(modality, text(block['format'])));
  }
  if (s3Location !== undefined) return urlPart(modality, fields(s3Location)['uri']);
  return Array.isArray(content) ? contentParts(content) : textPart(source['text']);
}

/** What a tool returned: one JSON value or text as it is, more as parts. */
function resultContent(content: unknown): unknown {
  const blocks = items(content).map(fields);
  const [only] = blocks;
  if (blocks.length === 1 && only !== undefined) {
    if (only['json'] !== undefined) return only['json'];
    if (typeof only['text'] === 'string') return only['text'];
  }
  return blocks.flatMap((block) => (block['json'] === undefined ? blockParts(block) : genericPart(block['json'])));
}

function toolUsePart(given: Fields): MessagePart {
  const { toolUseId, name, input, type } = given;
  if (type === 'server_tool_use') return serverCallPart(toolUseId, text(name) ?? type, { ...given, type: text(name) ?? type });
  return toolCallPart(toolUseId, name, input);
}

function toolResultPart(given: Fields): MessagePart {
  if (typeof given['type'] === 'string' && given['type'] !== '') return serverResponsePart(given['toolUseId'], given);
  return toolResponsePart(given['toolUseId'], resultContent(given['content']));
}

function blockParts(value: unknown): MessagePart[] {
  const block = fields(value);
  const [kind] = Object.keys(block);
  const given = kind === undefined ? undefined : block[kind];
  switch (kind) {
    case 'text':
      return textPart(given);
    case 'image':
    case 'video':
    case 'audio':
    case 'document':
      return mediaParts(kind, given);
    case 'toolUse':
      return [toolUsePart(fields(given))];
    case 'toolResult':
      return [toolResultPart(fields(given))];
    case 'reasoningContent':
      return reasoningPart(fields(fields(given)['reasoningText'])['text']);
    case 'citationsContent':
      return contentParts(fields(given)['content']);
    case 'guardContent':
      return typeof fields(given)['text'] === 'object' ? textPart(fields(fields(given)['text'])['text']) : blockParts(given);
    case undefined:
    case 'cachePoint':
      return [];
    default:
      return genericPart(value);
  }
}

/** The parts of a list of blocks; Nova's own API also takes a bare text. */
function contentParts(content: unknown): MessagePart[] {
  return Array.isArray(content) ? content.flatMap(blockParts) : textPart(content);
}

function inputMessage(value: unknown): InputMessage {
  const message = fields(value);
  return messageOf(roleOf(message['role'], 'user'), contentParts(message['content']));
}

/** A tool of the app, or one that Bedrock runs, which has a name and no more. */
function definitions(value: unknown): ToolDefinition[] {
  const { toolSpec, systemTool } = fields(value);
  if (systemTool !== undefined) return [toolDefinition('system_tool', fields(systemTool)['name'], {})];
  if (toolSpec === undefined) return [];
  const { name, description, inputSchema } = fields(toolSpec);
  return [toolDefinition('function', name, { description, parameters: fields(inputSchema)['json'] })];
}

/** What the request said. */
export function converseInput(value: unknown): InputContent {
  const body = fields(value);
  return present({
    system: some(contentParts(body['system'])),
    input: some(items(body['messages']).map(inputMessage)),
    tools: some(items(fields(body['toolConfig'])['tools']).flatMap(definitions)),
  });
}

/** What the answer said. */
export function converseOutput(value: unknown): OutputMessage[] {
  const body = fields(value);
  const message = fields(fields(body['output'])['message']);
  const parts = contentParts(message['content']);
  const reason = text(body['stopReason']);
  if (parts.length === 0 && reason === undefined) return [];
  return [{ role: roleOf(message['role'], 'assistant'), parts, finish_reason: finishReason(reason ?? 'error') }];
}
