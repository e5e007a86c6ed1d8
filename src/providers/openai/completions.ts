/** Text completions: OpenAI's first API, which local and hosted servers still speak. */
import { finishReason, type InputMessage, type OutputMessage } from '../../events/content.ts';
import type { LlmRequest } from '../../events/model.ts';
import type { InputContent, ResponseFacts } from '../contract.ts';
import { copy, count, fields, items, present, some, text, type Fields } from '../fields.ts';
import { answerError, choiceReasons, commonRequest, commonResponse, openaiUsage, responseFacts } from './openai-facts.ts';
import { defineOperation, type ChunkFolder } from '../operation.ts';
import { textPart } from '../parts.ts';
import { saidCost } from '../said-cost.ts';

const CHOICES_MAX = 4096;

interface Choice {
  index: number;
  text: string;
  finish: string;
}

class CompletionFolder implements ChunkFolder {
  #done = false;
  #head: Fields = {};
  #usage: unknown = undefined;
  #error: unknown = undefined;
  readonly #choices: Choice[] = [];

  push(chunk: any): void {
    if (typeof chunk !== 'object' || chunk === null) {
      if (chunk === '[DONE]') this.#done = true;
      return;
    }
    for (const member of ['id', 'model', 'system_fingerprint']) {
      const value = chunk[member];
      if (typeof value === 'string' && value !== '' && this.#head[member] === undefined) this.#head[member] = value;
    }
    for (const given of items(chunk.choices) as any[]) if (typeof given === 'object' && given !== null) this.#addChoice(given);
    if (chunk.usage) this.#usage = copy(chunk.usage);
    if (chunk.error) this.#error = copy(chunk.error);
  }

  #addChoice(given: any): void {
    const index = typeof given.index === 'number' ? given.index : 0;
    let choice = this.#choices.find((known) => known.index === index);
    if (choice === undefined) {
      if (this.#choices.length === CHOICES_MAX) return;
      choice = { index, text: '', finish: '' };
      this.#choices.push(choice);
    }
    if (typeof given.text === 'string') choice.text += given.text;
    if (typeof given.finish_reason === 'string') choice.finish = given.finish_reason;
  }

  body(): Fields {
    const choices = this.#choices.toSorted((a, b) => a.index - b.index);
    const body: Fields = {
      ...this.#head,
      choices: choices.map((c) => ({ index: c.index, text: c.text, finish_reason: c.finish || null })),
    };
    if (this.#usage !== undefined) body['usage'] = this.#usage;
    if (this.#error !== undefined) body['error'] = this.#error;
    return body;
  }

  closed(): boolean {
    return this.#done || (this.#choices.length > 0 && this.#choices.every((choice) => choice.finish !== ''));
  }
}

function request(given: unknown): LlmRequest {
  const body = fields(given);
  return { ...commonRequest(body), ...present({ maxTokens: count(body['max_tokens']) }) };
}

function response(given: unknown): ResponseFacts {
  const body = fields(given);
  const facts = { ...commonResponse(body), ...present({ finishReasons: choiceReasons(items(body['choices'])) }) };
  return { ...responseFacts(facts, openaiUsage(body['usage']), answerError(body)), ...saidCost(body['usage']) };
}

/** A prompt is a text or several; one given as token numbers has no text that we could show. */
function input(given: unknown): InputContent {
  const prompt = fields(given)['prompt'];
  const prompts = Array.isArray(prompt) ? prompt : [prompt];
  const messages: InputMessage[] = prompts.flatMap((one) =>
    typeof one === 'string' ? [{ role: 'user', parts: textPart(one) }] : [],
  );
  return present({ input: some(messages) });
}

function output(given: unknown): OutputMessage[] {
  return items(fields(given)['choices']).map((value) => {
    const choice = fields(value);
    return {
      role: 'assistant',
      parts: textPart(choice['text']),
      finish_reason: finishReason(text(choice['finish_reason']) ?? 'error'),
    };
  });
}

/** `POST /completions`. */
export const textCompletions = defineOperation({
  operation: 'text_completion',
  api: 'completions',
  request,
  folder: () => new CompletionFolder(),
  response,
  input,
  output,
});
