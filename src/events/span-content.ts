/** What was said, as span attributes. Called only when the user opted in to content on the wire. */
import { boundedJson, boundedText } from './bounded-json.ts';
import type { MessageContent } from './content.ts';
import { type Names, RESERVED_NAMESPACES } from './genai-names.ts';
import type { AttributeValue, SpanEvent } from './model.ts';
import { codeOf } from './safe-words.ts';
import type { AttributeList, SpanSource, WireSpan } from './wire-span.ts';

const JSON_BYTES_MAX = 256 * 1024;
const TEXT_CHARS_MAX = 32_768;
const ATTRIBUTES_MAX = 64;

interface Target {
  names: Names;
  list: AttributeList;
}

/** Adds content to a span that was made without it. */
export function addContent(span: WireSpan, source: SpanSource, content: MessageContent, target: Target): void {
  const { names, list } = target;
  const { event, header } = source;
  if (event.llm !== undefined) addMessages(list, content, names);
  addTool(list, event, names);
  addAppAttributes(list, event.attributes, names);
  list.strings(names.sessionTags, header.tags?.slice(0, ATTRIBUTES_MAX));
  addError(span, source, names);
}

function addMessages(list: AttributeList, content: MessageContent, names: Names): void {
  const json = (value: unknown[] | undefined): string | undefined =>
    value === undefined || value.length === 0 ? undefined : boundedJson(value, JSON_BYTES_MAX);
  list.string(names.systemInstructions, json(content.system));
  list.string(names.inputMessages, json(content.input));
  list.string(names.outputMessages, json(content.output));
  list.string(names.toolDefinitions, json(content.tools));
}

/** The conventions want an object for a tool's arguments and result; anything else goes under a name of ours. */
function addTool(list: AttributeList, event: SpanEvent, names: Names): void {
  const put = (value: unknown, conventional: string, own: string): void => {
    if (value === undefined) return;
    const isObject = value !== null && typeof value === 'object' && !Array.isArray(value);
    list.string(isObject && event.tool !== undefined ? conventional : own, boundedJson(value, JSON_BYTES_MAX));
  };
  put(event.content?.arguments, names.toolArguments, names.ownToolArguments);
  put(event.content?.result, names.toolResult, names.ownToolResult);
}

function addAppAttributes(list: AttributeList, attributes: Record<string, AttributeValue> | undefined, names: Names): void {
  for (const [name, value] of Object.entries(attributes ?? {}).slice(0, ATTRIBUTES_MAX)) {
    if (name === '') continue;
    const key = RESERVED_NAMESPACES.test(name) ? names.attributePrefix + name : name;
    if (typeof value === 'string') list.string(key, boundedText(value, TEXT_CHARS_MAX));
    else if (typeof value === 'boolean') list.bool(key, value);
    else if (typeof value === 'number') {
      if (Number.isSafeInteger(value)) list.int(key, value);
      else list.double(key, value);
    } else if (Array.isArray(value)) list.strings(key, value.map(String));
  }
}

function addError(span: WireSpan, { event, header }: SpanSource, names: Names): void {
  const error = event.content?.error;
  if (error === undefined) return;
  const message = boundedText(error.message, TEXT_CHARS_MAX);
  if (span.status !== undefined) span.status.message = message;
  span.events.push({
    name: 'exception',
    timeNs: BigInt(header.epoch + Math.max(event.start, event.end)) * 1000n,
    attributes: [
      [names.exceptionType, { string: codeOf(event.error?.type) ?? '_OTHER' }],
      [names.exceptionMessage, { string: message }],
      ...(error.stack === undefined
        ? []
        : ([[names.exceptionStack, { string: boundedText(error.stack, TEXT_CHARS_MAX) }]] as const)),
    ],
  });
}
