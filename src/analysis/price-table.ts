/**
 * List prices by provider, US dollars per million tokens of text, standard tier. A provider changes prices without notice, so they are dated, and every one can be overridden
 * (option `prices`).
 *
 * As of 2026-08-01, compiled 2026-11-21 from four public lists: the price data of litellm (as mirrored on 2026-08-01), genai-prices (2026-08-21), models.dev (2026-07-02) and
 * Portkey's models (2026-08-21). The rule: a figure stands here where litellm and genai-prices agree; where only one of those two knows the model, where models.dev or Portkey
 * says the same and none of them says otherwise (of a model that makes vectors, of the input alone). Where they disagree there is no price, and none is guessed from a sibling. Left out: what is not billed by text tokens alone
 * (images, audio, video, search models, Perplexity's fee for each request, rerank by search), and prices known to have been introductory.
 *
 * A line: names of models (`{us.,eu.}claude` is two), then input, output, cache read, cache write, and cache write for an hour. `-`: there is no such rate, or no list agrees on it. `?` for the last:
 * such writes cost something else, nobody agrees what. A `?` for all: a name that would else be taken for a longer-known one. `>200k`: the rates of a request with more input
 * tokens than that, or `?`.
 */
import { AI21 } from './prices/ai21.ts';
import { ANTHROPIC } from './prices/anthropic.ts';
import { BEDROCK } from './prices/bedrock.ts';
import { CEREBRAS } from './prices/cerebras.ts';
import { COHERE } from './prices/cohere.ts';
import { DEEPSEEK } from './prices/deepseek.ts';
import { FIREWORKS } from './prices/fireworks.ts';
import { GEMINI } from './prices/gemini.ts';
import { GROQ } from './prices/groq.ts';
import { MISTRAL } from './prices/mistral.ts';
import { MOONSHOT } from './prices/moonshot.ts';
import { OPENAI } from './prices/openai.ts';
import { TOGETHER } from './prices/together.ts';
import { VERTEX } from './prices/vertex.ts';
import { XAI } from './prices/xai.ts';

/** The day as of which the lists were compared. */
export const PRICES_DATE = '2026-08-01';

/** The lines of each provider, by the name that our events give it. */
export const PRICE_LINES: Readonly<Record<string, string>> = {
  ai21: AI21,
  anthropic: ANTHROPIC,
  'aws.bedrock': BEDROCK,
  'azure.ai.openai': OPENAI,
  cerebras: CEREBRAS,
  cohere: COHERE,
  deepseek: DEEPSEEK,
  fireworks: FIREWORKS,
  'gcp.gemini': GEMINI,
  'gcp.vertex_ai': VERTEX,
  groq: GROQ,
  mistral_ai: MISTRAL,
  moonshot_ai: MOONSHOT,
  openai: OPENAI,
  together: TOGETHER,
  x_ai: XAI,
};
