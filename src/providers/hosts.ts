/** Who really answers: an SDK is often pointed at another provider by its base URL. */
import type { LlmResponse } from '../events/model.ts';
import { header } from '../patch/exchange.ts';

export interface Server {
  provider: string;
  server?: { address: string; port: number };
}

/** Host, or what hosts look like, and the provider's name; the GenAI conventions' where they have one. */
const HOSTS: readonly (readonly [string | RegExp, string])[] = [
  ['api.openai.com', 'openai'],
  [/^[a-z]{2}\.api\.openai\.com$/, 'openai'],
  ['api.anthropic.com', 'anthropic'],
  [/\.openai\.azure\.(com|us|cn)$/, 'azure.ai.openai'],
  [/\.cognitiveservices\.azure\.(com|us|cn)$/, 'azure.ai.openai'],
  [/\.services\.ai\.azure\.com$/, 'azure.ai.inference'],
  [/\.(inference|models)\.ai\.azure\.com$/, 'azure.ai.inference'],
  ['generativelanguage.googleapis.com', 'gcp.gemini'],
  // `us-central1-aiplatform`, `aiplatform` for the global endpoint, `aiplatform.eu.rep` for one of several regions.
  [/^([a-z0-9-]+-)?aiplatform(\.[a-z]+\.rep)?\.googleapis\.com$/, 'gcp.vertex_ai'],
  // Not all of amazonaws.com: an app's own server may stand there as well.
  [/(^|\.)bedrock(-[a-z-]+)?\.[a-z0-9-]+\.(vpce\.)?(amazonaws\.com(\.cn)?|api\.aws)$/, 'aws.bedrock'],
  [/\.ml\.cloud\.ibm\.com$/, 'ibm.watsonx.ai'],
  ['openrouter.ai', 'openrouter'],
  ['api.groq.com', 'groq'],
  ['api.mistral.ai', 'mistral_ai'],
  ['codestral.mistral.ai', 'mistral_ai'],
  ['api.deepseek.com', 'deepseek'],
  [/^([a-z0-9-]+\.)?api\.x\.ai$/, 'x_ai'],
  ['api.together.xyz', 'together'],
  ['api.together.ai', 'together'],
  ['api.perplexity.ai', 'perplexity'],
  ['api.fireworks.ai', 'fireworks'],
  ['api.cerebras.ai', 'cerebras'],
  ['api.cohere.ai', 'cohere'],
  ['api.cohere.com', 'cohere'],
  ['api.ai21.com', 'ai21'],
  ['api.deepinfra.com', 'deepinfra'],
  ['api.sambanova.ai', 'sambanova'],
  ['integrate.api.nvidia.com', 'nvidia'],
  ['router.huggingface.co', 'huggingface'],
  ['models.github.ai', 'github'],
  ['ai-gateway.vercel.sh', 'vercel'],
  ['gateway.ai.cloudflare.com', 'cloudflare'],
  ['api.moonshot.ai', 'moonshot_ai'],
  ['api.moonshot.cn', 'moonshot_ai'],
  ['dashscope.aliyuncs.com', 'alibaba_cloud'],
  ['dashscope-intl.aliyuncs.com', 'alibaba_cloud'],
  ['ollama.com', 'ollama'],
];
/** Servers of the app's own, by a port that nothing else is known to listen on, whatever the host is called. */
const OWN_PORTS: Record<number, string> = { 11434: 'ollama' };
/** Servers on this machine, by the port that they listen on unless told otherwise. vLLM, llama.cpp and many others take 8000 or 8080: of those nothing is said. */
const LOCAL_PORTS: Record<number, string> = { 1234: 'lm_studio' };
const LOCAL = new Set(['localhost', '127.0.0.1', '[::1]', '0.0.0.0', 'host.docker.internal']);
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
  const { hostname, port, protocol, pathname } = new URL(baseURL);
  const portNumber = port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port);
  const named = HOSTS.find(([host]) => (typeof host === 'string' ? hostname === host : host.test(hostname)))?.[1];
  const own = OWN_PORTS[portNumber] ?? (LOCAL.has(hostname) ? LOCAL_PORTS[portNumber] : undefined);
  // Azure's newer hosts serve several APIs, OpenAI's among them.
  const provider =
    named === 'azure.ai.inference' && pathname.startsWith('/openai') ? 'azure.ai.openai' : (named ?? own ?? fallback);
  return { provider, server: { address: hostname.replace(/^\[|\]$/g, ''), port: portNumber } };
}

/** Provider and server of an SDK's client: its class where that says it, else the host that it is pointed at. */
export function providerOfClient(client: any, fallback: string): Server {
  const className: unknown = client?.constructor?.name;
  const byHost = providerOf(client?.baseURL, fallback);
  const byClass = typeof className === 'string' && Object.hasOwn(CLASSES, className) ? CLASSES[className] : undefined;
  return byClass === undefined ? byHost : { ...byHost, provider: byClass };
}

/** A server that says in its answers what it is, at whatever host: vLLM, which is what many run, does not, or not in a stream. */
export function serverSaid({ systemFingerprint }: LlmResponse): string | undefined {
  return systemFingerprint === 'fp_ollama' ? 'ollama' : undefined;
}

/** What a gateway says in its answer that the call cost, in US dollars. Of a stream it cannot know yet. */
export function gatewayCost(headers: any): number | undefined {
  const said = header(headers, 'x-litellm-response-cost');
  const usd = said === undefined || said === '' ? NaN : Number(said);
  return Number.isFinite(usd) && usd >= 0 ? usd : undefined;
}

/** A gateway that says in its answers that it is one. */
export function gatewayOf(headers: any): string | undefined {
  const isLitellm = ['x-litellm-version', 'x-litellm-call-id', 'x-litellm-model-id'].some(
    (name) => header(headers, name) !== undefined,
  );
  return isLitellm ? 'litellm' : undefined;
}
