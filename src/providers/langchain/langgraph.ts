/** LangGraph, version 1: a run of a graph is an agent's. What its nodes run goes by LangChain's core, and is seen there. */
import { patchClasses, targetsOf } from '../class-patches.ts';
import type { ClassPatch } from '../class-patches.ts';
import { frameworkError } from '../framework-events.ts';
import { runGenerator } from '../framework-method.ts';
import { beginGraph } from './langchain-run.ts';
import type { Provider } from '../provider.ts';

const CLASSES: readonly [ClassPatch, ...ClassPatch[]] = [
  {
    name: 'Pregel',
    target: { package: '@langchain/langgraph', esm: ['dist/pregel/index.js'], cjs: ['dist/pregel/index.cjs'] },
    // `invoke`, `stream` and all versions of `streamEvents` go by it.
    methods: { _streamIterator: (original) => runGenerator(original, beginGraph) },
  },
];

export const langgraph: Provider = {
  name: 'langgraph',
  targets: targetsOf(CLASSES),
  tested: ['1'],
  operations: [],
  patch: (found) => patchClasses('langgraph', CLASSES, found),
  error: frameworkError,
};
