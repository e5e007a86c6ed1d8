/** `POST /v1/chat` of Cohere: one message at a time, with the history beside it, and tool calls that have no ids. */
import { finishReason, type InputMessage, type MessagePart, type OutputMessage } from '../../events/content.ts';
import type { LlmRequest } from '../../events/model.ts';
import {
  cohereRequest,
  cohereUsage,
  documentPart,
  errorOf,
  listPart,
  member,
  nameIn,
  reasonOf,
  toolCallsOf,
} from './cohere-facts.ts';
import type { InputContent, ResponseFacts } from '../contract.ts';
import { asText, copy, fields, items, number, present, some, text, type Fields } from '../fields.ts';
import { listed, responseFacts } from '../openai/openai-facts.ts';
import { defineOperation, type ChunkFolder } from '../operation.ts';
import { roleOf, textPart, toolCallPart, toolDefinition, toolResponsePart } from '../parts.ts';

const CALLS_MAX = 512;
const LIST_MAX = 10_000;

/** Lists that come in events of their own: all of an event's are new. */
const LISTS: Record<string, readonly string[]> = {
  'search-queries-generation': ['search_queries'],
  'search-results': ['search_results', 'documents'],
  'citation-generation': ['citations'],
  'tool-calls-generation': ['tool_calls'],
};

/** The last event brings the whole answer; what came before it is put together for a stream that never gets there. */
class ChatFolder implements ChunkFolder {
  readonly #body: Fields = {};
  #text = '';
  readonly #calls: { name: string; parameters: string }[] = [];
  #callsName = 'tool_calls';
  #end: Fields | undefined;

  push(event: any): void {
    if (typeof event !== 'object' || event === null) return;
    const type = event.event_type ?? event.eventType;
    if (type === 'text-generation') this.#text += text(event.text) ?? '';
    else if (type === 'stream-end') this.#close(event);
    else if (type === 'tool-calls-chunk') this.#addCall(event);
    else if (type === 'stream-start') this.#take(event, 'generation_id');
    else for (const name of LISTS[type] ?? []) this.#takeList(event, name);
  }

  #take(event: Fields, name: string): void {
    const key = nameIn(event, name);
    if (event[key] !== undefined) this.#body[key] = copy(event[key]);
  }

  #takeList(event: Fields, name: string): void {
    const key = nameIn(event, name);
    const more = items(event[key]);
    if (more.length === 0) return;
    this.#body[key] = [...items(this.#body[key]), ...more.map(copy)].slice(0, LIST_MAX);
  }

  /** Calls of a model that streams them: a name, then fragments of JSON text. */
  #addCall(event: Fields): void {
    const key = nameIn(event, 'tool_call_delta');
    if (key !== 'tool_call_delta') this.#callsName = 'toolCalls';
    const delta = fields(event[key]);
    const index = number(delta['index']) ?? 0;
    if (index < 0 || index >= CALLS_MAX || !Number.isInteger(index)) return;
    while (this.#calls.length <= index) this.#calls.push({ name: '', parameters: '' });
    const call = this.#calls[index]!;
    call.name += text(delta['name']) ?? '';
    call.parameters += text(delta['parameters']) ?? '';
  }

  #close(event: Fields): void {
    const end = { ...fields(copy(event['response'])) };
    const reason = nameIn(event, 'finish_reason');
    if (event[reason] !== undefined) end[reason] ??= event[reason];
    this.#end = end;
  }

  body(): Fields {
    if (this.#end !== undefined) return this.#end;
    const calls = this.#calls.length > 0 ? { [this.#callsName]: this.#calls.map((call) => ({ ...call })) } : {};
    return { ...(this.#text !== '' && { text: this.#text }), ...calls, ...this.#body };
  }

  closed(): boolean {
    return this.#end !== undefined;
  }
}

function request(given: unknown): LlmRequest {
  const body = fields(given);
  const messages = items(member(body, 'chat_history')).length + (text(body['message']) === undefined ? 0 : 1);
  const tools = items(body['tools']).map((tool) => text(fields(tool)['name']));
  return {
    ...cohereRequest(body),
    ...present({ messageCount: messages > 0 ? messages : undefined, tools: listed(tools) }),
  };
}

function response(given: unknown): ResponseFacts {
  const body = fields(given);
  const reason = reasonOf(body);
  const facts = present({
    id: text(member(body, 'response_id')) ?? text(member(body, 'generation_id')),
    finishReasons: reason === undefined ? undefined : [reason],
    toolCalls: listed(toolCallsOf(member(body, 'tool_calls'))),
  });
  return responseFacts(facts, cohereUsage(body['meta']), errorOf(body));
}

function callParts(calls: unknown): MessagePart[] {
  return items(calls).map((value) => {
    const call = fields(value);
    return toolCallPart(undefined, call['name'], call['parameters']);
  });
}

/** What the tools returned: each result has the call that it is of, and a list of outputs. */
function resultMessages(results: unknown): InputMessage[] {
  return items(results).map((value) => {
    const result = fields(value);
    const name = text(fields(result['call'])['name']);
    return { role: 'tool', parts: [toolResponsePart(undefined, result['outputs'])], ...present({ name }) };
  });
}

const ROLES: Record<string, string> = { chatbot: 'assistant' };

function historyMessages(value: unknown): InputMessage[] {
  const message = fields(value);
  const given = asText(message['role']).toLowerCase();
  const role = roleOf(Object.hasOwn(ROLES, given) ? ROLES[given] : given, 'user');
  const parts = [...textPart(message['message']), ...callParts(member(message, 'tool_calls'))];
  const results = resultMessages(member(message, 'tool_results'));
  return parts.length > 0 || results.length === 0 ? [{ role, parts }, ...results] : results;
}

function input(given: unknown): InputContent {
  const body = fields(given);
  const asked = [...items(body['documents']).flatMap(documentPart), ...textPart(body['message'])];
  const tools = items(body['tools']).map((value) => {
    const tool = fields(value);
    const { description } = tool;
    return toolDefinition('function', tool['name'], { description, parameters: member(tool, 'parameter_definitions') });
  });
  return present({
    system: some(textPart(body['preamble'])),
    input: some([
      ...items(member(body, 'chat_history')).flatMap(historyMessages),
      ...(asked.length > 0 ? [{ role: 'user', parts: asked }] : []),
      ...resultMessages(member(body, 'tool_results')),
    ]),
    tools: some(tools),
  });
}

/** Lists that say what an answer rests on. */
const GROUNDS = ['citations', 'documents', 'search_queries', 'search_results'];

/** Answers from before 2024 give no finish reason: whole as they are, they ended by themselves. */
function output(given: unknown): OutputMessage[] {
  const body = fields(given);
  const parts = [
    ...textPart(body['text']),
    ...callParts(member(body, 'tool_calls')),
    ...GROUNDS.flatMap((name) => listPart(name, member(body, name))),
  ];
  const reason = reasonOf(body) ?? (member(body, 'response_id') === undefined ? 'error' : 'COMPLETE');
  return parts.length > 0 || reasonOf(body) !== undefined
    ? [{ role: 'assistant', parts, finish_reason: finishReason(reason) }]
    : [];
}

/** A chat in version 1 of the API. */
export const cohereChatV1 = defineOperation({
  operation: 'chat',
  api: 'cohere_chat_v1',
  request,
  folder: () => new ChatFolder(),
  response,
  input,
  output,
});
