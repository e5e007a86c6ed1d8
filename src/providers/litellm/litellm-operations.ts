/**
 * What litellm makes of the answers of those who do not speak OpenAI's dialect. It hands out chat completions all the same: with tokens that it has counted itself, by the rules of
 * another model, and with `stop` as the reason whatever the reason was. Neither is a fact.
 */
import { chatCompletions } from '../openai/chat-completions.ts';
import { ChatFolder } from '../openai/chat-stream.ts';
import type { ResponseFacts } from '../contract.ts';
import { embeddings } from '../openai/embeddings.ts';
import { defineOperation, type ChunkFolder } from '../operation.ts';

/** A chat completion stream whose chunks all say that they are the last. */
class EndlessFolder implements ChunkFolder {
  readonly #chat = new ChatFolder();
  #done = false;

  push(chunk: unknown): void {
    if (chunk === '[DONE]') this.#done = true;
    this.#chat.push(chunk);
  }

  body(): unknown {
    return this.#chat.body();
  }

  closed(): boolean {
    return this.#done;
  }
}

function factsOnly({ usage: _, response, ...rest }: ResponseFacts): ResponseFacts {
  const { finishReasons: __, ...said } = response;
  return { ...rest, response: said };
}

/** `completion()` of a model that litellm speaks for. */
export const litellmCompletion = defineOperation({
  operation: 'chat',
  api: 'litellm_completion',
  request: chatCompletions.request,
  folder: () => new EndlessFolder(),
  response: (body) => factsOnly(chatCompletions.response(body)),
  input: chatCompletions.input,
  output: chatCompletions.output,
});

/** `embedding()` of such a model. */
export const litellmEmbedding = defineOperation({
  operation: 'embeddings',
  api: 'litellm_embedding',
  request: embeddings.request,
  response: (body) => factsOnly(embeddings.response(body)),
  input: embeddings.input,
});
