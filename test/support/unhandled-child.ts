/**
 * A program that drops promises of an SDK in every way there is, and prints what Node says of it. Arguments: package, `openai` or `anthropic`, `patched` or `bare`.
 * It ends by dropping one that nobody handles: the exit code is part of what is compared.
 */
import { createRequire } from 'node:module';
import { setImmediate as turn } from 'node:timers/promises';
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

/** Round trips that follow the last answer: what that answer brings about has come to pass by then, however busy the machine is. */
const ROUNDS = 5;
const LATE = 'bad: caught late';
let catchLate = (): void => {};
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
    if (model === LATE) catchLate = () => promise.catch(() => 0);
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
const onUnhandled = (error: any): void => {
  seen.push(`${error.constructor.name} ${error.message}`);
  // Late is when Node has told of it.
  if (error.message.includes(LATE)) setImmediate(catchLate);
};
const onHandled = (promise: Promise<unknown>): void => {
  promise.catch((error: any) => seen.push(`handled after all: ${error.message}`));
};
process.on('unhandledRejection', onUnhandled);
process.on('rejectionHandled', onHandled);
for (const [name, drop] of Object.entries(drops)) {
  for (const kind of ['bad', 'good']) void drop(`${kind}: ${name}`);
}
const dropped = 2 * Object.keys(drops).length;
while (server.requests.length < dropped) await turn();
for (let round = 0; round < ROUNDS; round++) await create(`good: round ${round}`);
process.off('unhandledRejection', onUnhandled);
seen.sort();
process.stdout.write(`${JSON.stringify(seen)}\n`);
void create('bad: the last');
// The server holds the process until that has ended it.
await new Promise(() => {});
