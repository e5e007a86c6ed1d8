/** Groq's SDK, versions 0 and 1. */
import { chatCompletions } from '../openai/chat-completions.ts';
import { embeddings } from '../openai/embeddings.ts';
import { audioSpeech, transcriptions } from '../openai/other-operations.ts';
import { stainlessProvider } from '../stainless.ts';

export const groq = stainlessProvider({
  name: 'groq',
  target: {
    package: 'groq-sdk',
    esm: ['client.mjs', 'index.mjs'],
    cjs: ['client.js', 'index.js'],
    // Version 0 refuses a shim that comes after it.
    before: ['shims/node.mjs', 'shims/web.mjs'],
  },
  tested: ['0', '1'],
  client: ['Groq'],
  methods: [
    { owner: 'Chat.Completions', method: 'create', operation: chatCompletions },
    { owner: 'Embeddings', method: 'create', operation: embeddings },
    { owner: 'Audio.Speech', method: 'create', operation: audioSpeech },
    { owner: 'Audio.Transcriptions', method: 'create', operation: transcriptions },
    { owner: 'Audio.Translations', method: 'create', operation: transcriptions },
  ],
  toolRunners: [],
});
