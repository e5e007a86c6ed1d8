/** What Bedrock's APIs say in the same way, and its models' own ones through `InvokeModel`. */
import type { ErrorFacts, Usage } from '../../events/model.ts';
import { count, fields, presentOrNone, text, word, type Fields } from '../fields.ts';

/**
 * The name in a model id. An id may be an ARN, which holds the region and the account: of that, only what stands behind the kind of the resource is a name
 * (`us.anthropic.claude-...` of an inference profile, a foundation model's own, a short code of a profile that somebody made).
 */
export function modelName(id: unknown): string | undefined {
  const given = text(id);
  if (given === undefined || !/^arn(?::|%3a)/i.test(given)) return given;
  const resource = given.replaceAll(/%3a/gi, ':').replaceAll(/%2f/gi, '/').split(':').slice(5).join(':');
  const slash = resource.indexOf('/');
  return slash < 0 ? undefined : text(resource.slice(slash + 1));
}

/** Bytes as the SDK has them, or as base64 of the wire. */
export function bytesOf(value: unknown): Buffer | undefined {
  if (typeof value === 'string') return Buffer.from(value, 'base64');
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof ArrayBuffer ? Buffer.from(value) : undefined;
}

interface Tokens {
  input: number | undefined;
  output: number | undefined;
  cacheRead: number | undefined;
  cacheWrite: number | undefined;
  cacheWriteHour?: number | undefined;
}

/** Usage of figures that count cached input apart; our word for input includes it. */
function usageOf({ input: fresh, output, cacheRead, cacheWrite, cacheWriteHour }: Tokens): Usage | undefined {
  const inputs = [fresh, cacheRead, cacheWrite].filter((n) => n !== undefined);
  const input = inputs.length > 0 ? inputs.reduce((a, b) => a + b) : undefined;
  return presentOrNone({ input, output, cacheRead, cacheWrite, cacheWriteHour });
}

/** What was written to be kept for an hour, where the writes are listed. */
function hourOf(details: unknown): number | undefined {
  if (!Array.isArray(details)) return undefined;
  return details.map(fields).reduce((sum, each) => sum + (each['ttl'] === '1h' ? (count(each['inputTokens']) ?? 0) : 0), 0);
}

/**
 * Usage of Converse, and of Nova's own API, which names the cached tokens otherwise. By AWS's guide to prompt caching, `inputTokens` are the ones that were not cached, and all
 * input is `inputTokens + cacheReadInputTokens + cacheWriteInputTokens`. A total that leaves the cached ones out says that they are among `inputTokens` all the same.
 */
export function converseUsage(value: unknown): Usage | undefined {
  const usage = fields(value);
  const tokens: Tokens = {
    input: count(usage['inputTokens']),
    output: count(usage['outputTokens']),
    cacheRead: count(usage['cacheReadInputTokens']) ?? count(usage['cacheReadInputTokenCount']),
    cacheWrite: count(usage['cacheWriteInputTokens']) ?? count(usage['cacheWriteInputTokenCount']),
    cacheWriteHour: hourOf(usage['cacheDetails']),
  };
  const { input, output, cacheRead = 0, cacheWrite = 0 } = tokens;
  const cached = cacheRead + cacheWrite;
  const within =
    cached > 0 && input !== undefined && cached <= input && output !== undefined && usage['totalTokens'] === input + output;
  return usageOf(within ? { ...tokens, input: input - cached } : tokens);
}

/** The member in which the last chunk of a streamed `InvokeModel` tells the tokens, whatever the model. */
export const METRICS = 'amazon-bedrock-invocationMetrics';

/** Usage as Bedrock counts it beside the model's own answer. */
export function metricsUsage(value: unknown): Usage | undefined {
  const metrics = fields(value);
  return usageOf({
    input: count(metrics['inputTokenCount']),
    output: count(metrics['outputTokenCount']),
    cacheRead: count(metrics['cacheReadInputTokenCount']),
    cacheWrite: count(metrics['cacheWriteInputTokenCount']),
  });
}

/** Members of an answer that is an error: AWS says the code in a header, and in the body not much more than a sentence. */
const ERROR_MEMBERS = new Set(['message', 'Message', '__type', 'code', 'originalMessage', 'originalStatusCode', 'resourceName']);

/** The error that a body is, that a chunk of a stream is, or that was folded from one. */
export function awsError(value: unknown): ErrorFacts | undefined {
  const body = fields(value);
  const keys = Object.keys(body);
  const thrown = keys.find((key) => key.endsWith('Exception'));
  if (thrown !== undefined) return { type: word(thrown.charAt(0).toUpperCase() + thrown.slice(1)) ?? 'error' };
  const said = fields(body['error']);
  if (text(said['type']) !== undefined) return { type: word(said['type']) ?? 'error' };
  const isError = (text(body['message']) ?? text(body['Message'])) !== undefined && keys.every((key) => ERROR_MEMBERS.has(key));
  return isError ? { type: word(text(body['__type'])?.split('#').at(-1)) ?? 'error' } : undefined;
}

/** The error that a chunk is; a folder keeps it as `error` of the body. */
export function chunkError(chunk: unknown): Fields | undefined {
  const error = awsError(chunk);
  return error && { type: error.type };
}
