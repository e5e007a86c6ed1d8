/** The answers that can be edited, by API; and, of calls that a framework saw and no SDK, by what they were sent to. */
import { gatewayShape } from './ai-sdk/gateway-edit.ts';
import { conversationalRagShape } from './ai21/ai21-edit.ts';
import type { AnswerShape, Origin } from './answer-shape.ts';
import { messagesShape } from './anthropic/messages-edit.ts';
import { converseShape } from './bedrock/converse-edit.ts';
import { invokeShape } from './bedrock/invoke-edit.ts';
import { cohereChatShape } from './cohere/cohere-chat-edit.ts';
import { cohereChatV1Shape, cohereGenerateShape, cohereSummarizeShape } from './cohere/cohere-v1-edit.ts';
import { geminiShape } from './google/gemini-edit.ts';
import { interactionsShape } from './google/interactions-edit.ts';
import { mistralAgentsShape, mistralChatShape, mistralConversationsShape, mistralFimShape } from './mistral/mistral-edit.ts';
import { ollamaChatShape, ollamaGenerateShape } from './ollama/ollama-edit.ts';
import { chatShape } from './openai/chat-edit.ts';
import { completeShape, completionsShape } from './openai/completions-edit.ts';
import { responsesShape } from './openai/responses-edit.ts';

const chat = chatShape();

/** By `llm.api`. */
const SHAPES: Readonly<Record<string, AnswerShape>> = {
  chat_completions: chat,
  completions: completionsShape,
  responses: responsesShape,
  messages: messagesShape,
  complete: completeShape,
  generate_content: geminiShape,
  interactions: interactionsShape,
  converse: converseShape,
  invoke_model: invokeShape,
  cohere_chat: cohereChatShape,
  cohere_chat_v1: cohereChatV1Shape,
  cohere_generate: cohereGenerateShape,
  cohere_summarize: cohereSummarizeShape,
  mistral_chat: mistralChatShape,
  mistral_agents: mistralAgentsShape,
  mistral_fim: mistralFimShape,
  mistral_conversations: mistralConversationsShape,
  ollama_chat: ollamaChatShape,
  ollama_generate: ollamaGenerateShape,
  conversational_rag: conversationalRagShape,
};

/** By the path of the URL. Mistral's chat completions are told apart by their host alone. */
const PATHS: readonly (readonly [RegExp, AnswerShape])[] = [
  [/\bmistral\.ai(?::\d+)?\/v1\/(?:chat|agents|fim)\/completions$/, mistralChatShape],
  [/\/v1\/conversations(?:\/|$)/, mistralConversationsShape],
  [/\/chat\/completions$|\/(?:agents|fim)\/completions$/, chat],
  [/\/completions$/, completionsShape],
  [/\/responses(?:\/|$)/, responsesShape],
  [/\/messages$|:(?:streamR|r)awPredict$/, messagesShape],
  [/\/complete$/, completeShape],
  [/:(?:streamG|g)enerateContent$/, geminiShape],
  [/\/interactions(?:\/|$)/, interactionsShape],
  [/\/model\/[^/]+\/converse(?:-stream)?$/, converseShape],
  [/\/model\/[^/]+\/invoke(?:-with-response-stream)?$/, invokeShape],
  [/\/api\/chat$/, ollamaChatShape],
  [/\/api\/generate$/, ollamaGenerateShape],
  [/\/v2\/chat$/, cohereChatShape],
  [/\/v1\/chat$/, cohereChatV1Shape],
  [/\/v1\/generate$/, cohereGenerateShape],
  [/\/language-model$/, gatewayShape],
  [/\/conversational-rag$/, conversationalRagShape],
];

/** APIs of frameworks, which say nothing of what went over the wire. */
const FRAMEWORKS = new Set(['ai_sdk', 'langchain', 'openai_agents', 'litellm_completion']);

function byPath(url: string): AnswerShape | undefined {
  const path = url.replace(/[?#].*$/, '');
  return PATHS.find(([pattern]) => pattern.test(path))?.[1];
}

/** What an event says of the call, as far as it is known. */
export interface AskedApi {
  api?: string | undefined;
  operation: string;
}

/** The answers of a call; undefined where none can be edited. Anthropic's SDK asks Bedrock with its own API, and is answered in it. */
export function shapeOf({ api, operation }: AskedApi, url: string): AnswerShape | undefined {
  const isModel = ['chat', 'text_completion', 'generate_content', 'fetch_response'].includes(operation);
  if (!isModel) return undefined;
  if (api !== undefined && Object.hasOwn(SHAPES, api)) return SHAPES[api];
  return api === undefined || FRAMEWORKS.has(api) ? byPath(url) : undefined;
}

/** Whether a request is answered by a stream. */
export function asksForStream(shape: AnswerShape, origin: Origin): boolean {
  return shape.streams?.(origin) ?? origin.request['stream'] === true;
}
