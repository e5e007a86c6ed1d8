/** The providers that we see calls of. A new one is its own file and one line here. */
import { anthropic } from './anthropic.ts';
import { openai } from './openai.ts';
import type { Provider } from './provider.ts';

export const providers: readonly Provider[] = [openai, anthropic];
