/** What was said in a call of the Vercel AI SDK: its messages and the parts of its answers, in the shape of the conventions' messages. */
import type { InputMessage, MessagePart, OutputMessage, ToolDefinition } from '../../events/content.ts';
import { finishReason } from '../../events/content.ts';
import type { InputContent } from '../contract.ts';
import { fields, items, present, some, text, type Fields } from '../fields.ts';
import { answerFacts } from './ai-sdk-facts.ts';
import {
  blobPart,
  filePart,
  genericPart,
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

/** Bytes as base64: those that the app gave, those that a recording holds, and what is base64 already. */
function base64(data: unknown): string | undefined {
  if (typeof data === 'string') return data;
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
  if (data instanceof ArrayBuffer) return Buffer.from(data).toString('base64');
  return text(fields(data)['b64']);
}

/** A file, or an image: bytes, a URL, a provider's id, or a text. */
function filesPart(part: Fields): MessagePart[] {
  const mediaType = text(part['mediaType']) ?? text(part['mimeType']) ?? (part['type'] === 'image' ? 'image/*' : undefined);
  const modality = modalityOf(mediaType);
  const given = part['data'] ?? part['image'] ?? fields(part['file'])['base64'];
  const tagged = fields(given);
  const url = given instanceof URL ? given.href : (tagged['url'] ?? (tagged['$type'] === 'url' ? tagged['value'] : undefined));
  if (url !== undefined) return urlPart(modality, url instanceof URL ? url.href : (text(fields(url)['value']) ?? url));
  if (tagged['type'] === 'text') return textPart(tagged['text']);
  if (tagged['type'] === 'reference') return filePart(modality, Object.values(fields(tagged['reference']))[0]);
  const data = tagged['type'] === 'data' ? tagged['data'] : given;
  if (typeof data === 'string' && /^(https?:|data:)/.test(data)) return urlPart(modality, data);
  return blobPart(modality, base64(data), mediaType);
}

/** What a tool returned, without the SDK's word for its form. */
function resultOf(part: Fields): unknown {
  const output = part['output'] ?? part['result'];
  const { type, value, reason } = fields(output);
  if (type === 'content') return items(value).flatMap(contentPart);
  if (type === 'execution-denied') return present({ denied: true, reason: text(reason) });
  return value === undefined ? output : value;
}

function contentPart(given: unknown): MessagePart[] {
  if (typeof given === 'string') return textPart(given);
  const part = fields(given);
  const server = part['providerExecuted'] === true;
  switch (part['type']) {
    case 'text':
      return textPart(part['text']);
    case 'reasoning':
      return reasoningPart(part['text']);
    case 'tool-call': {
      const name = text(part['toolName']) ?? '';
      if (server) return [serverCallPart(part['toolCallId'], name, { type: name, arguments: part['input'] })];
      return [toolCallPart(part['toolCallId'], name, part['input'] ?? part['args'])];
    }
    case 'tool-result':
      if (server) return [serverResponsePart(part['toolCallId'], { type: text(part['toolName']), result: resultOf(part) })];
      return [toolResponsePart(part['toolCallId'], resultOf(part))];
    case 'file':
    case 'image':
    case 'reasoning-file':
      return filesPart(part);
    default:
      return genericPart(given);
  }
}

const contentParts = (content: unknown): MessagePart[] =>
  typeof content === 'string' ? textPart(content) : items(content).flatMap(contentPart);

function message(given: unknown): InputMessage {
  const { role, content } = fields(given);
  return { role: roleOf(role, 'user'), parts: contentParts(content) };
}

/** Instructions: a text, a system message, or several. */
const systemParts = (given: unknown): MessagePart[] =>
  (Array.isArray(given) ? given : [given]).flatMap((one) => contentParts(typeof one === 'string' ? one : fields(one)['content']));

function definition(given: unknown): ToolDefinition {
  const tool = fields(given);
  const { description, inputSchema, parameters } = tool;
  return toolDefinition(tool['type'], tool['name'], { description, parameters: inputSchema ?? parameters });
}

/** What the request said. */
export function requestContent(given: unknown): InputContent {
  const body = fields(given);
  return present({
    system: some(systemParts(body['instructions'] ?? body['system'])),
    input: some(items(body['messages']).map(message)),
    tools: some(items(body['tools']).map(definition)),
  });
}

/** What the answer said. */
export function answerContent(given: unknown): OutputMessage[] {
  const parts = items(fields(given)['content']).flatMap(contentPart);
  const [reason] = answerFacts(given).response.finishReasons ?? [];
  if (parts.length === 0 && reason === undefined) return [];
  return [{ role: 'assistant', parts, finish_reason: finishReason(reason ?? 'error') }];
}

/** What was to be embedded, ranked, spoken or decided about: texts, one message each. */
export function valuesContent(given: unknown): InputContent {
  const body = fields(given);
  const values = [body['value'] ?? body['values'] ?? body['query'] ?? body['text'] ?? body['state'], body['documents']];
  const texts = values.flat().filter((value) => value !== undefined);
  const parts = (value: unknown): MessagePart[] => (typeof value === 'string' ? textPart(value) : genericPart(value));
  return present({ input: some(texts.map((value): InputMessage => ({ role: 'user', parts: parts(value) }))) });
}
