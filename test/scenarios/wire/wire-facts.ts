/** What recorded traffic says, read from its JSON alone and without any code of ours, so that it can be compared with what was recorded of it. */
import type { Recorded } from './drive.ts';

/** Absent (or empty) where the wire says nothing of it. */
export interface WireFacts {
  /** Whether the request or the answer names one. */
  model: boolean;
  /** An error inside an answer that began well, which the SDK hands on as a chunk. */
  failed: boolean;
  finish?: string;
  input?: number;
  output?: number;
  /** Names of the tools asked for, in order. */
  tools: string[];
  text: string;
}

/** The JSON documents of an answer: one, the data of server-sent events, lines, or the payloads of Amazon's frames. */
function documents({ bytes, framing }: Recorded): any[] {
  const text = bytes.toString('utf8');
  if (framing === 'aws-eventstream') return frames(bytes);
  if (framing === 'json') return [JSON.parse(text)];
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (framing === 'ndjson') return lines.map((line) => JSON.parse(line));
  return lines.flatMap((line) => (/^data: ?[{[]/.test(line) && !line.includes('[DONE]') ? [JSON.parse(line.slice(5))] : []));
}

function frames(bytes: Buffer): any[] {
  const found: any[] = [];
  for (let at = 0; at < bytes.length;) {
    const total = bytes.readUInt32BE(at);
    const headers = bytes.readUInt32BE(at + 4);
    const payload = JSON.parse(bytes.subarray(at + 12 + headers, at + total - 4).toString('utf8'));
    found.push(payload.bytes === undefined ? payload : JSON.parse(Buffer.from(payload.bytes, 'base64').toString('utf8')));
    at += total;
  }
  return found;
}

/** Every object in a document, outermost first. Arguments of tools and what the request said are not the provider's words. */
function* objects(value: any): Generator<any> {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) yield* objects(item);
    return;
  }
  yield value;
  for (const [key, member] of Object.entries(value))
    if (!/^(arguments|args|input|parameters|tools|schema)$/.test(key)) yield* objects(member);
}

const number = (...values: unknown[]): number | undefined =>
  values.find((value) => typeof value === 'number') as number | undefined;
const sum = (...values: unknown[]): number =>
  values.reduce((total: number, value) => total + (typeof value === 'number' ? value : 0), 0);

/** The figures of each dialect, later ones over earlier ones. */
function tokens(documents: any[], endpoint: string): Pick<WireFacts, 'input' | 'output'> {
  const said: Record<string, number> = {};
  for (const object of documents.flatMap((each) => [...objects(each)])) {
    // The iterations of a call, and its billed units, are told apart below.
    const members = object.usage ?? object.usageMetadata ?? object['amazon-bedrock-invocationMetrics'] ?? object.metrics;
    const billed = object.billed_units;
    for (const [key, value] of Object.entries({ ...members, ...billed })) if (typeof value === 'number') said[key] = value;
    if (billed) said['billed'] = 1;
    for (const key of ['prompt_eval_count', 'eval_count']) if (typeof object[key] === 'number') said[key] = object[key];
    const cached = object.usage?.prompt_tokens_details?.cached_tokens;
    if (typeof cached === 'number') said['cached'] = cached;
  }
  const plainInput = number(said['prompt_tokens'], said['input_tokens'], said['promptTokenCount'], said['inputTokens']);
  const input = number(plainInput, said['prompt_eval_count'], said['inputTokenCount']);
  const output = number(said['completion_tokens'], said['output_tokens'], said['candidatesTokenCount'], said['outputTokens']);
  const apart = sum(
    said['cache_read_input_tokens'],
    said['cache_creation_input_tokens'],
    said['cacheReadInputTokens'] ?? said['cacheReadInputTokenCount'],
    said['cacheWriteInputTokens'] ?? said['cacheWriteInputTokenCount'],
    said['toolUsePromptTokenCount'],
    // More cached tokens than tokens: this provider counts them apart.
    (said['cached'] ?? 0) > (input ?? 0) ? said['cached'] : 0,
  );
  const out = number(
    output === undefined ? undefined : sum(output, said['thoughtsTokenCount']),
    said['eval_count'],
    said['outputTokenCount'],
  );
  return {
    ...(input !== undefined && { input: input + apart }),
    ...(out !== undefined && !/embed/i.test(endpoint) && { output: out }),
  };
}

/** Words for the end of an answer, by the member that says it. */
const ENDS = ['finish_reason', 'stop_reason', 'done_reason', 'finishReason', 'stopReason', 'completionReason'];

function finish(documents: any[]): string | undefined {
  let last: string | undefined;
  for (const object of documents.flatMap((each) => [...objects(each)])) {
    for (const key of ENDS) if (typeof object[key] === 'string' && object[key] !== '') last ??= object[key];
    // Of several choices the first one's; of a stream the last word.
    const own = ENDS.map((key) => object[key]).find((word) => typeof word === 'string' && word !== '');
    if (own !== undefined && documents.length > 1 && (object.index ?? 0) === 0) last = own;
  }
  return last;
}

function tools(documents: any[], endpoint: string): string[] {
  const found = new Map<string, string>();
  const add = (name: unknown, id: unknown): void => {
    if (typeof name === 'string' && name !== '') found.set(typeof id === 'string' ? id : `${found.size} ${name}`, name);
  };
  for (const document of documents) {
    // A stream of the Responses API says everything once more at its end.
    if (
      endpoint === 'responses' &&
      document.type !== undefined &&
      !/^response\.(completed|incomplete|failed)$/.test(document.type)
    )
      continue;
    for (const object of objects(document)) {
      if (/^(function_call|custom_tool_call)$/.test(object.type)) add(object.name, object.call_id ?? object.id);
      if (object.type === 'tool_use') add(object.name, object.id);
      if (object.function?.name && (object.type === 'function' || object.type === undefined || object.index !== undefined))
        add(object.function.name, object.id);
      if (object.functionCall) add(object.functionCall.name, object.functionCall.id);
      if (object.toolUse) add(object.toolUse.name, object.toolUse.toolUseId);
      if (endpoint === 'v1.chat' && object.event_type !== undefined) continue;
      if (endpoint === 'v1.chat') for (const call of object.tool_calls ?? []) add(call.name, undefined);
    }
  }
  return [...found.values()];
}

/** What the model said, of the first choice, as far as it is plain text. */
function text(documents: any[], endpoint: string): string {
  const one = (document: any): unknown => {
    const { choices, candidates, message, delta, output } = document;
    if (/^(chat|agents|fim)\.completions$/.test(endpoint)) {
      const choice = choices?.find?.((each: any) => (each.index ?? 0) === 0);
      return choice?.message?.content ?? choice?.delta?.content;
    }
    if (endpoint === 'completions') return choices?.[0]?.text;
    if (endpoint === 'responses') return texts((document.type === 'response.completed' ? document.response : document).output);
    if (endpoint === 'complete') return document.completion;
    if (endpoint === 'messages' || endpoint.startsWith('invoke'))
      return delta?.text ?? texts(document.content ?? output?.message?.content) ?? document.outputText;
    if (endpoint.startsWith('converse')) return delta?.text ?? texts(output?.message?.content);
    if (endpoint === 'v2.chat') return delta?.message?.content?.text ?? texts(message?.content);
    if (endpoint === 'v1.chat')
      return document.event_type === undefined || document.event_type === 'text-generation' ? document.text : '';
    if (endpoint === 'v1.generate')
      return document.is_finished === true ? '' : (document.generations?.[0]?.text ?? document.text);
    if (endpoint === 'api.chat') return message?.content;
    if (endpoint === 'api.generate') return document.response;
    if (endpoint.endsWith('enerateContent'))
      return texts(candidates?.[0]?.content?.parts?.filter((part: any) => part.thought !== true));
    return '';
  };
  return documents
    .map((document) => one(document))
    .filter((said) => typeof said === 'string')
    .join('');
}

function texts(parts: any): string | undefined {
  if (typeof parts === 'string') return parts;
  if (!Array.isArray(parts)) return undefined;
  return parts
    .flatMap((part) => (Array.isArray(part.content) ? part.content : [part]))
    .flatMap(({ text, type }) =>
      typeof text === 'string' && type !== 'thinking' && type !== 'reasoning_text' && type !== 'summary_text' ? [text] : [],
    )
    .join('');
}

/** The facts of one recorded answer. */
export function factsOnTheWire(exchange: Recorded): WireFacts {
  const found = documents(exchange);
  const { endpoint } = exchange;
  const end = /embed|moderation|count|rerank|ocr|images|responses|interactions/i.test(endpoint) ? undefined : finish(found);
  const counted = /count|input_tokens|rerank|ocr/i.test(endpoint) ? {} : tokens(found, endpoint);
  return {
    model:
      !/count|input_tokens|rerank|moderation|images/i.test(endpoint) &&
      !(endpoint === 'v1.chat' && exchange.request.model === undefined),
    failed: found.some(({ delta }) => delta?.finish_reason === 'ERROR'),
    ...(end !== undefined && { finish: end }),
    ...counted,
    tools: tools(found, endpoint),
    text: text(found, endpoint),
  };
}
