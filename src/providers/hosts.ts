/** Who really answers: an SDK is often pointed at another provider by its base URL. */
import { header } from '../patch/exchange.ts';

export interface Server {
  provider: string;
  server?: { address: string; port: number };
}

/** Host, or `.` and the end of one, and the provider's name; the GenAI conventions' where they have one. */
const HOSTS: readonly (readonly [string, string])[] = [
  ['api.openai.com', 'openai'],
  ['api.anthropic.com', 'anthropic'],
  ['.openai.azure.com', 'azure.ai.openai'],
  ['.cognitiveservices.azure.com', 'azure.ai.openai'],
  ['.services.ai.azure.com', 'azure.ai.inference'],
  ['.inference.ai.azure.com', 'azure.ai.inference'],
  ['models.inference.ai.azure.com', 'azure.ai.inference'],
  ['openrouter.ai', 'openrouter'],
  ['api.groq.com', 'groq'],
  ['api.mistral.ai', 'mistral_ai'],
  ['codestral.mistral.ai', 'mistral_ai'],
  ['api.deepseek.com', 'deepseek'],
  ['api.x.ai', 'x_ai'],
  ['api.together.xyz', 'together'],
  ['api.together.ai', 'together'],
  ['api.perplexity.ai', 'perplexity'],
  ['api.fireworks.ai', 'fireworks'],
  ['api.cerebras.ai', 'cerebras'],
  ['api.cohere.ai', 'cohere'],
  ['api.cohere.com', 'cohere'],
  ['api.moonshot.ai', 'moonshot_ai'],
  ['dashscope.aliyuncs.com', 'alibaba_cloud'],
  ['dashscope-intl.aliyuncs.com', 'alibaba_cloud'],
  ['generativelanguage.googleapis.com', 'gcp.gemini'],
  ['.aiplatform.googleapis.com', 'gcp.vertex_ai'],
  ['.amazonaws.com', 'aws.bedrock'],
];
/** Local servers, by the port that they listen on by default. */
const LOCAL_PORTS: Record<number, string> = { 11434: 'ollama' };
const LOCAL = new Set(['localhost', '127.0.0.1', '[::1]', '0.0.0.0']);
/** Client classes that say it themselves. */
const CLASSES: Record<string, string> = {
  AzureOpenAI: 'azure.ai.openai',
  BedrockOpenAI: 'aws.bedrock',
  AnthropicBedrock: 'aws.bedrock',
  AnthropicBedrockMantle: 'aws.bedrock',
  AnthropicVertex: 'gcp.vertex_ai',
  AnthropicFoundry: 'azure.ai.inference',
};

const KNOWN_MAX = 64;
const known = new Map<string, Server>();

/** The provider behind `baseURL`, or `fallback` where the host says nothing, and the server's address. */
export function providerOf(baseURL: unknown, fallback: string): Server {
  if (typeof baseURL !== 'string') return { provider: fallback };
  const key = `${fallback} ${baseURL}`;
  const before = known.get(key);
  if (before) return before;
  const server = lookUp(baseURL, fallback);
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(key, server);
  return server;
}

function lookUp(baseURL: string, fallback: string): Server {
  if (!URL.canParse(baseURL)) return { provider: fallback };
  const { hostname, port, protocol } = new URL(baseURL);
  const portNumber = port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port);
  const named = HOSTS.find(([host]) => (host.startsWith('.') ? hostname.endsWith(host) : hostname === host))?.[1];
  const local = LOCAL.has(hostname) ? LOCAL_PORTS[portNumber] : undefined;
  return { provider: named ?? local ?? fallback, server: { address: hostname.replace(/^\[|\]$/g, ''), port: portNumber } };
}

/** Provider and server of an SDK's client: its class where that says it, else the host that it is pointed at. */
export function providerOfClient(client: any, fallback: string): Server {
  const className: unknown = client?.constructor?.name;
  const byHost = providerOf(client?.baseURL, fallback);
  const byClass = typeof className === 'string' && Object.hasOwn(CLASSES, className) ? CLASSES[className] : undefined;
  return byClass === undefined ? byHost : { ...byHost, provider: byClass };
}

/** A gateway that says in its answers that it is one. */
export function gatewayOf(headers: any): string | undefined {
  const isLitellm = ['x-litellm-version', 'x-litellm-call-id', 'x-litellm-model-id'].some(
    (name) => header(headers, name) !== undefined,
  );
  return isLitellm ? 'litellm' : undefined;
}
