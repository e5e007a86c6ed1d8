/** Answers of Bedrock as they come over the wire, made to order for a stand-in. */
import { crc32 } from 'node:zlib';
import type { Reply } from './stand-in.ts';
import { anthropicMessage, fragmentsOf } from './wire.ts';
import type { WireAnswer, WireError, WireTokens } from './wire.ts';

const TOKENS: WireTokens = { input: 12, output: 5 };
const STRING = 7;

/** The content type of a streamed answer. */
export const AWS_STREAM = { 'content-type': 'application/vnd.amazon.eventstream' };

function header(name: string, value: string): Buffer {
  const size = Buffer.alloc(2);
  size.writeUInt16BE(Buffer.byteLength(value));
  return Buffer.concat([
    Buffer.from([Buffer.byteLength(name)]),
    Buffer.from(name),
    Buffer.from([STRING]),
    size,
    Buffer.from(value),
  ]);
}

function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}

/** One frame: lengths, their checksum, headers, payload, and a checksum of all. */
export function awsFrame(headers: Record<string, string>, payload: string): Uint8Array {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => header(name, value)));
  const lengths = uint32(16 + head.length + Buffer.byteLength(payload), head.length);
  const bytes = Buffer.concat([lengths, uint32(crc32(lengths)), head, Buffer.from(payload)]);
  return Buffer.concat([bytes, uint32(crc32(bytes))]);
}

/** An event of a stream. Bedrock pads each with a text of no meaning, so that their lengths give nothing away. */
export function awsEvent(type: string, body: object): Uint8Array {
  const headers = { ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' };
  return awsFrame(headers, JSON.stringify({ ...body, p: 'abcdefgh' }));
}

/** An error inside a stream, such as `throttlingException`. */
export function awsException(type: string, message = 'That did not work.'): Uint8Array {
  const headers = { ':exception-type': type, ':content-type': 'application/json', ':message-type': 'exception' };
  return awsFrame(headers, JSON.stringify({ message }));
}

/** Cached tokens are not among the input tokens here. */
function usageOf({ input, output, cached = 0 }: WireTokens): object {
  const total = { inputTokens: input - cached, outputTokens: output, totalTokens: input + output };
  return { ...total, cacheReadInputTokens: cached, cacheWriteInputTokens: 0, serverToolUsage: {} };
}

const textOf = ({ text, tools = [] }: WireAnswer): string | undefined => text ?? (tools.length > 0 ? undefined : 'Hello there.');

/** A plain answer of Converse. */
export function converseAnswer(answer: WireAnswer = {}): object {
  const { tools = [], tokens = TOKENS } = answer;
  const text = textOf(answer);
  const calls = tools.map(({ id, name, arguments: given }) => ({
    toolUse: { toolUseId: id, name, input: JSON.parse(given) as unknown },
  }));
  return {
    output: { message: { role: 'assistant', content: [...(text === undefined ? [] : [{ text }]), ...calls] } },
    stopReason: tools.length > 0 ? 'tool_use' : 'end_turn',
    ...(tokens && { usage: usageOf(tokens) }),
    metrics: { latencyMs: 317 },
  };
}

/** The frames of a streamed answer of Converse. A block of text is not announced; the figures come last. */
export function converseStream(answer: WireAnswer = {}): Uint8Array[] {
  const { tools = [], tokens = TOKENS, fragments = 3 } = answer;
  const text = textOf(answer);
  const delta = (index: number, given: object): Uint8Array =>
    awsEvent('contentBlockDelta', { contentBlockIndex: index, delta: given });
  const blocks: Uint8Array[][] = [
    ...(text === undefined ? [] : [fragmentsOf(text, fragments).map((part) => delta(0, { text: part }))]),
    ...tools.map(({ id, name, arguments: given }, place) => {
      const index = place + (text === undefined ? 0 : 1);
      const start = { toolUse: { toolUseId: id, name } };
      const deltas = fragmentsOf(given, 2).map((input) => delta(index, { toolUse: { input } }));
      return [
        awsEvent('contentBlockStart', { contentBlockIndex: index, start }),
        delta(index, { toolUse: { input: '' } }),
        ...deltas,
      ];
    }),
  ];
  return [
    awsEvent('messageStart', { role: 'assistant' }),
    ...blocks.flatMap((frames, index) => [...frames, awsEvent('contentBlockStop', { contentBlockIndex: index })]),
    awsEvent('messageStop', { stopReason: tools.length > 0 ? 'tool_use' : 'end_turn' }),
    awsEvent('metadata', { ...(tokens && { usage: usageOf(tokens) }), metrics: { latencyMs: 317 } }),
  ];
}

/** What a model streams through `InvokeModelWithResponseStream`: each of its chunks in base64. The last one has Bedrock's own figures, where tokens are given. */
export function invokeStream(chunks: readonly object[], tokens: WireTokens | null = null): Uint8Array[] {
  const metrics = tokens && {
    inputTokenCount: tokens.input,
    outputTokenCount: tokens.output,
    invocationLatency: 317,
    firstByteLatency: 21,
  };
  return chunks.map((chunk, index) => {
    const last = index === chunks.length - 1 && metrics !== null;
    const json = JSON.stringify(last ? { ...chunk, 'amazon-bedrock-invocationMetrics': metrics } : chunk);
    return awsEvent('chunk', { bytes: Buffer.from(json).toString('base64') });
  });
}

/** A streamed answer of an Anthropic model through `InvokeModelWithResponseStream`. */
export function invokeAnthropicStream(answer: WireAnswer = {}): Uint8Array[] {
  const whole = anthropicMessage(answer);
  const tokens = answer.tokens === undefined ? TOKENS : answer.tokens;
  const blocks = whole.content.flatMap((block: any, index: number): object[] => {
    const isText = block.type === 'text';
    const parts = isText ? fragmentsOf(block.text, answer.fragments ?? 3) : fragmentsOf(JSON.stringify(block.input), 2);
    return [
      { type: 'content_block_start', index, content_block: isText ? { type: 'text', text: '' } : { ...block, input: {} } },
      ...parts.map((part) => ({
        type: 'content_block_delta',
        index,
        delta: isText ? { type: 'text_delta', text: part } : { type: 'input_json_delta', partial_json: part },
      })),
      { type: 'content_block_stop', index },
    ];
  });
  const chunks = [
    {
      type: 'message_start',
      message: { ...whole, content: [], stop_reason: null, ...(tokens && { usage: { ...whole.usage, output_tokens: 1 } }) },
    },
    ...blocks,
    {
      type: 'message_delta',
      delta: { stop_reason: whole.stop_reason, stop_sequence: null },
      ...(tokens && { usage: { output_tokens: tokens.output } }),
    },
    { type: 'message_stop' },
  ];
  return invokeStream(chunks, tokens);
}

const ERRORS: Record<number, string> = {
  400: 'ValidationException',
  403: 'AccessDeniedException',
  404: 'ResourceNotFoundException',
  408: 'ModelTimeoutException',
  424: 'ModelErrorException',
  429: 'ThrottlingException',
  500: 'InternalServerException',
  503: 'ServiceUnavailableException',
};

/** An error answer: the code is in a header, and the body is a sentence. The status has its own code; only for one that has none, another can be given. */
export function bedrockError(error: WireError): Reply {
  const type = ERRORS[error.status] ?? error.code;
  return {
    status: error.status,
    headers: {
      ...(type !== undefined && { 'x-amzn-errortype': `${type}:http://internal.amazon.com/coral/com.amazon.bedrock/` }),
      ...(error.requestId !== undefined && { 'x-amzn-requestid': error.requestId }),
      ...(error.retryAfterSeconds !== undefined && { 'retry-after': String(error.retryAfterSeconds) }),
    },
    body: { message: error.message ?? 'That did not work.' },
  };
}
