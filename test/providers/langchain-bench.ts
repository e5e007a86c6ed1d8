/** What the tests of LangChain and LangGraph have in common: the packages in both formats, a stand-in that answers as OpenAI does, and the tree of what was recorded. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { hub } from '../../src/events/ports.ts';
import { undoAll } from '../../src/patch/registry.ts';
import { langchain } from '../../src/providers/langchain/langchain.ts';
import { langgraph } from '../../src/providers/langchain/langgraph.ts';
import { openai } from '../../src/providers/openai/openai.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { recordInMemory } from '../../src/testing/in-memory-recorder.ts';
import type { InMemoryEvent, InMemoryRecorder } from '../../src/testing/in-memory-recorder.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { Answer, StandIn } from '../../src/testing/stand-in.ts';
import { chatCompletion } from '../../src/testing/wire.ts';

const require = createRequire(import.meta.url);
const modules = join(import.meta.dirname, '../../node_modules');

export type Format = 'esm' | 'cjs';
export const FORMATS: readonly Format[] = ['esm', 'cjs'];

/** A module of a package as an app of this format has it. */
export async function load(specifier: string, format: Format): Promise<any> {
  return format === 'cjs' ? require(specifier) : await import(specifier);
}

/** Loads every module of a provider's targets in one format and patches it, as reach would. */
export async function patchAll(provider: Provider, format: Format): Promise<{ patched: string[]; missing: string[] }> {
  const reports = provider.targets.map(async (target) => {
    const file = join(modules, target.package, target[format][0]!);
    const namespace: object = format === 'cjs' ? require(file) : await import(pathToFileURL(file).href);
    return provider.patch({ namespace, target });
  });
  const all = await Promise.all(reports);
  return { patched: all.flatMap(({ patched }) => patched), missing: all.flatMap(({ missing }) => missing) };
}

/** The packages of one format, patched, with a model that asks a stand-in. */
export class Bench {
  readonly format: Format;
  recorder: InMemoryRecorder = null as never;
  server: StandIn = null as never;
  lib: any;

  constructor(format: Format) {
    this.format = format;
  }

  async start(answer: Answer = () => ({ body: chatCompletion() })): Promise<void> {
    const names = {
      openai: '@langchain/openai',
      graph: '@langchain/langgraph',
      prebuilt: '@langchain/langgraph/prebuilt',
      tools: '@langchain/core/tools',
      runnables: '@langchain/core/runnables',
      prompts: '@langchain/core/prompts',
      parsers: '@langchain/core/output_parsers',
      fakes: '@langchain/core/utils/testing',
      messages: '@langchain/core/messages',
      outputs: '@langchain/core/outputs',
      chat: '@langchain/core/language_models/chat_models',
      llms: '@langchain/core/language_models/llms',
      retrievers: '@langchain/core/retrievers',
      caches: '@langchain/core/caches',
      tracer: '@langchain/core/tracers/tracer_langchain',
      promises: '@langchain/core/callbacks/promises',
      sdk: 'openai',
    };
    const loaded = await Promise.all(Object.entries(names).map(async ([name, from]) => [name, await load(from, this.format)]));
    this.lib = Object.fromEntries(loaded);
    await patchAll(langchain, this.format);
    await patchAll(langgraph, this.format);
    openai.patch({ namespace: this.lib.sdk });
    this.recorder = recordInMemory();
    this.server = await startStandIn(answer);
  }

  async stop(): Promise<void> {
    hub.recorder = null;
    undoAll();
    await this.server.close();
  }

  model(fields: object = {}): any {
    const configuration = { baseURL: this.server.url };
    return new this.lib.openai.ChatOpenAI({ model: 'gpt-4.1-mini', apiKey: 'k', maxRetries: 0, configuration, ...fields });
  }

  /** The SDK under LangChain, used by the app itself. */
  client(): any {
    return new this.lib.sdk.OpenAI({ apiKey: 'k', baseURL: this.server.url, maxRetries: 0 });
  }

  /** One line an event, indented below its parent: what it is and how it ended. */
  tree(events: readonly InMemoryEvent[] = this.recorder.events): string[] {
    const lines = (parent: InMemoryEvent | null, depth: number): string[] =>
      events
        .filter((event) => event.parent === parent)
        .flatMap((event) => [`${'  '.repeat(depth)}${event.type} ${event.name}: ${event.status}`, ...lines(event, depth + 1)]);
    return lines(null, 0);
  }

  only(name: string): InMemoryEvent {
    const found = this.recorder.events.filter((event) => event.name === name);
    if (found.length !== 1) throw new Error(`${found.length} events are called ${name}: ${this.tree().join('; ')}`);
    return found[0]!;
  }

  /** Sums of what the LLM events say. */
  tokens(): { input: number; output: number } {
    const sum = { input: 0, output: 0 };
    for (const { outcome } of this.recorder.calls) {
      sum.input += outcome?.usage?.input ?? 0;
      sum.output += outcome?.usage?.output ?? 0;
    }
    return sum;
  }
}
