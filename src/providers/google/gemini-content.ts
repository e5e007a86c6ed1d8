/** What a call of Gemini said, as messages of the conventions. */
import {
  finishReason,
  type InputMessage,
  type MessagePart,
  type OutputMessage,
  type ToolDefinition,
} from '../../events/content.ts';
import type { InputContent } from '../contract.ts';
import { fields, items, present, some, text, word, type Fields } from '../fields.ts';
import {
  blobPart,
  genericPart,
  messageOf,
  modalityOf,
  reasoningPart,
  serverCallPart,
  serverResponsePart,
  textPart,
  toolCallPart,
  toolDefinition,
  toolResponsePart,
  urlPart,
} from '../parts.ts';

function mediaPart(mimeType: unknown, uri: unknown): MessagePart[] {
  return urlPart(modalityOf(text(mimeType)), uri).map((part) => ({ ...part, ...present({ mime_type: text(mimeType) }) }));
}

/** A part is an object whose one telling member says what it is; the SDK takes a bare text for one as well. */
function contentPart(value: unknown): MessagePart[] {
  if (typeof value === 'string') return textPart(value);
  const part = fields(value);
  if (typeof part['text'] === 'string') return part['thought'] === true ? reasoningPart(part['text']) : textPart(part['text']);
  for (const [member, read] of Object.entries(MEMBERS)) if (part[member]) return read(fields(part[member]));
  // What stands alone in the last part of a stream signs the thoughts before it.
  return 'thoughtSignature' in part && Object.keys(part).length === 1 ? [] : genericPart(value);
}

const MEMBERS: Record<string, (given: Fields) => MessagePart[]> = {
  functionCall: (call) => [toolCallPart(call['id'], call['name'], call['args'])],
  functionResponse: (result) => [toolResponsePart(result['id'], result['response'])],
  inlineData: (blob) => blobPart(modalityOf(text(blob['mimeType'])), blob['data'], blob['mimeType']),
  fileData: (file) => mediaPart(file['mimeType'], file['fileUri']),
  executableCode: (code) => [serverCallPart(code['id'], 'code_execution', { ...code, type: 'code_execution' })],
  codeExecutionResult: (result) => [serverResponsePart(result['id'], { ...result, type: 'code_execution_result' })],
  toolCall: (call) => [serverCallPart(call['id'], text(call['toolType']) ?? 'tool', { ...call, type: call['toolType'] })],
  toolResponse: (result) => [serverResponsePart(result['id'], { ...result, type: result['toolType'] })],
};

/** Whether it is one message. Everything else that the SDK takes for contents is a part of one, or a list of either. */
const isContent = (value: unknown): boolean => Array.isArray(fields(value)['parts']);

/** The messages that the SDK makes of what it is given as contents: a text, a part, a message, or a list of parts or of messages. */
export function contentsOf(value: unknown): Fields[] {
  if (value === undefined || value === null) return [];
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0) return [];
  return isContent(list[0]) ? list.map(fields) : [{ role: 'user', parts: list }];
}

const partsOf = (content: Fields): MessagePart[] => items(content['parts']).flatMap(contentPart);

const ROLES: Record<string, string> = { model: 'assistant', function: 'tool' };

/** A message of nothing but results is a tool's message; the API has no role for it. */
function inputMessage(content: Fields): InputMessage {
  const role = text(content['role']) ?? 'user';
  return messageOf(ROLES[role] ?? role, partsOf(content));
}

/** Tools by what they are: those of the app with a schema, those that Google runs by the member that switches them on. */
function definitions(value: unknown): ToolDefinition[] {
  const tool = fields(value);
  const declared = items(tool['functionDeclarations'])
    .map(fields)
    .map(({ name, description, parameters, parametersJsonSchema }) =>
      toolDefinition('function', name, { description, parameters: parametersJsonSchema ?? parameters }),
    );
  return [...declared, ...builtIn(tool).map((name) => toolDefinition(name, name, {}))];
}

/** Names of the tools of Google's own that one entry of the list of tools switches on. */
export function builtIn(tool: Fields): string[] {
  return Object.keys(tool).filter((member) => BUILT_IN.has(member) && tool[member] !== undefined && tool[member] !== null);
}

const BUILT_IN = new Set([
  ...['codeExecution', 'computerUse', 'enterpriseWebSearch', 'exaAiSearch', 'fileSearch', 'googleMaps', 'googleSearch'],
  ...['googleSearchRetrieval', 'mcpServers', 'parallelAiSearch', 'retrieval', 'urlContext'],
]);

/** What the request said. */
export function geminiInput(value: unknown): InputContent {
  const body = fields(value);
  const config = fields(body['config']);
  return present({
    system: some(contentsOf(body['systemInstruction'] ?? config['systemInstruction']).flatMap(partsOf)),
    input: some(contentsOf(body['contents'] ?? body['content']).map(inputMessage)),
    tools: some(items(body['tools'] ?? config['tools']).flatMap(definitions)),
  });
}

/** What an answer rests on: found pages, fetched URLs, sources quoted. Of a search, the markup that is to be shown with it says nothing. */
function groundParts(candidate: Fields): MessagePart[] {
  const { searchEntryPoint: _, ...grounding } = fields(candidate['groundingMetadata']);
  const grounds = {
    grounding,
    url_context: fields(candidate['urlContextMetadata']),
    citations: fields(candidate['citationMetadata']),
  };
  return Object.entries(grounds).flatMap(([type, ground]) =>
    Object.keys(ground).length === 0 ? [] : genericPart({ ...ground, type }),
  );
}

function outputMessage(value: unknown): OutputMessage {
  const candidate = fields(value);
  const parts = [...partsOf(fields(candidate['content'])), ...groundParts(candidate)];
  return { role: 'assistant', parts, finish_reason: finishReason(word(candidate['finishReason']) ?? 'error') };
}

/** What the answer said, one message a candidate. A prompt that was blocked has none: then a message says so that has no parts. */
export function geminiOutput(value: unknown): OutputMessage[] {
  const body = fields(value);
  const candidates = items(body['candidates']).map(outputMessage);
  const blocked = word(fields(body['promptFeedback'])['blockReason']);
  if (candidates.length > 0 || blocked === undefined) return candidates;
  return [{ role: 'assistant', parts: [], finish_reason: finishReason(blocked) }];
}
