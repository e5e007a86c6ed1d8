/** What a Messages call said, as messages of the conventions. */
import {
  finishReason,
  type InputMessage,
  type MessagePart,
  type OutputMessage,
  type ToolDefinition,
} from '../../events/content.ts';
import type { InputContent } from '../contract.ts';
import { fields, items, present, some, text, type Fields } from '../fields.ts';
import {
  blobPart,
  filePart,
  genericPart,
  messageOf,
  modalityOf,
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

/** An image or a document: its bytes, its text, a URL, a file, or blocks of its own. */
function sourceParts(block: Fields, modality: string): MessagePart[] {
  const source = fields(block['source']);
  switch (source['type']) {
    case 'base64':
      return blobPart(
        modality === 'image' ? modality : modalityOf(text(source['media_type'])),
        source['data'],
        source['media_type'],
      );
    case 'text':
      return textPart(source['data']);
    case 'url':
      return urlPart(modality, source['url']);
    case 'file':
      return filePart(modality, source['file_id']);
    case 'content':
      return contentParts(source['content']);
    default:
      return genericPart(block);
  }
}

/** A tool's result: text as it is, blocks as parts. */
const resultContent = (content: unknown): unknown => (Array.isArray(content) ? contentParts(content) : content);

function blockParts(value: unknown): MessagePart[] {
  const block = fields(value);
  const type = text(block['type']);
  switch (type) {
    case 'text':
      return textPart(block['text']);
    case 'thinking':
      return reasoningPart(block['thinking']);
    case 'image':
      return sourceParts(block, 'image');
    case 'document':
      return sourceParts(block, 'document');
    case 'container_upload':
      return filePart('document', block['file_id']);
    case 'tool_use':
      return [toolCallPart(block['id'], block['name'], block['input'])];
    case 'tool_result':
      return [toolResponsePart(block['tool_use_id'], resultContent(block['content']))];
    case 'server_tool_use':
    case 'mcp_tool_use':
      return [serverCallPart(block['id'], text(block['name']) ?? type, block)];
    case 'compaction':
      return [{ type: 'compaction', ...present({ content: text(block['content']) }) }];
    default:
      if (type?.endsWith('_tool_result')) return [serverResponsePart(block['tool_use_id'], block)];
      return genericPart(value);
  }
}

function contentParts(content: unknown): MessagePart[] {
  return Array.isArray(content) ? content.flatMap(blockParts) : textPart(content);
}

function inputMessage(value: unknown): InputMessage {
  const message = fields(value);
  return messageOf(roleOf(message['role'], 'user'), contentParts(message['content']));
}

/** Built-in tools have a type with a date and no schema. */
function definition(value: unknown): ToolDefinition {
  const tool = fields(value);
  const type = text(tool['type']);
  const name = tool['name'] ?? tool['mcp_server_name'];
  return toolDefinition(type === 'custom' ? 'function' : type, name, {
    description: tool['description'],
    parameters: tool['input_schema'],
  });
}

/** What the request said. */
export function messagesInput(value: unknown): InputContent {
  const body = fields(value);
  return present({
    system: some(contentParts(body['system'])),
    input: some(items(body['messages']).map(inputMessage)),
    tools: some(items(body['tools']).map(definition)),
  });
}

/** What the answer said. */
export function messagesOutput(value: unknown): OutputMessage[] {
  const body = fields(value);
  const parts = contentParts(body['content']);
  const reason = text(body['stop_reason']);
  if (parts.length === 0 && reason === undefined) return [];
  return [{ role: roleOf(body['role'], 'assistant'), parts, finish_reason: finishReason(reason ?? 'error') }];
}
