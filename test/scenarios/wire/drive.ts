/** Asks the real SDKs for recorded exchanges: which client and method brings about each endpoint of each provider, and how its request is said in the SDK's words. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { SHARED } from '../../providers/decode/wire-exchanges.ts';

const require = createRequire(import.meta.url);

/** One recorded exchange, as far as it takes to ask for it and to compare. */
export interface Recorded {
  id: string;
  provider: string;
  endpoint: string;
  framing: string;
  path: string;
  request: any;
  status: number;
  contentType: string | undefined;
  /** The bytes of the answer. */
  bytes: Buffer;
}

/** Which generation of each SDK is asked. */
export type Generation = 'latest' | 'older';

/** Every exchange beside the repository. */
export function loadRecorded(): Recorded[] {
  const open = join(SHARED, 'wire/open');
  return readdirSync(open).flatMap((provider) =>
    readdirSync(join(open, provider)).map((name) => {
      const raw = JSON.parse(readFileSync(join(open, provider, name), 'utf8'));
      const { response } = raw;
      const encoding = response.encoding === 'base64' ? 'base64' : 'utf8';
      const plain = typeof response.body === 'string' ? response.body : JSON.stringify(response.body);
      return {
        id: raw.id,
        provider,
        endpoint: raw.endpoint,
        framing: raw.framing,
        path: raw.request.path,
        request: raw.request.body,
        status: response.status,
        contentType: response.headers['content-type'],
        bytes: response.chunks
          ? Buffer.concat(response.chunks.map((chunk: string) => Buffer.from(chunk, encoding)))
          : Buffer.from(plain, 'utf8'),
      };
    }),
  );
}

/** Members whose own members are the app's, such as JSON schemas: their names are left as they are. */
const OPAQUE = new Set(['parameters', 'schema', 'parameter_definitions', 'arguments', 'properties']);

/** The same data with the member names that camelCase SDKs take. */
export function camelCased(value: any): any {
  if (Array.isArray(value)) return value.map(camelCased);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      OPAQUE.has(key) ? member : camelCased(member),
    ]),
  );
}

type Asked = (url: string, exchange: Recorded) => unknown;
type Drivers = Record<string, Asked | undefined>;

const OPENAI_METHODS: Record<string, string> = {
  'chat.completions': 'chat.completions.create',
  completions: 'completions.create',
  responses: 'responses.create',
  'responses.compact': 'responses.compact',
  'responses.input_tokens': 'responses.inputTokens.count',
  embeddings: 'embeddings.create',
  'images.generations': 'images.generate',
  moderations: 'moderations.create',
};

function call(client: any, path: string, ...args: unknown[]): unknown {
  const names = path.split('.');
  const name = names.pop()!;
  const owner = names.reduce((at, each) => at?.[each], client);
  return typeof owner?.[name] === 'function' ? owner[name](...args) : undefined;
}

/** The drivers of each provider's endpoints, on one generation of the SDKs. */
export async function loadDrivers(generation: Generation): Promise<Record<string, Drivers>> {
  const older = generation === 'older';
  const { OpenAI } = require(older ? 'openai-6' : 'openai');
  const { Anthropic } = require(older ? 'anthropic-0' : '@anthropic-ai/sdk');
  const anthropic0 = require('anthropic-0').Anthropic;
  const Groq = require(older ? 'groq-0' : 'groq-sdk').Groq;
  const { CohereClient } = require(older ? 'cohere-7' : 'cohere-ai');
  const { Mistral } = older ? require('mistral-1') : await import('@mistralai/mistralai');
  const { Ollama } = require(older ? 'ollama-05' : 'ollama');
  const { GoogleGenAI } = require(older ? 'genai-2' : '@google/genai');
  const bedrock = require('@aws-sdk/client-bedrock-runtime');
  const { NodeHttpHandler } = createRequire(require.resolve('@aws-sdk/client-bedrock-runtime'))('@smithy/node-http-handler');
  const { AI21 } = await import('ai21');

  const openai: Drivers = Object.fromEntries(
    Object.entries(OPENAI_METHODS).map(([endpoint, path]): [string, Asked] => [
      endpoint,
      (url, { request }) => call(new OpenAI({ apiKey: 'none', baseURL: `${url}/v1`, maxRetries: 0 }), path, request),
    ]),
  );
  const gemini = (vertexai: boolean): Drivers => {
    const client = (url: string): any =>
      new GoogleGenAI({ apiKey: 'none', ...(vertexai && { vertexai }), httpOptions: { baseUrl: url } });
    const model = (path: string): string => decodeURIComponent(/models\/([^:/]+):/.exec(path)?.[1] ?? 'none');
    const generate = ({ path, request }: Recorded): object => {
      const { contents, generationConfig, systemInstruction, tools, toolConfig } = request;
      const config = { ...generationConfig, systemInstruction, tools, toolConfig };
      return { model: model(path), contents, config: JSON.parse(JSON.stringify(config)) };
    };
    const embed = ({ path, request }: Recorded): object => {
      const contents = request.requests?.map(({ content }: any) => content) ?? [request.content];
      return { model: model(path), contents };
    };
    return {
      generateContent: (url, it) => client(url).models.generateContent(generate(it)),
      streamGenerateContent: (url, it) => client(url).models.generateContentStream(generate(it)),
      embedContent: (url, it) => client(url).models.embedContent(embed(it)),
      batchEmbedContents: (url, it) => client(url).models.embedContent(embed(it)),
      countTokens: (url, { path, request }) => client(url).models.countTokens({ model: model(path), contents: request.contents }),
      interactions: (url, { request }) => call(client(url), 'interactions.create', request, { maxRetries: 0 }),
    };
  };
  const cohere = (url: string): any => new CohereClient({ token: 'none', environment: url, baseUrl: url });
  const cohereMethod =
    (path: string, streamed = path): Asked =>
    (url, { request }) =>
      call(cohere(url), request.stream === true ? streamed : path, camelCased(request), { maxRetries: 0 });
  const mistral = (plain: string, streamed = plain): Asked => {
    return (url, { request }) => {
      // The SDK's name for it is another than the wire's.
      const { input, ...rest } = camelCased(request);
      const given = input === undefined ? rest : { ...rest, inputs: input };
      return call(new Mistral({ apiKey: 'none', serverURL: url }), request.stream === true ? streamed : plain, given);
    };
  };
  const ollama =
    (method: string): Asked =>
    (url, { request }) =>
      call(new Ollama({ host: url }), method, structuredClone(request));
  const command =
    (name: string): Asked =>
    (url, { path, request }) => {
      const client = new bedrock.BedrockRuntimeClient({
        endpoint: url,
        region: 'us-east-1',
        maxAttempts: 1,
        // Its own is HTTP/2, which the recorded traffic is not.
        requestHandler: new NodeHttpHandler(),
        credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
      });
      const modelId = decodeURIComponent(/^\/model\/([^/]+)\//.exec(path)![1]!);
      const raw = name.startsWith('Invoke');
      const input = raw ? { modelId, contentType: 'application/json', body: JSON.stringify(request) } : { modelId, ...request };
      return client.send(new bedrock[`${name}Command`](input));
    };
  const anthropicMethod =
    (Client: any, path: string): Asked =>
    (url, { request }) =>
      // Without a time limit some versions refuse to wait for a long answer.
      call(new Client({ apiKey: 'none', baseURL: url, maxRetries: 0, timeout: 60_000 }), path, request);

  return {
    ...Object.fromEntries(
      ['azure-openai', 'cerebras', 'deepseek', 'huggingface', 'openai', 'openrouter', 'perplexity', 'together', 'xai'].map(
        (name) => [name, openai],
      ),
    ),
    anthropic: {
      messages: anthropicMethod(Anthropic, 'messages.create'),
      'messages.count_tokens': anthropicMethod(Anthropic, 'messages.countTokens'),
      complete: anthropicMethod(anthropic0, 'completions.create'),
    },
    groq: {
      'chat.completions': (url, { request }) =>
        new Groq({ apiKey: 'none', baseURL: url, maxRetries: 0 }).chat.completions.create(request),
    },
    cohere: {
      'v1.chat': cohereMethod('chat', 'chatStream'),
      'v1.generate': cohereMethod('generate', 'generateStream'),
      'v1.embed': cohereMethod('embed'),
      'v1.rerank': cohereMethod('rerank'),
      'v2.chat': cohereMethod('v2.chat', 'v2.chatStream'),
      'v2.embed': cohereMethod('v2.embed'),
      'v2.rerank': cohereMethod('v2.rerank'),
    },
    mistral: {
      'chat.completions': mistral('chat.complete', 'chat.stream'),
      'agents.completions': mistral('agents.complete', 'agents.stream'),
      'fim.completions': mistral('fim.complete', 'fim.stream'),
      embeddings: mistral('embeddings.create'),
      moderations: mistral('classifiers.moderateChat'),
      ocr: mistral('ocr.process'),
    },
    ollama: {
      'api.chat': ollama('chat'),
      'api.generate': ollama('generate'),
      'api.embeddings': ollama('embeddings'),
      'chat.completions': openai['chat.completions'],
    },
    gemini: gemini(false),
    vertex: gemini(true),
    bedrock: {
      converse: command('Converse'),
      'converse-stream': command('ConverseStream'),
      invoke: command('InvokeModel'),
      'invoke-with-response-stream': command('InvokeModelWithResponseStream'),
    },
    ai21: {
      'chat.completions': (url, { request }) =>
        new (AI21 as any)({ apiKey: 'none', baseURL: url, maxRetries: 0 }).chat.completions.create(request),
    },
  };
}

/** What the app is given: the value, the chunks of a stream, or the error. Undefined where this generation of the SDK has no such method. */
export async function outcomeOf(drivers: Record<string, Drivers>, serverUrl: string, exchange: Recorded): Promise<any> {
  const drive = drivers[exchange.provider]?.[exchange.endpoint];
  if (drive === undefined) return undefined;
  try {
    // The exchange is named in the path: every SDK can be pointed at another base URL.
    const asked = drive(`${serverUrl}/~${exchange.id.replaceAll('/', '+')}`, exchange);
    if (asked === undefined) return undefined;
    return await readAnswer(await (asked as Promise<unknown>));
  } catch (error) {
    return { error: seen(error) };
  }
}

async function readAnswer(value: any): Promise<object> {
  // Bedrock's streams are a member of the answer.
  const stream = [value, value?.stream, value?.body].find((it) => typeof it?.[Symbol.asyncIterator] === 'function');
  if (stream === undefined) return { value: plain(value) };
  const chunks: unknown[] = [];
  try {
    for await (const chunk of stream) chunks.push(plain(chunk));
  } catch (error) {
    return { chunks, error: seen(error) };
  }
  return { chunks };
}

/** Members of answers that differ from one call to the next. */
const VOLATILE = new Set(['date', 'requestLogID', 'totalRetryDelay']);

/** The data of an answer, without what belongs to the connection. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, member) => {
      if (VOLATILE.has(key)) return undefined;
      return member instanceof Uint8Array ? Buffer.from(member).toString('base64') : member;
    }) ?? 'null',
  );
}

function seen(error: any): object {
  const { name, message, status, statusCode, code, type } = error;
  return { class: error.constructor.name, name, message, status, statusCode, code, type };
}
