/**
 * The dialects of the models behind Bedrock's `InvokeModel`. Which one a body is in is told from its members: an id need not name the model (imported models and profiles have
 * short codes). What has a decoder of its own is handed to it; the small ones are put into the words of an API that has one.
 */
import { chatCompletions } from '../openai/chat-completions.ts';
import { cohereEmbed, cohereRerank } from '../cohere/cohere-embed.ts';
import { cohereChatV1 } from '../cohere/cohere-v1.ts';
import { textCompletions } from '../openai/completions.ts';
import { converse } from './converse.ts';
import type { Operation } from '../contract.ts';
import { embeddings } from '../openai/embeddings.ts';
import { count, fields, items, present, text, type Fields } from '../fields.ts';
import { images } from '../openai/images.ts';
import { messages } from '../anthropic/messages.ts';
import { completeLegacy } from '../openai/other-operations.ts';

/** Who reads a body, and the body in the reader's words. */
export interface Reading {
  operation: Operation;
  body: unknown;
}

const has = (body: Fields, ...names: string[]): boolean => names.some((name) => body[name] !== undefined && body[name] !== null);
const list = (body: Fields, name: string): Fields[] => items(body[name]).map(fields);

/* Requests */

/** Converse and Nova name the kind of a block by its only member; OpenAI and Anthropic say it in `type`. */
function blocksAreUntyped(body: Fields): boolean {
  const blocks = list(body, 'messages').flatMap((message) => list(message, 'content'));
  return blocks.length > 0 && blocks.every((block) => block['type'] === undefined);
}

function readMessages(body: Fields): Reading {
  if (has(body, 'anthropic_version')) return { operation: messages, body };
  if (has(body, 'schemaVersion', 'inferenceConfig', 'toolConfig') || blocksAreUntyped(body)) return { operation: converse, body };
  return { operation: chatCompletions, body };
}

/** Texts in the members of an object whose names end so: `textToImageParams: { text }`. */
function paramTexts(body: Fields): string[] {
  const found: string[] = [];
  for (const [name, value] of Object.entries(body)) {
    if (!name.endsWith('Params')) continue;
    const given = fields(value)['text'];
    const said = text(given) ?? text(fields(given)['value']);
    if (said !== undefined) found.push(said);
  }
  return found;
}

/** Images of Titan, Nova Canvas and Stability. */
function readImageRequest(body: Fields): Reading {
  const { model } = body;
  const config = fields(body['imageGenerationConfig']);
  const prompts = [
    text(body['prompt']),
    ...list(body, 'text_prompts').map((prompt) => text(prompt['text'])),
    ...paramTexts(body),
  ];
  const prompt = prompts.filter((one) => one !== undefined).join('\n');
  const n = config['numberOfImages'] ?? body['samples'];
  return { operation: images, body: present({ model, prompt, seed: config['seed'] ?? body['seed'], n }) };
}

function readPrompt(body: Fields): Reading {
  if (has(body, 'max_tokens_to_sample')) return { operation: completeLegacy, body };
  const config = fields(body['textGenerationConfig']);
  const given = present({
    model: body['model'],
    prompt: body['prompt'] ?? body['inputText'] ?? body['inputPrompt'],
    max_tokens:
      config['maxTokenCount'] ?? body['max_tokens'] ?? body['max_gen_len'] ?? body['maxTokens'] ?? body['maxOutputTokens'],
    temperature: config['temperature'] ?? body['temperature'],
    top_p: config['topP'] ?? body['top_p'] ?? body['p'] ?? body['topP'],
    top_k: body['top_k'] ?? body['k'],
    n: body['num_generations'] ?? body['numResults'],
  });
  return { operation: textCompletions, body: given };
}

const EMBEDDING_MEMBERS = ['dimensions', 'normalize', 'embeddingTypes', 'embeddingConfig', 'inputImage'];

/** How a request of `InvokeModel` is read; `body` has the model's name added to it. Undefined for one in a dialect that is not known. */
export function readInvokeRequest(body: Fields): Reading | undefined {
  const model = text(body['model']) ?? '';
  const task = text(body['taskType']);
  if (has(body, 'messages')) return readMessages(body);
  if (has(body, 'message')) return { operation: cohereChatV1, body };
  if (has(body, 'input_type')) return { operation: cohereEmbed, body };
  if (has(body, 'query') && Array.isArray(body['documents'])) return { operation: cohereRerank, body };
  if (
    task?.endsWith('EMBEDDING') === true ||
    (has(body, 'inputText', 'inputImage') && has(body, ...EMBEDDING_MEMBERS)) ||
    /embed/.test(model)
  ) {
    return { operation: embeddings, body: present({ model: body['model'], input: body['inputText'] ?? paramTexts(body) }) };
  }
  if (task !== undefined || has(body, 'text_prompts') || /^([a-z]{2,6}\.)?stability\.|image-generat|nova-canvas/.test(model)) {
    return readImageRequest(body);
  }
  return has(body, 'prompt', 'inputText', 'inputPrompt') ? readPrompt(body) : undefined;
}

/* Answers, and chunks of streamed ones */

type Choice = { text: unknown; finish_reason: unknown };

function completion(choices: Choice[], input?: unknown, output?: unknown, id?: unknown): Reading {
  const usage = present({ prompt_tokens: input ?? undefined, completion_tokens: output ?? undefined });
  return { operation: textCompletions, body: { id, choices: choices.map((choice, index) => ({ index, ...choice })), usage } };
}

/** Choices of OpenAI's dialects; Mistral and DeepSeek call the reason why one ended `stop_reason`. */
function readChoices(body: Fields): Reading {
  const choices = list(body, 'choices').map((choice) => ({
    ...choice,
    finish_reason: choice['finish_reason'] ?? choice['stop_reason'],
  }));
  const isChat = choices.some((choice) => has(choice, 'message', 'delta'));
  const isText = choices.some((choice) => has(choice, 'text'));
  return { operation: isText && !isChat ? textCompletions : chatCompletions, body: { ...body, choices } };
}

/** Vectors: a list, a list by type, or a list of vectors that each say their type. */
function readEmbeddings(body: Fields): Reading {
  const { embeddings: many, inputTextTokenCount } = body;
  const first = items(many)[0];
  const isCohere = many !== undefined && fields(first)['embedding'] === undefined;
  if (isCohere) return { operation: cohereEmbed, body };
  const vectors = body['embedding'] ?? fields(first)['embedding'] ?? Object.values(fields(body['embeddingsByType']))[0];
  return { operation: embeddings, body: { data: [{ embedding: vectors }], usage: { prompt_tokens: inputTextTokenCount } } };
}

/** Titan: an answer has a list of results, a chunk is one. */
function readTitan(body: Fields): Reading {
  const { inputTextTokenCount: input, totalOutputTextTokenCount } = body;
  if (!has(body, 'results')) {
    return completion([{ text: body['outputText'], finish_reason: body['completionReason'] }], input, totalOutputTextTokenCount);
  }
  const results = list(body, 'results');
  const counts = results.map((result) => count(result['tokenCount'])).filter((n) => n !== undefined);
  const output = counts.length > 0 ? counts.reduce((a, b) => a + b) : undefined;
  return completion(
    results.map(({ outputText, completionReason }) => ({ text: outputText, finish_reason: completionReason })),
    input,
    output,
  );
}

const isText = (value: unknown): boolean => typeof value === 'string';

/** How an answer of `InvokeModel` is read, or one chunk of it. Undefined for one in a dialect that is not known. */
export function readInvokeAnswer(body: Fields): Reading | undefined {
  if (has(body, 'choices')) return readChoices(body);
  if (body['type'] === 'message' || Array.isArray(body['content'])) return { operation: messages, body };
  if (has(fields(body['output']), 'message')) return { operation: converse, body };
  if (isText(body['completion'])) return { operation: completeLegacy, body };
  if (has(body, 'outputText') || list(body, 'results').some((result) => has(result, 'outputText'))) return readTitan(body);
  if (isText(body['generation'])) {
    const { generation, stop_reason, prompt_token_count, generation_token_count } = body;
    return completion([{ text: generation, finish_reason: stop_reason }], prompt_token_count, generation_token_count);
  }
  if (has(body, 'outputs')) {
    return completion(list(body, 'outputs').map((one) => ({ text: one['text'], finish_reason: one['stop_reason'] })));
  }
  if (has(body, 'generations')) {
    const { id } = body;
    return completion(
      list(body, 'generations').map(({ text: said, finish_reason }) => ({ text: said, finish_reason })),
      undefined,
      undefined,
      id,
    );
  }
  if (has(body, 'completions')) {
    const done = list(body, 'completions').map((one) => ({
      text: fields(one['data'])['text'],
      finish_reason: fields(one['finishReason'])['reason'],
    }));
    return completion(done);
  }
  if (has(body, 'embedding', 'embeddings', 'embeddingsByType')) return readEmbeddings(body);
  if (Array.isArray(body['results'])) return { operation: cohereRerank, body };
  if (has(body, 'images', 'artifacts')) {
    const data = [
      ...items(body['images']).map((image) => ({ b64_json: image })),
      ...list(body, 'artifacts').map(({ base64 }) => ({ b64_json: base64 })),
    ];
    return { operation: images, body: { data } };
  }
  return readOther(body);
}

function readOther(body: Fields): Reading | undefined {
  if (isText(body['text']) || has(body, 'generation_id', 'response_id')) {
    const isChunk = body['is_finished'] !== undefined && !has(body, 'event_type');
    if (isChunk) return completion([{ text: body['text'], finish_reason: body['finish_reason'] }]);
    return { operation: cohereChatV1, body };
  }
  // TwelveLabs.
  if (isText(body['message']) && has(body, 'finishReason'))
    return completion([{ text: body['message'], finish_reason: body['finishReason'] }]);
  return undefined;
}

/** How the chunks of a stream are read, from the first of them. */
export function readInvokeChunk(chunk: Fields): Reading | undefined {
  const type = text(chunk['type']);
  if (type !== undefined && /^(message_|content_block_|ping$|error$)/.test(type)) return { operation: messages, body: chunk };
  if (has(chunk, 'event_type')) return { operation: cohereChatV1, body: chunk };
  if (has(chunk, 'messageStart', 'messageStop', 'contentBlockStart', 'contentBlockDelta', 'contentBlockStop', 'metadata')) {
    return { operation: converse, body: chunk };
  }
  if (chunk['is_finished'] === true) return completion([{ text: chunk['text'], finish_reason: chunk['finish_reason'] }]);
  return readInvokeAnswer(chunk);
}
