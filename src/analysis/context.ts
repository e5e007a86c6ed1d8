/** What a model is told with one request, and what of it is new. Pure. */
import type { InputMessage, MessageContent, MessagePart, ToolDefinition } from '../events/content.ts';
import type { LlmRequest, SpanEvent } from '../events/model.ts';

/** The context of a model call: what two of them are compared by. Without content, only the settings are there. */
export interface CallContext {
  settings: Partial<LlmRequest>;
  system: MessagePart[];
  tools: ToolDefinition[] | string[];
  input: InputMessage[];
}

/** The context of a call, from what is known of it. */
export function contextOf(event: SpanEvent | undefined, { system = [], tools = [], input = [] }: MessageContent): CallContext {
  const { messageCount: _count, toolResults: _results, tools: names = [], ...settings } = event?.llm?.request ?? {};
  return { settings, system, tools: tools.length > 0 ? tools : names, input };
}

/** The messages and instructions of a context that the call before had not, wherever they stand. What that call answered is not new either. */
export function newPieces(
  before: { context: CallContext; messages: MessageContent } | undefined,
  after: CallContext,
): MessageContent {
  const { system = [], input = [] } = before?.context ?? {};
  const known = new Set([
    ...system.map(keyOf),
    ...[...input, ...(before?.messages.output ?? [])].map(({ parts }) => keyOf(parts)),
  ]);
  return {
    system: after.system.filter((part) => !known.has(keyOf(part))),
    input: after.input.filter(({ parts }) => !known.has(keyOf(parts))),
  };
}

const keyOf = (piece: unknown): string => JSON.stringify(piece);
