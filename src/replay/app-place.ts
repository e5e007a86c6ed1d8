/** Where the app opened something, so that what comes of it later runs there: in its async scopes, and at places of its own. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { childOf, currentNode, numbered, runAt } from './lineage.ts';
import type { LineageNode } from './lineage.ts';

/** Keeps these places apart from those of promises, timers and immediates. */
const SALT = 0x2000_0000;

export class AppPlace {
  readonly #node: LineageNode;
  readonly #inScope = AsyncLocalStorage.snapshot();

  /** Of the running code, or `node`. */
  constructor(node: LineageNode = childOf(currentNode(), SALT)) {
    this.#node = node;
  }

  /** Runs `fn` at the next place of this one. */
  run<T>(fn: () => T): T {
    return this.#run(childOf(this.#node), fn);
  }

  /** Runs `fn` at the place of that number: the same each time, but for what was made there before. */
  runAs<T>(number: number, fn: () => T): T {
    return this.#run(numbered(this.#node, SALT + number), fn);
  }

  #run<T>(node: LineageNode, fn: () => T): T {
    return this.#inScope(() => runAt(node, fn)) as T;
  }
}
