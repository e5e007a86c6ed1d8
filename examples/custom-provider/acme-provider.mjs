// All that hindcast needs to know of an SDK: how its data is read, and which methods make calls.
import { BaseProvider, defineOperation } from 'hindcast';

/** Folds a stream to the body that a plain answer has. */
class Folder {
  #body = { output: '' };

  push(chunk) {
    if (typeof chunk?.piece === 'string') this.#body.output += chunk.piece;
    const { piece: _, ...rest } = chunk ?? {};
    Object.assign(this.#body, rest);
  }

  body() {
    return this.#body;
  }

  closed() {
    return this.#body.done !== undefined;
  }
}

const generate = defineOperation({
  operation: 'text_completion',
  api: 'acme_generate',
  request: ({ model, stream, limit, results }) => ({
    model,
    stream,
    maxTokens: limit,
    // Links each result to the call that an earlier answer asked for.
    toolResults: results?.map(({ ref }) => ref),
  }),
  folder: () => new Folder(),
  response: ({ ref, model, done, consumed, wants }) => ({
    response: {
      id: ref,
      model,
      finishReasons: done && [done],
      toolCalls: wants?.map(({ ref: id, tool }) => ({ id, name: tool })),
    },
    // What a provider does not say is absent, never 0.
    ...(consumed && { usage: { input: consumed.prompt, output: consumed.completion } }),
  }),
  input: ({ prompt }) => ({ input: [{ role: 'user', parts: [{ type: 'text', content: prompt }] }] }),
  output: ({ output, done }) => [
    { role: 'assistant', parts: [{ type: 'text', content: output }], finish_reason: done ?? 'error' },
  ],
});

export class AcmeProvider extends BaseProvider {
  name = 'acme';
  targets = [{ package: 'acme-ai', esm: ['index.mjs'], cjs: [] }];
  operations = [generate];
  tested = ['2'];

  override({ Acme }) {
    this.call(Acme?.prototype, 'generate', { operation: generate });
    this.attempt(Acme?.prototype, 'send');
  }
}
