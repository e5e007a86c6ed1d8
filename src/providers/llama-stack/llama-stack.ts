/** Llama Stack's SDK, version 0.7. It speaks OpenAI's dialects; shields and reranking are its own. */
import { chatCompletions } from '../openai/chat-completions.ts';
import { textCompletions } from '../openai/completions.ts';
import { embeddings } from '../openai/embeddings.ts';
import { rerankItems, runShield } from './llama-stack-operations.ts';
import { moderations } from '../openai/other-operations.ts';
import { fetchResponse, responses } from '../openai/responses.ts';
import { stainlessProvider } from '../stainless.ts';

export const llamaStack = stainlessProvider({
  name: 'llama_stack',
  target: {
    package: 'llama-stack-client',
    esm: ['dist/index.mjs', 'index.mjs'],
    cjs: ['dist/index.js', 'index.js'],
    // It refuses a shim that comes after it.
    before: ['dist/shims/node.mjs', 'dist/shims/web.mjs', 'shims/node.mjs', 'shims/web.mjs'],
  },
  tested: ['0.7'],
  client: ['LlamaStackClient'],
  methods: [
    { owner: 'Chat.Completions', method: 'create', operation: chatCompletions },
    { owner: 'Completions', method: 'create', operation: textCompletions },
    { owner: 'Responses', method: 'create', operation: responses },
    { owner: 'Responses', method: 'retrieve', operation: fetchResponse, body: 1 },
    { owner: 'Embeddings', method: 'create', operation: embeddings },
    { owner: 'Moderations', method: 'create', operation: moderations },
    { owner: 'Safety', method: 'runShield', operation: runShield },
    { owner: 'Alpha.Inference', method: 'rerank', operation: rerankItems },
  ],
  toolRunners: [],
});
