/** Anthropic's SDK, versions 0 and 1. */
import { countTokens, messages } from './messages.ts';
import { completeLegacy } from '../openai/other-operations.ts';
import { stainlessProvider } from '../stainless.ts';
import { copyWith, isPlain } from '../tool-runners.ts';
import type { CallId, ToolRunnerTarget } from '../tool-runners.ts';

const callId: CallId = ([, context]) => {
  const id: unknown = (context?.toolUse ?? context?.toolUseBlock)?.id;
  return typeof id === 'string' ? id : undefined;
};

const toolRunner: ToolRunnerTarget = {
  owner: 'Beta.Messages',
  method: 'toolRunner',
  list: 'tools',
  copy: (tool, replace) => {
    // A toolset (`computer_toolset_20260801`) runs its calls itself and is given other arguments.
    const isTool = typeof tool?.run === 'function' && typeof tool.name === 'string' && !String(tool.type).includes('_toolset_');
    if (!isTool || !isPlain(tool)) return tool;
    return copyWith(tool, { run: replace(tool.name, tool.run, callId) });
  },
};

export const anthropic = stainlessProvider({
  name: 'anthropic',
  target: { package: '@anthropic-ai/sdk', esm: ['client.mjs', 'index.mjs'], cjs: ['client.js', 'index.js'] },
  tested: ['0', '1'],
  client: ['Anthropic', 'BaseAnthropic'],
  methods: [
    { owner: 'Messages', method: 'create', operation: messages },
    { owner: 'Messages', method: 'countTokens', operation: countTokens },
    { owner: 'Beta.Messages', method: 'create', operation: messages },
    { owner: 'Beta.Messages', method: 'countTokens', operation: countTokens },
    { owner: 'Completions', method: 'create', operation: completeLegacy },
  ],
  toolRunners: [toolRunner],
});
