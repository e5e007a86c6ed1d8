/** The calls of models that the Vercel AI SDK makes and no SDK below it: what it tells of them takes the place of what would have gone over the wire. */
import { answerContent, requestContent, valuesContent } from './ai-sdk-content.ts';
import { answerFacts, AnswerFolder, embeddingFacts, plainFacts, requestFacts } from './ai-sdk-facts.ts';
import type { Operation } from '../contract.ts';
import { defineOperation } from '../operation.ts';

/** A call of a language model. */
export const aiSdkChat = defineOperation({
  operation: 'chat',
  api: 'ai_sdk',
  request: requestFacts,
  folder: () => new AnswerFolder(),
  response: answerFacts,
  input: requestContent,
  output: answerContent,
});

/** A call of an embedding model. */
export const aiSdkEmbeddings = defineOperation({
  operation: 'embeddings',
  api: 'ai_sdk',
  request: requestFacts,
  response: embeddingFacts,
  input: valuesContent,
});

const other = (operation: string, api: string, outputType?: string): Operation =>
  defineOperation({
    operation,
    api,
    request: (body) => ({ ...requestFacts(body), ...(outputType !== undefined && { outputType }) }),
    response: plainFacts,
    input: valuesContent,
  });

export const aiSdkRerank = other('rerank', 'ai_sdk_rerank');
export const aiSdkSpeech = other('generate_content', 'ai_sdk_speech', 'speech');
export const aiSdkTranscription = other('generate_content', 'ai_sdk_transcription', 'text');
export const aiSdkDecision = other('decide', 'ai_sdk_decision');

/** All of them. */
export const aiSdkOperations: readonly Operation[] = [
  aiSdkChat,
  aiSdkEmbeddings,
  aiSdkRerank,
  aiSdkSpeech,
  aiSdkTranscription,
  aiSdkDecision,
];
