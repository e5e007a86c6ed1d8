/** Builds the parts of messages in the shape of the conventions' schemas. A builder that finds nothing to say gives no part. */
import type { InputMessage, MessagePart, ToolDefinition } from '../events/content.ts';
import { fields, jsonText, present, text, toolArguments, type Fields } from './fields.ts';

export function textPart(content: unknown): MessagePart[] {
  return typeof content === 'string' && content !== '' ? [{ type: 'text', content }] : [];
}

export function reasoningPart(content: unknown): MessagePart[] {
  return typeof content === 'string' && content !== '' ? [{ type: 'reasoning', content }] : [];
}

/** A call of a tool that the app runs. `given`: the arguments, as text or as a value. */
export function toolCallPart(id: unknown, name: unknown, given: unknown): MessagePart {
  return {
    type: 'tool_call',
    ...present({ id: text(id) }),
    name: text(name) ?? '',
    ...present({ arguments: toolArguments(given) }),
  };
}

/** What a tool returned. `response` may be any value; nothing becomes null, as the member is required. */
export function toolResponsePart(id: unknown, response: unknown): MessagePart {
  return { type: 'tool_call_response', ...present({ id: text(id) }), response: response ?? null };
}

/** A call of a tool that the provider runs: everything that was said about it stays under its own type. */
export function serverCallPart(id: unknown, name: string, given: Fields): MessagePart {
  return {
    type: 'server_tool_call',
    ...present({ id: text(id) }),
    name,
    server_tool_call: { ...given, type: text(given['type']) ?? name },
  };
}

export function serverResponsePart(id: unknown, given: Fields): MessagePart {
  return {
    type: 'server_tool_call_response',
    ...present({ id: text(id) }),
    server_tool_call_response: { ...given, type: text(given['type']) ?? 'result' },
  };
}

const DATA_URL = /^data:([^;,]*)[^,]*,/;

/** The conventions' modality of a media type: `image`, `audio`, `video`, else `document`. */
export function modalityOf(mimeType: string | undefined): string {
  const kind = mimeType?.split('/', 1)[0];
  return kind === 'image' || kind === 'audio' || kind === 'video' ? kind : 'document';
}

/** Bytes as base64 text. */
export function blobPart(modality: string, content: unknown, mimeType?: unknown): MessagePart[] {
  return typeof content === 'string' && content !== ''
    ? [{ type: 'blob', modality, content, ...present({ mime_type: text(mimeType) }) }]
    : [];
}

/** A URL; one that holds its data is a blob. */
export function urlPart(modality: string, url: unknown): MessagePart[] {
  if (typeof url !== 'string' || url === '') return [];
  const data = url.startsWith('data:') ? DATA_URL.exec(url.slice(0, 512)) : null;
  if (data) return blobPart(modality, url.slice(data[0].length), data[1]);
  return [{ type: 'uri', modality, uri: url }];
}

export function filePart(modality: string, id: unknown): MessagePart[] {
  return typeof id === 'string' && id !== '' ? [{ type: 'file', modality, file_id: id }] : [];
}

/** A file's bytes, as a data URL or as bare base64. */
export function fileDataPart(data: unknown): MessagePart[] {
  const url = typeof data === 'string' && data.startsWith('data:') ? DATA_URL.exec(data.slice(0, 512)) : null;
  return url ? urlPart(modalityOf(url[1]), data) : blobPart('document', data);
}

/** A part that the conventions have no type for, kept as JSON under the type they reserve for that. */
export function genericPart(given: unknown): MessagePart[] {
  if (typeof given === 'string') return textPart(given);
  const content = jsonText(given);
  if (content === undefined || given === null) return [];
  return [{ type: 'generic', ...present({ name: text(fields(given)['type']) }), content }];
}

/** A tool as the conventions describe one: flat, with a JSON schema for parameters. */
export function toolDefinition(
  type: unknown,
  name: unknown,
  given: { description?: unknown; parameters?: unknown },
): ToolDefinition {
  const { description, parameters } = given;
  const schema =
    typeof parameters === 'boolean' || (typeof parameters === 'object' && parameters !== null && !Array.isArray(parameters));
  return {
    type: text(type) ?? 'function',
    name: text(name) ?? text(type) ?? '',
    ...present({ description: text(description), parameters: schema ? parameters : undefined }),
  };
}

const ROLES: Record<string, string> = {
  developer: 'system',
  system: 'system',
  user: 'user',
  assistant: 'assistant',
  tool: 'tool',
  function: 'tool',
};

/** The conventions' role; a role of a dialect's own passes through. */
export function roleOf(role: unknown, otherwise: string): string {
  const given = text(role);
  return given === undefined ? otherwise : Object.hasOwn(ROLES, given) ? ROLES[given]! : given;
}

/** A message with a role of its dialect. One of tool results alone is a tool's message, where the dialect has no role for it. */
export function messageOf(role: string, parts: MessagePart[]): InputMessage {
  const results = parts.length > 0 && parts.every((part) => part.type === 'tool_call_response');
  return { role: results ? 'tool' : role, parts };
}
