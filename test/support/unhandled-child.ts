/**
 * A program that drops promises of an SDK in every way there is, and prints what Node says of it. Arguments: package, `openai` or `anthropic`, `patched` or `bare`.
 * It ends by dropping one that nobody handles: the exit code is part of what is compared.
 */
import { createRequire } from 'node:module';
import { setTimeout as wait } from 'node:timers/promises';
import { anthropic } from '../../src/providers/anthropic/anthropic.ts';
import { openai } from '../../src/providers/openai/openai.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import { chatCompletion, openaiError } from '../../src/testing/wire.ts';
import { recordInMemory } from '../../src/testing/in-memory-recorder.ts';

const [, , packageName, provider, mode] = process.argv;
const sdk = createRequire(import.meta.url)(packageName!);
if (mode === 'patched') {
  (provider === 'openai' ? openai : anthropic).patch({ namespace: sdk });
  recordInMemory();
}

// The model is the name of the case, and comes back in the error: so it does not matter when Node tells of it.
const server = await startStandIn(({ json }) =>
  json.model.startsWith('bad') ? openaiError({ status: 400, message: json.model }) : { body: chatCompletion() },
);
const client = new (provider === 'openai' ? sdk.OpenAI : sdk.Anthropic)({ apiKey: 'k', baseURL: server.url, maxRetries: 0 });
const create = (model: string): any =>
  provider === 'openai'
    ? client.chat.completions.create({ model, messages: [] })
    : client.messages.create({ model, max_tokens: 1, messages: [] });

const LATE_MS = 700;
const drops: Record<string, (model: string) => unknown> = {
  nothing: create,
  then: (model) => create(model).then(() => 0),
  parse: (model) => create(model).parse(),
  asResponse: (model) => create(model).asResponse(),
  withResponse: (model) => create(model).withResponse(),
  finally: (model) => create(model).finally(() => 0),
  unwrap: (model) => create(model)._thenUnwrap((it: unknown) => it),
  'unwrap, then': (model) =>
    create(model)
      ._thenUnwrap((it: unknown) => it)
      .then(() => 0),
  'unwrap that throws': (model) =>
    create(model)
      ._thenUnwrap(() => {
        throw new Error(`in the transform of ${model}`);
      })
      .then(() => 0),
  caught: (model) => create(model).catch(() => 0),
  'caught late': (model) => {
    const promise = create(model);
    setTimeout(() => promise.catch(() => 0), LATE_MS);
    return promise;
  },
  'parse and then': (model) => {
    const promise = create(model);
    void promise.parse();
    return promise.catch(() => 0);
  },
  twice: (model) => {
    const promise = create(model);
    void promise.then(() => 0);
    return promise.then(() => 1);
  },
};

const seen: string[] = [];
const onUnhandled = (error: any): void => void seen.push(`${error.constructor.name} ${error.message}`);
const onHandled = (promise: Promise<unknown>): void => {
  promise.catch((error: any) => seen.push(`handled after all: ${error.message}`));
};
process.on('unhandledRejection', onUnhandled);
process.on('rejectionHandled', onHandled);
for (const [name, drop] of Object.entries(drops)) {
  for (const kind of ['bad', 'good']) void drop(`${kind}: ${name}`);
}
// The late handler comes after `LATE_MS`, on a busy machine too.
await wait(3 * LATE_MS);
process.off('unhandledRejection', onUnhandled);
seen.sort();
process.stdout.write(`${JSON.stringify(seen)}\n`);
void create('bad: the last');
await wait(10_000);
