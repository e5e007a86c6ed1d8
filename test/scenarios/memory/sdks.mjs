// How each SDK is called here: `answer` makes a call and gives its answer, `stream` makes one that says `text` and gives what is iterated over.
import { createRequire } from 'node:module';

const saying = (content) => [{ role: 'user', content }];
const messages = saying('Hi');

/** SDKs whose `create` answers in either way. */
const eitherWay = (create) => ({
  answer: () => create({ messages }),
  stream: (text) => create({ messages: saying(text), stream: true }),
});

export const SDKS = {
  openai: async (url) => {
    const { OpenAI } = await import('openai');
    const openai = new OpenAI({ apiKey: 'none', baseURL: `${url}/v1`, maxRetries: 9 });
    return eitherWay((more) => openai.chat.completions.create({ model: 'm', ...more }));
  },

  anthropic: async (url) => {
    const { Anthropic } = await import('@anthropic-ai/sdk');
    const anthropic = new Anthropic({ apiKey: 'none', baseURL: url, maxRetries: 9 });
    return eitherWay((more) => anthropic.messages.create({ model: 'm', max_tokens: 9, ...more }));
  },

  groq: async (url) => {
    const { Groq } = await import('groq-sdk');
    const groq = new Groq({ apiKey: 'none', baseURL: url, maxRetries: 9 });
    return eitherWay((more) => groq.chat.completions.create({ model: 'm', ...more }));
  },

  cohere: async (url) => {
    const { CohereClientV2 } = await import('cohere-ai');
    const cohere = new CohereClientV2({ token: 'none', environment: url });
    return {
      answer: () => cohere.chat({ model: 'm', messages }),
      stream: (text) => cohere.chatStream({ model: 'm', messages: saying(text) }),
    };
  },

  mistral: async (url) => {
    const { Mistral } = await import('@mistralai/mistralai');
    const mistral = new Mistral({ apiKey: 'none', serverURL: url });
    return {
      answer: () => mistral.chat.complete({ model: 'm', messages }),
      stream: (text) => mistral.chat.stream({ model: 'm', messages: saying(text) }),
    };
  },

  ollama: async (url) => {
    const { Ollama } = await import('ollama');
    const ollama = new Ollama({ host: url });
    return eitherWay((more) => ollama.chat({ model: 'm', ...more }));
  },

  'llama-stack': async (url) => {
    const { default: LlamaStackClient } = await import('llama-stack-client');
    const llama = new LlamaStackClient({ baseURL: url, maxRetries: 9 });
    return eitherWay((more) => llama.chat.completions.create({ model: 'm', ...more }));
  },

  ai21: async (url) => {
    const { AI21 } = await import('ai21');
    const ai21 = new AI21({ apiKey: 'none', baseURL: url });
    return eitherWay((more) => ai21.chat.completions.create({ model: 'm', ...more }));
  },

  genai: async (url) => {
    const { GoogleGenAI } = await import('@google/genai');
    const { models } = new GoogleGenAI({ apiKey: 'none', httpOptions: { baseUrl: url } });
    return {
      answer: () => models.generateContent({ model: 'm', contents: 'Hi' }),
      stream: (text) => models.generateContentStream({ model: 'm', contents: text }),
    };
  },

  bedrock: async (url) => {
    const { BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand } = await import('@aws-sdk/client-bedrock-runtime');
    const require = createRequire(import.meta.url);
    // The client speaks HTTP/2 by default, the stand-in HTTP/1.
    const { NodeHttpHandler } = createRequire(require.resolve('@aws-sdk/client-bedrock-runtime'))('@smithy/node-http-handler');
    const client = new BedrockRuntimeClient({
      region: 'us-east-1',
      credentials: { accessKeyId: 'AKIDFAKE', secretAccessKey: 'fake-secret' },
      endpoint: url,
      requestHandler: new NodeHttpHandler({ httpAgent: { maxSockets: Infinity } }),
    });
    const conversation = (text) => ({ modelId: 'm', messages: saying([{ text }]) });
    return {
      answer: () => client.send(new ConverseCommand(conversation('Hi'))),
      stream: async (text) => (await client.send(new ConverseStreamCommand(conversation(text)))).stream,
    };
  },

  'ai-sdk': async (url) => {
    const { createOpenAI } = await import('@ai-sdk/openai');
    const { generateText, streamText } = await import('ai');
    const model = createOpenAI({ apiKey: 'none', baseURL: url }).chat('m');
    return {
      answer: () => generateText({ model, prompt: 'Hi' }),
      stream: (text) => streamText({ model, prompt: text }).textStream,
    };
  },

  'openai-agents': async (url) => {
    const { Agent, OpenAIChatCompletionsModel, run, setTraceProcessors } = await import('@openai/agents');
    const { OpenAI } = await import('openai');
    // The SDK's own processor would send its spans to OpenAI.
    setTraceProcessors([]);
    const client = new OpenAI({ apiKey: 'none', baseURL: url, maxRetries: 9 });
    const agent = new Agent({ name: 'greeter', model: new OpenAIChatCompletionsModel(client, 'm') });
    return { answer: () => run(agent, 'Hi'), stream: (text) => run(agent, text, { stream: true }) };
  },

  langchain: async (url) => {
    const { ChatOpenAI } = await import('@langchain/openai');
    const model = new ChatOpenAI({ model: 'm', apiKey: 'none', configuration: { baseURL: url }, maxRetries: 9 });
    return { answer: () => model.invoke('Hi'), stream: (text) => model.stream(text) };
  },

  mcp: async () => {
    const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
    const { McpServer } = await import('@modelcontextprotocol/sdk/server/mcp.js');
    const { InMemoryTransport } = await import('@modelcontextprotocol/sdk/inMemory.js');
    const server = new McpServer({ name: 'shop', version: '1.0.0' });
    server.registerTool('greet', {}, async () => ({ content: [{ type: 'text', text: 'Hello there.' }] }));
    const client = new Client({ name: 'agent', version: '1.0.0' });
    const [left, right] = InMemoryTransport.createLinkedPair();
    await Promise.all([server.connect(right), client.connect(left)]);
    return { answer: () => client.callTool({ name: 'greet' }) };
  },
};
