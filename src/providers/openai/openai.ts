/** OpenAI's SDK, versions 4 to 7. Everybody who is asked through it (Azure, OpenRouter, a local server) is seen here too. */
import { chatCompletions } from './chat-completions.ts';
import { textCompletions } from './completions.ts';
import { embeddings } from './embeddings.ts';
import { images } from './images.ts';
import { audioSpeech, moderations, transcriptions } from './other-operations.ts';
import { compact, fetchResponse, inputTokens, responses } from './responses.ts';
import { stainlessProvider } from '../stainless.ts';
import { copyWith, isPlain } from '../tool-runners.ts';
import type { ToolRunnerTarget } from '../tool-runners.ts';

/** The id is not among what a tool's function is given: it stands in the newest message of the loop, whose calls of one name are run in their order. */
function callId([, runner]: readonly any[], name: string): string | undefined {
  const message = runner?.messages?.findLast((it: any) => it?.role === 'assistant');
  const claimed = claims.get(runner) ?? new Set<unknown>();
  claims.set(runner, claimed);
  const call = message?.tool_calls?.find((it: any) => it?.function?.name === name && !claimed.has(it.id));
  claimed.add(call?.id);
  return typeof call?.id === 'string' ? call.id : undefined;
}
const claims = new WeakMap<object, Set<unknown>>();

const runTools: Omit<ToolRunnerTarget, 'owner'> = {
  method: 'runTools',
  list: 'tools',
  copy: (tool, replace) => {
    // Made by the SDK's `zodFunction`.
    if (typeof tool?.$callback === 'function') {
      return copyWith(tool, { $callback: replace(tool.function.name, tool.$callback, callId) });
    }
    const inner = tool?.function;
    if (typeof inner?.function !== 'function' || !isPlain(tool, ['ParsingToolFunction']) || !isPlain(inner)) return tool;
    const replaced = replace(inner.name || inner.function.name, inner.function, callId);
    return copyWith(tool, { function: copyWith(inner, { function: replaced }) });
  },
};

const runFunctions: Omit<ToolRunnerTarget, 'owner'> = {
  method: 'runFunctions',
  list: 'functions',
  copy: (tool, replace) => {
    if (typeof tool?.function !== 'function' || !isPlain(tool, ['ParsingFunction'])) return tool;
    return copyWith(tool, { function: replace(tool.name || tool.function.name, tool.function, () => undefined) });
  },
};

/** Version 4 has its helpers in a class that can only be reached through an instance. */
const BETA_CHAT_4 = 'Beta>chat.completions';

export const openai = stainlessProvider({
  name: 'openai',
  target: {
    package: 'openai',
    esm: ['client.mjs', 'index.mjs'],
    cjs: ['client.js', 'index.js'],
    // Version 4 refuses a shim that comes after it: an app that imports one must be given time to.
    before: ['shims/node.mjs', 'shims/web.mjs'],
  },
  tested: ['4', '5', '6', '7'],
  client: ['OpenAI'],
  methods: [
    { owner: 'Chat.Completions', method: 'create', operation: chatCompletions },
    { owner: 'Responses', method: 'create', operation: responses },
    { owner: 'Responses', method: 'compact', operation: compact },
    { owner: 'Responses', method: 'retrieve', operation: fetchResponse, body: 1 },
    { owner: 'Responses.InputTokens', method: 'count', operation: inputTokens },
    { owner: 'Beta.Responses', method: 'create', operation: responses },
    { owner: 'Beta.Responses', method: 'compact', operation: compact },
    { owner: 'Beta.Responses', method: 'retrieve', operation: fetchResponse, body: 1 },
    { owner: 'Embeddings', method: 'create', operation: embeddings },
    { owner: 'Completions', method: 'create', operation: textCompletions },
    { owner: 'Images', method: 'generate', operation: images },
    { owner: 'Images', method: 'edit', operation: images },
    { owner: 'Images', method: 'createVariation', operation: images },
    { owner: 'Audio.Speech', method: 'create', operation: audioSpeech },
    { owner: 'Audio.Transcriptions', method: 'create', operation: transcriptions },
    { owner: 'Audio.Translations', method: 'create', operation: transcriptions },
    { owner: 'Moderations', method: 'create', operation: moderations },
  ],
  toolRunners: [
    { owner: 'Chat.Completions', ...runTools },
    { owner: BETA_CHAT_4, ...runTools },
    { owner: BETA_CHAT_4, ...runFunctions },
  ],
});
