/**
 * LangChain's core, version 1. Seen are its methods that run something, not its callbacks: with no handler and no manager of ours, what an app gets in `config.callbacks`, in run trees and
 * in ids of messages is what it gets without us, and code that runs in a tool or a lambda runs inside of its event without a word from the app.
 */
import { guard } from '../../core/diagnostics.ts';
import { hub } from '../../events/ports.ts';
import type { ModuleTarget } from '../../patch/reach.ts';
import type { Method } from '../../patch/registry.ts';
import { runInside } from '../../patch/run-inside.ts';
import { patchClasses, targetsOf } from '../class-patches.ts';
import type { ClassPatch } from '../class-patches.ts';
import { items } from '../fields.ts';
import { frameworkError } from '../framework-events.ts';
import { runGenerator, runMethod } from '../framework-method.ts';
import { langchainChat, langchainCompletion } from './langchain-chat.ts';
import { generateChat, generateText, streamModel, streamProtocol } from './langchain-model.ts';
import { beginBinding, beginChain, beginRetriever, beginTool } from './langchain-run.ts';
import type { Provider } from '../provider.ts';

function module(path: string): ModuleTarget {
  return { package: '@langchain/core', esm: [`dist/${path}.js`], cjs: [`dist/${path}.cjs`] };
}

const runnables = module('runnables/base');

const chain = (original: Method): Method => runMethod(original, (self, [given, config]) => beginChain(self, config, given));
/** Its first configuration stands for the whole batch, which is one event. */
const batch = (original: Method): Method =>
  runMethod(original, (self, [given, configs]) => beginChain(self, Array.isArray(configs) ? configs[0] : configs, given));
const stream = (original: Method): Method => runGenerator(original, (self, [given, config]) => beginChain(self, config, given));
/** Methods that are given a function to run, then the input, then the configuration. */
const ofFunction = (original: Method): Method =>
  runMethod(original, (self, [, given, config]) => beginChain(self, config, given));
const batchOfFunction = (original: Method): Method =>
  runMethod(original, (self, [, given, configs]) => beginChain(self, items(configs)[0] ?? configs, given));
const ofGenerator = (original: Method): Method => runGenerator(original, (self, [, , config]) => beginChain(self, config));

/**
 * A queue with a limit starts what waits in it from wherever something else has ended. Without a limit a call starts where it was made.
 */
function queued(original: Method): Method {
  return function (this: any, ...args: any[]) {
    const at = args.findIndex((arg) => typeof arg === 'function');
    const isFree = at < 0 || !Number.isFinite(this.maxConcurrency);
    const event = isFree ? null : guard('langchain.queue', () => hub.recorder?.current() ?? null, null);
    if (event === null) return Reflect.apply(original, this, args);
    const callable = args[at] as Method;
    const inside = (...given: unknown[]): unknown => runInside(event, () => callable(...given) as unknown);
    return Reflect.apply(original, this, args.with(at, inside));
  };
}

const CLASSES: readonly [ClassPatch, ...ClassPatch[]] = [
  {
    name: 'BaseChatModel',
    target: module('language_models/chat_models'),
    methods: {
      _generateUncached: generateChat,
      _streamIterator: (original, prototype) => streamModel(original, prototype, langchainChat),
      streamEvents: streamProtocol,
    },
  },
  {
    name: 'BaseLLM',
    target: module('language_models/llms'),
    methods: {
      _generateUncached: generateText,
      _streamIterator: (original, prototype) => streamModel(original, prototype, langchainCompletion),
    },
  },
  { name: 'StructuredTool', target: module('tools/index'), methods: { call: (original) => runMethod(original, beginTool) } },
  {
    name: 'BaseRetriever',
    target: module('retrievers/index'),
    methods: { invoke: (original) => runMethod(original, beginRetriever) },
  },
  {
    name: 'Runnable',
    target: runnables,
    methods: { _callWithConfig: ofFunction, _batchWithConfig: batchOfFunction, _transformStreamWithConfig: ofGenerator },
  },
  { name: 'RunnableSequence', target: runnables, methods: { invoke: chain, batch, _streamIterator: stream } },
  { name: 'RunnableBinding', target: runnables, methods: { invoke: (original) => runMethod(original, beginBinding) } },
  { name: 'RunnableMap', target: runnables, methods: { invoke: chain } },
  { name: 'RunnableWithFallbacks', target: runnables, methods: { invoke: chain, batch, _streamIterator: stream } },
  { name: 'AsyncCaller', target: module('utils/async_caller'), methods: { call: queued, callWithOptions: queued } },
];

export const langchain: Provider = {
  name: 'langchain',
  targets: targetsOf(CLASSES),
  tested: ['1'],
  operations: [langchainChat, langchainCompletion],
  patch: (found) => patchClasses('langchain', CLASSES, found),
  error: frameworkError,
};
