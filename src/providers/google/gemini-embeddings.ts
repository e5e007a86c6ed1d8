/** Google's embeddings, in the three forms of their wire and in the one of the SDK. */
import type { InputMessage } from '../../events/content.ts';
import type { LlmRequest, Usage } from '../../events/model.ts';
import type { InputContent, ResponseFacts } from '../contract.ts';
import { count, fields, items, present, some, text, type Fields } from '../fields.ts';
import { geminiInput } from './gemini-content.ts';
import { geminiError, geminiModel, geminiUsage, sum } from './gemini-facts.ts';
import { responseFacts } from '../openai/openai-facts.ts';
import { defineOperation } from '../operation.ts';
import { textPart } from '../parts.ts';

/** Each content of a batch names the model again. */
function request(given: unknown): LlmRequest {
  const body = fields(given);
  return present({ model: geminiModel(body['model'] ?? fields(items(body['requests'])[0])['model']) });
}

/** The vectors: of `batchEmbedContents` and the SDK, of `embedContent`, and of Vertex AI's `predict`. */
function embeddingsOf(body: Fields): Fields[] {
  if (body['embedding']) return [fields(body['embedding'])];
  const predicted = items(body['predictions']).map((prediction) => fields(prediction)['embeddings']);
  return (Array.isArray(body['embeddings']) ? body['embeddings'] : predicted).map(fields);
}

/** The Gemini API said nothing of tokens for long; Vertex AI says it of each text. */
function usage(body: Fields, embeddings: readonly Fields[]): Usage | undefined {
  const { input } = geminiUsage(body['usageMetadata']) ?? {};
  const each = embeddings.map(({ statistics }) => count(fields(statistics)['tokenCount'] ?? fields(statistics)['token_count']));
  const tokens = input ?? sum(...each);
  return tokens === undefined ? undefined : { input: tokens };
}

function response(given: unknown): ResponseFacts {
  const body = fields(given);
  const embeddings = embeddingsOf(body);
  const dimensions = items(embeddings[0]?.['values']).length || undefined;
  return responseFacts(present({ dimensions }), usage(body, embeddings), geminiError(body));
}

/** The texts to embed: one message each. */
function input(given: unknown): InputContent {
  const body = fields(given);
  const { contents } = body;
  const texts = [...items(body['instances']).map((instance) => fields(instance)['content']), ...bareTexts(contents)];
  const messages: InputMessage[] = texts.map((one) => ({ role: 'user', parts: textPart(text(one)) }));
  const requests = items(body['requests']).flatMap((one) => geminiInput({ contents: fields(one)['content'] }).input ?? []);
  const rest = messages.length > 0 ? [] : (geminiInput(body).input ?? []);
  return present({ input: some([...messages, ...requests, ...rest].filter(({ parts }) => parts.length > 0)) });
}

/** The SDK makes a content, and so a vector, of each text of a list. */
function bareTexts(contents: unknown): string[] {
  const list = items(contents);
  return list.every((one) => typeof one === 'string') ? (list as string[]) : [];
}

/** `POST {model}:batchEmbedContents`, `:embedContent`, and `:predict` of a model that embeds. */
export const geminiEmbeddings = defineOperation({
  operation: 'embeddings',
  api: 'gemini_embeddings',
  request,
  response,
  input,
});
