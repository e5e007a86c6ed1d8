/** Gemini's `generateContent`, of the Gemini API and of Vertex AI, and the counting of its tokens. */
import type { LlmRequest, LlmResponse, ToolCallFacts } from '../../events/model.ts';
import type { ResponseFacts } from '../contract.ts';
import { count, fields, items, number, present, text, word, type Fields } from '../fields.ts';
import { builtIn, contentsOf, geminiInput, geminiOutput } from './gemini-content.ts';
import { geminiError, geminiModel, geminiUsage } from './gemini-facts.ts';
import { GeminiFolder } from './gemini-stream.ts';
import { added, listed, responseFacts } from '../openai/openai-facts.ts';
import { defineOperation, type Decoders } from '../operation.ts';

/** What the answer is to be made of. A schema, under either name, makes it JSON. */
function outputType(config: Fields): string | undefined {
  const wanted = items(config['responseModalities']).map((one) => text(one)?.toUpperCase());
  if (wanted.includes('IMAGE')) return 'image';
  if (wanted.includes('AUDIO')) return 'speech';
  const type = text(config['responseMimeType']);
  if (type === undefined) return config['responseSchema'] || config['responseJsonSchema'] ? 'json' : undefined;
  if (type === 'application/json' || type === 'text/x.enum') return 'json';
  return type === 'text/plain' ? 'text' : undefined;
}

/** How much the model is to think: a level, or, in the older way, a number of tokens, of which only none is a level. */
function reasoningLevel(thinking: Fields): string | undefined {
  return word(thinking['thinkingLevel'])?.toLowerCase() ?? (thinking['thinkingBudget'] === 0 ? 'none' : undefined);
}

function toolNames(value: unknown): (string | undefined)[] {
  const tool = fields(value);
  return [...items(tool['functionDeclarations']).map((declared) => text(fields(declared)['name'])), ...builtIn(tool)];
}

const resultIds = (content: Fields): (string | undefined)[] =>
  items(content['parts']).map((part) => text(fields(fields(part)['functionResponse'])['id']));

/** The SDK takes all settings as `config`; the wire has those of the generation apart, and the model in the path alone. */
function request(given: unknown): LlmRequest {
  const body = fields(given);
  const top = fields(body['config'] ?? body);
  const config = fields(body['config'] ?? body['generationConfig']);
  const contents = contentsOf(body['contents']);
  const choices = count(config['candidateCount']);
  return present({
    model: geminiModel(body['model']),
    maxTokens: count(config['maxOutputTokens']),
    temperature: number(config['temperature']),
    topP: number(config['topP']),
    topK: number(config['topK']),
    frequencyPenalty: number(config['frequencyPenalty']),
    presencePenalty: number(config['presencePenalty']),
    seed: number(config['seed']),
    choiceCount: choices === 1 ? undefined : choices,
    serviceTier: word(top['serviceTier']),
    reasoningLevel: reasoningLevel(fields(config['thinkingConfig'])),
    outputType: outputType(config),
    messageCount: body['contents'] === undefined ? undefined : contents.length,
    tools: listed(items(top['tools']).flatMap(toolNames)),
    toolResults: listed(added(contents, (content) => content['role'] === 'model').flatMap(resultIds)),
  });
}

function toolCalls(candidate: unknown): (ToolCallFacts | undefined)[] {
  return items(fields(fields(candidate)['content'])['parts']).map((part) => {
    const call = fields(part)['functionCall'];
    if (!call) return undefined;
    return { ...present({ id: text(fields(call)['id']) }), name: text(fields(call)['name']) ?? '' };
  });
}

/** Why each candidate ended. Where the prompt was blocked there is none, and the reason for that is the reason. */
function finishReasons(body: Fields, candidates: readonly unknown[]): string[] | undefined {
  const reasons = candidates.map((candidate) => word(fields(candidate)['finishReason']));
  if (reasons.some((reason) => reason !== undefined)) return reasons.map((reason) => reason ?? 'error');
  return listed([word(fields(body['promptFeedback'])['blockReason'])]);
}

function response(given: unknown): ResponseFacts {
  const body = fields(given);
  const candidates = items(body['candidates']);
  const facts: LlmResponse = present({
    id: text(body['responseId']),
    model: geminiModel(body['modelVersion']),
    finishReasons: finishReasons(body, candidates),
    toolCalls: listed(candidates.flatMap(toolCalls)),
    serviceTier: word(fields(body['usageMetadata'])['serviceTier']),
  });
  return responseFacts(facts, geminiUsage(body['usageMetadata']), geminiError(body));
}

const decoders: Decoders = {
  operation: 'generate_content',
  api: 'generate_content',
  request,
  folder: () => new GeminiFolder(),
  response,
  input: geminiInput,
  output: geminiOutput,
};

/** `POST {model}:generateContent`, and the answers of `:streamGenerateContent`. */
export const generateContent = defineOperation(decoders);

/** `POST {model}:streamGenerateContent`. That a stream is wanted stands in the path alone. */
export const streamContent = defineOperation({ ...decoders, request: (given) => ({ ...request(given), stream: true }) });

/** What the counting of tokens says in its request, where it was not given as contents. */
const counted = (given: unknown): unknown => fields(given)['generateContentRequest'] ?? given;

/** `POST {model}:countTokens`. The answer is a count of what a call would take, not of tokens that were billed: it is no usage. */
export const countGeminiTokens = defineOperation({
  operation: 'count_tokens',
  api: 'generate_content_count_tokens',
  request: (given) => request(counted(given)),
  response: (body) => responseFacts({}, undefined, geminiError(body)),
  input: (given) => geminiInput(counted(given)),
});
