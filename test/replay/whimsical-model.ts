/** A stand-in for providers that never answers twice alike: words, delays, pieces, failures and tool calls are thrown by dice. What a replay prints can only come from the recording. */
import { setTimeout as wait } from 'node:timers/promises';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { Reply, StandIn, StandInRequest } from '../../src/testing/stand-in.ts';
import {
  anthropicError,
  anthropicMessage,
  anthropicStream,
  chatCompletion,
  chatCompletionStream,
  openaiError,
  responsesAnswer,
  responsesStream,
} from '../../src/testing/wire.ts';
import type { WireAnswer } from '../../src/testing/wire.ts';
import { AWS_STREAM, bedrockError, converseAnswer, converseStream } from '../../src/testing/wire-bedrock.ts';
import { cohereChat, cohereChatStream } from '../../src/testing/wire-cohere.ts';
import { mistralChat, mistralChatStream } from '../../src/testing/wire-mistral.ts';
import { ollamaChat, ollamaChatStream } from '../../src/testing/wire-ollama.ts';
import { answerOfTools } from './whimsical-tools.ts';

const WORDS = ['amber', 'basalt', 'cobalt', 'dune', 'ember', 'fjord', 'grove', 'heron', 'iris', 'jasper'];

const dice = (sides: number): number => Math.floor(Math.random() * sides);
const words = (count: number): string =>
  Array.from({ length: count }, () => `${WORDS[dice(WORDS.length)]}${dice(1_000_000)}`).join(' ');

export async function startWhimsicalModel(): Promise<StandIn> {
  return startStandIn(async (request) => {
    await wait(dice(40));
    return answerTo(request);
  });
}

/** Providers that speak otherwise, by the beginning of their paths. */
const OTHERS: readonly [string, (answer: WireAnswer) => object, (answer: WireAnswer) => string[]][] = [
  ['/api/chat', ollamaChat, ollamaChatStream],
  ['/v2/chat', cohereChat, cohereChatStream],
  ['/mistral/', mistralChat, mistralChatStream],
];

/** The three APIs that agents call tools by: the events of one answer, whole and in pieces. */
const DIALECTS = {
  chat: { whole: chatCompletion, stream: chatCompletionStream, error: openaiError },
  responses: { whole: responsesAnswer, stream: responsesStream, error: openaiError },
  messages: { whole: anthropicMessage, stream: anthropicStream, error: anthropicError },
};

function answerTo(request: StandInRequest): Reply {
  const { path, json } = request;
  if (path.startsWith('/weather')) return { body: { path, degrees: dice(40), said: words(2) } };
  if (path.startsWith('/reset')) return { pieces: [words(1)], after: 'reset' };
  if (path.startsWith('/empty')) return { status: 204 };
  if (path.startsWith('/text')) return { pieces: recut(Array.from({ length: 20 }, () => words(3)).join('\n')), gapMs: dice(3) };
  if (path.startsWith('/bytes'))
    return { pieces: [Uint8Array.of(0xff, 0xfe, dice(256)), Uint8Array.of(0xc3, dice(256))], gapMs: dice(5) };
  if (path.startsWith('/mcp')) return answerOfTools(request, { dice, words });
  const other = OTHERS.find(([prefix]) => path.startsWith(prefix));
  if (other) {
    const answer = { text: words(3), tokens: { input: dice(50), output: dice(50) } };
    const [, whole, stream] = other;
    return json?.stream === true ? { pieces: recut(stream(answer).join('')), gapMs: dice(3) } : { body: whole(answer) };
  }
  if (path.startsWith('/model/')) return bedrockAnswer(path);
  const dialect =
    DIALECTS[path.startsWith('/v1/messages') ? 'messages' : path.startsWith('/v1/responses') ? 'responses' : 'chat'];
  if (dice(6) === 0)
    return dialect.error({
      status: dice(2) === 0 ? 429 : 503,
      message: words(2),
      retryAfterMs: 1 + dice(20),
      requestId: `req_${dice(1e6)}`,
    });
  const answer: WireAnswer = {
    text: words(3 + dice(5)),
    id: `chatcmpl-${dice(1e9)}`,
    fragments: 2 + dice(8),
    tokens: { input: dice(50), output: dice(50) },
  };
  const tools = toolsOf(json?.tools);
  const turns = ((json?.messages ?? json?.input)?.length as number | undefined) ?? 0;
  if (tools.length > 0 && turns < 8 && dice(4) > 0) {
    delete answer.text;
    answer.tools = Array.from({ length: 1 + dice(3) }, (_, index) => {
      const { name, schema } = tools[dice(tools.length)]!;
      return { id: `call_${dice(1e9)}_${index}`, name, arguments: JSON.stringify(valueOf(schema)) };
    });
  }
  if (json?.stream === true) return { pieces: recut(dialect.stream(answer).join('')), gapMs: dice(3) };
  return { body: dialect.whole(answer) };
}

/** A JSON schema, as far as tools of agents need one. */
interface Schema {
  type?: string;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  items?: Schema;
  minimum?: number;
  maximum?: number;
}

/** Tools as a request offers them, in whichever API's words. */
function toolsOf(offered: unknown): { name: string; schema: Schema }[] {
  if (!Array.isArray(offered)) return [];
  return offered.map((tool: Record<string, any>) => {
    const { name, parameters, input_schema: schema } = tool['function'] ?? tool;
    return { name: name as string, schema: (parameters ?? schema ?? {}) as Schema };
  });
}

/** Anything that a schema allows. */
function valueOf({ type, enum: choices, properties, items, minimum = 0, maximum = 1000 }: Schema): unknown {
  if (choices !== undefined) return choices[dice(choices.length)];
  if (type === 'number' || type === 'integer') return minimum + dice(maximum - minimum + 1);
  if (type === 'boolean') return dice(2) === 0;
  if (type === 'array') return Array.from({ length: 1 + dice(2) }, () => valueOf(items ?? {}));
  if (type === 'string') return WORDS[dice(3)];
  return Object.fromEntries(Object.entries(properties ?? {}).map(([name, schema]) => [name, valueOf(schema)]));
}

function bedrockAnswer(path: string): Reply {
  if (dice(8) === 0) return bedrockError({ status: dice(2) === 0 ? 429 : 503, message: words(2), requestId: `req-${dice(1e6)}` });
  const answer: WireAnswer = { text: words(3), fragments: 2 + dice(5), tokens: { input: dice(50), output: dice(50) } };
  if (!path.endsWith('/converse-stream')) return { body: converseAnswer(answer) };
  return { pieces: recut(Buffer.concat(converseStream(answer))), headers: AWS_STREAM, gapMs: dice(3) };
}

/** The same text in pieces of any length, in the middle of lines and characters alike. */
function recut(text: string | Buffer): Uint8Array[] {
  const bytes = Buffer.from(text);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) pieces.push(bytes.subarray(at, (at += 20 + dice(400))));
  return pieces;
}
