/** The contract suite can fail: each of these providers breaks one promise. The checks of that promise fail, and no others. */
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import type { Provider } from '../../src/providers/provider.ts';
import { providerContract } from '../../src/testing/contract/suite.ts';
import { openaiSpec } from '../providers/openai-spec.ts';
import { broken } from './broken-providers.ts';

const load = (): unknown => createRequire(import.meta.url)('openai');

/** What the promise itself looks like, and what is asked of it beside the answer. */
const PROMISE =
  /nobody in the hub|structured|cannot parse|transparent: (an answer(?! that is no JSON)|a retry|a stream(?! that the provider refuses))|raw answers: asResponse( in metadata|: the)|recorder whose/;
const STREAM_READ =
  /transparent: (a stream(?! that the provider refuses)|the steps)|tee get|ReadableStream|frozen|recorder whose `(?!open)/;

const BROKEN: Record<keyof typeof broken, { fails: (name: string) => boolean; says: RegExp }> = {
  swallowing: { fails: (name) => PROMISE.test(name) || name.includes('nobody asks'), says: /the unhandled rejection/ },
  awaiting: { fails: (name) => PROMISE.test(name) || /raw answers/.test(name), says: /asResponse is not a function/ },
  teeing: {
    fails: (name) =>
      /transparent: (a stream(?! that the provider refuses)|the steps)/.test(name) ||
      /a break after|before anybody read it|second reader|that nobody reads/.test(name),
    says: /One LLM|cancelled/,
  },
  doubling: {
    fails: (name) => !/transparent|undo|unknown|own faults|in the hub|embeddings|not held back|a tool that throws/.test(name),
    says: /One LLM event is expected; there are 2: \[chat gpt-5-mini: ok, chat gpt-5-mini: ok\]/,
  },
  marking: { fails: (name) => STREAM_READ.test(name), says: /\+ .*seen/ },
  telling: {
    fails: (name) => /V1 privacy: (in metadata mode the facts are|nothing)/.test(name),
    says: /canary-in-what-was-said/,
  },
  guessing: { fails: (name) => /says nothing of tokens/.test(name), says: /tokens: / },
  forgetting: { fails: (name) => /linked to it in the next/.test(name), says: /results told of, by request: / },
  retelling: { fails: (name) => /linked to it in the next/.test(name), says: /results told of, by request: / },
  holding: {
    fails: (name) => /not held back|with an error in it|knows of the end|a break after/.test(name),
    says: /It never came: \d chunks of a stream that goes on/,
  },
  faulty: {
    fails: (name) =>
      (STREAM_READ.test(name) && !/throw out/.test(name)) ||
      /answers a stream|P5 streams: a stream (read|cut)|streams: where|facts of a stream|knows of|not held/.test(name) ||
      /reset in|error event|helper it is|second reader|fragments/.test(name),
    says: /patch\.chunk(?: again, at first)?: TypeError/,
  },
  staying: { fails: (name) => /identical originals|looks like the original/.test(name), says: /is not the identical original/ },
};

async function failuresOf(provider: Provider): Promise<{ all: string[]; failed: string[]; messages: string }> {
  const checks = providerContract({ ...openaiSpec, provider, load }).filter(({ skip }) => skip === false);
  const errors: [string, unknown][] = [];
  for (const { name, run } of checks) await run().catch((error: unknown) => errors.push([name, error]));
  const messages = errors.map(([, error]) => (error as Error).message).join('\n');
  return { all: checks.map(({ name }) => name), failed: errors.map(([name]) => name), messages };
}

/** A check that fails in the middle leaves calls behind that nobody waits for. */
async function withoutUnhandled<T>(run: () => Promise<T>): Promise<T> {
  const listeners = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', () => {});
  try {
    const result = await run();
    await new Promise((resolve) => setTimeout(resolve, 20));
    return result;
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const listener of listeners) process.on('unhandledRejection', listener);
  }
}

describe('a broken provider fails, and only where it is broken', () => {
  test.each(Object.entries(BROKEN))('%s', async (name, { fails, says }) => {
    const { all, failed, messages } = await withoutUnhandled(() => failuresOf(broken[name as keyof typeof broken]));
    expect(failed).toEqual(all.filter(fails));
    expect(failed).not.toEqual([]);
    expect(messages).toMatch(says);
  });
});
