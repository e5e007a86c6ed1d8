/** Providers that each break one promise, as instrumentation in the field does: the contract suite must name it. */
import { replaceMethod } from '../../src/patch/registry.ts';
import type { Method } from '../../src/patch/registry.ts';
import { callMethod } from '../../src/providers/call-method.ts';
import { chatCompletions } from '../../src/providers/openai/chat-completions.ts';
import type { Operation } from '../../src/providers/contract.ts';
import { stainlessError } from '../../src/providers/errors.ts';
import { openai } from '../../src/providers/openai/openai.ts';
import type { Provider } from '../../src/providers/provider.ts';

/** OpenAI's provider, but for `create` of chat completions. */
function withCreate(make: (original: Method, observed: (original: Method, operation?: Operation) => Method) => Method): Provider {
  const observed = (original: Method, operation = chatCompletions): Method =>
    callMethod(original, { provider: 'openai', operation, error: stainlessError });
  return {
    ...openai,
    patch(found) {
      const owner = (found.namespace as any).OpenAI?.Chat?.Completions?.prototype;
      if (owner) replaceMethod(owner, 'create', 'broken create', (original) => make(original, observed));
      // What is replaced already stays as it is.
      return openai.patch(found);
    },
  };
}

/** Asks for the outcome on the side: then it is handled, and the lazy promise has begun to read. */
const swallowing = withCreate((original, observed) => {
  const create = observed(original);
  return function (...args) {
    const promise = Reflect.apply(create, this, args);
    promise.then(
      () => {},
      () => {},
    );
    return promise;
  };
});

/** Gives a promise of its own for the one of the SDK. */
const awaiting = withCreate((original, observed) => {
  const create = observed(original);
  return async function (...args) {
    return await Reflect.apply(create, this, args);
  };
});

/** Splits each stream, and reads one branch for itself. */
const teeing = withCreate((original, observed) => {
  const create = observed(original);
  return function (...args) {
    const promise = Reflect.apply(create, this, args);
    if (args[0]?.stream !== true) return promise;
    return promise._thenUnwrap((stream: any) => {
      const [ours, theirs] = stream.tee();
      void (async () => {
        for await (const _ of ours);
      })().catch(() => {});
      return theirs;
    });
  };
});

/** Observes twice, as where a helper and the method below it are both patched. */
const doubling = withCreate((original, observed) => observed(observed(original)));

/** Leaves a mark on each chunk. */
const marking = withCreate((original, observed) => {
  const assembler: Operation['assembler'] = () => {
    const inner = chatCompletions.assembler!();
    return {
      push(chunk: any) {
        chunk.seen = true;
        inner.push(chunk);
      },
      result: () => inner.result(),
    };
  };
  return observed(original, { ...chatCompletions, assembler });
});

/** Counts the characters of the answer among the facts, and quotes it there. */
const telling = withCreate((original, observed) => {
  const response: Operation['response'] = (body: any) => {
    const facts = chatCompletions.response(body);
    return { ...facts, response: { ...facts.response, status: String(body?.choices?.[0]?.message?.content) } };
  };
  return observed(original, { ...chatCompletions, response });
});

/** Says 0 where the provider says nothing. */
const guessing = withCreate((original, observed) => {
  const response: Operation['response'] = (body) => {
    const facts = chatCompletions.response(body);
    return { ...facts, usage: { input: 0, output: 0, ...facts.usage } };
  };
  return observed(original, { ...chatCompletions, response });
});

/** Forgets which calls the results are of. */
const forgetting = withCreate((original, observed) => {
  const request: Operation['request'] = (body) => {
    const { toolResults: _, ...facts } = chatCompletions.request(body);
    return facts;
  };
  return observed(original, { ...chatCompletions, request });
});

/** Tells of every result of the conversation, again in each turn. */
const retelling = withCreate((original, observed) => {
  const request: Operation['request'] = (body: any) => {
    const results = body.messages.filter((message: any) => message.role === 'tool');
    const ids = results.map((message: any) => message.tool_call_id);
    return { ...chatCompletions.request(body), ...(ids.length > 0 && { toolResults: ids }) };
  };
  return observed(original, { ...chatCompletions, request });
});

/** Holds each chunk back until the next one is there. */
const holding = withCreate((original, observed) => {
  const create = observed(original);
  return function (...args) {
    const promise = Reflect.apply(create, this, args);
    if (args[0]?.stream !== true) return promise;
    return promise._thenUnwrap((stream: any) => {
      const { iterator } = stream;
      stream.iterator = async function* () {
        let held: unknown;
        for await (const chunk of {
          [Symbol.asyncIterator]: () => Reflect.apply(iterator, stream, []) as AsyncIterator<unknown>,
        }) {
          if (held !== undefined) yield held;
          held = chunk;
        }
        if (held !== undefined) yield held;
      };
      return stream;
    });
  };
});

/** Throws in its own code, where hindcast catches it: the app notices nothing. */
const faulty = withCreate((original, observed) => {
  const assembler: Operation['assembler'] = () => {
    const inner = chatCompletions.assembler!();
    let chunks = 0;
    return {
      push(chunk) {
        inner.push(chunk);
        if (++chunks === 2) throw new TypeError('a fault of the provider');
      },
      result: () => inner.result(),
    };
  };
  return observed(original, { ...chatCompletions, assembler });
});

/** Leaves its replacement where it is. */
const staying: Provider = {
  ...openai,
  patch(found) {
    const owner = (found.namespace as any).OpenAI?.Embeddings?.prototype;
    const original: Method | undefined = owner?.create;
    if (original !== undefined && original.name !== 'stays') {
      owner.create = function stays(this: unknown, ...args: unknown[]) {
        return Reflect.apply(original, this, args) as unknown;
      };
    }
    return openai.patch(found);
  },
};

export const broken = {
  swallowing,
  awaiting,
  teeing,
  doubling,
  marking,
  telling,
  guessing,
  forgetting,
  retelling,
  holding,
  faulty,
  staying,
};
