/**
 * Who asks. A node is a place in the causal tree of the program: each promise is a child of the one in whose code it was made, the how many-th of it. In two runs of a program the
 * same code stands at the same node, however its concurrent parts interleave, because a part only counts what it does itself.
 */
import { AsyncLocalStorage, executionAsyncId } from 'node:async_hooks';
import v8 from 'node:v8';
import { PLACES_FLAG } from '../events/lines.ts';
import { isTranslating, whoRuns } from './call-site.ts';

/** A place in the program. Its identity is 64 bits mixed from those of its parent and its number there: no collision in 9 million nodes of three shapes. */
export class LineageNode {
  readonly a: number;
  readonly b: number;
  /** None of the app's: of hindcast, or of Node's own HTTP client. */
  readonly internal: boolean;
  /** How many children it has, how many requests it has sent, how many channels it has opened, and how many events began there. */
  children = 0;
  requests = 0;
  channels = 0;
  events = 0;

  constructor(a: number, b: number, internal: boolean) {
    this.a = a;
    this.b = b;
    this.internal = internal;
  }

  /** 16 hex digits. */
  get id(): string {
    return hex(this.a) + hex(this.b);
  }
}

const hex = (half: number): string => (half >>> 0).toString(16).padStart(8, '0');

/** The async id of a main script's own code, which runs once and in one order, unlike the callbacks of Node that no promise carries. */
const MAIN_SCRIPT = 1;
/** A program of which so many promises were made by other than the loader has begun, wherever its code is. */
const LOOKS_MAX = 2_000;

const ROOT_A = 0x12345678;
const ROOT_B = 0x0badf00d;
const INTERNAL = new LineageNode(0, 0, true);
let root = new LineageNode(ROOT_A, ROOT_B, false);

/** What code outside of every promise is given: the identity of the root, with numbers of its own, because in which order such code comes differs from run to run. */
const rootAgain = (): LineageNode => new LineageNode(ROOT_A, ROOT_B, false);

/** A place that is there before any code of the app's runs, for what comes into the process itself; `salt` keeps several of them apart. */
export function processPlace(salt: number): LineageNode {
  return new LineageNode(ROOT_A ^ salt, ROOT_B, false);
}

/** The next child of `parent`: a promise, or what `salt` keeps apart from those. */
export function childOf(parent: LineageNode, salt = 0): LineageNode {
  return parent.internal ? parent : numbered(parent, ++parent.children + salt);
}

/** More than a place has children. */
const APART = 0x10_0000;
let apartBy = APART;

/** Has places be numbered as in a recording with those flags: without `PLACES_FLAG` a child by one way is the same as one by another way that comes a few later. */
export function numberAsIn(flags: readonly number[]): void {
  apartBy = flags.includes(PLACES_FLAG) ? APART : 1;
}

/** The next child of `parent` that comes about by other than a promise. `way`, from 1 to 63, says by what. */
export function childBy(parent: LineageNode, way: number): LineageNode {
  return childOf(parent, way * apartBy);
}

/** The child of `parent` with that number, which is not counted: of things that are numbered elsewhere. */
export function numbered(parent: LineageNode, number: number): LineageNode {
  if (parent.internal) return parent;
  let a = Math.imul(parent.a ^ number, 0x9e3779b1);
  a = Math.imul(a ^ (a >>> 15), 0x85ebca6b);
  a ^= a >>> 13;
  let b = Math.imul((parent.b + number) | 0, 0xc2b2ae35);
  b ^= b >>> 16;
  b = Math.imul(b ^ (a >>> 7), 0x27d4eb2f);
  return new LineageNode(a, b, false);
}

/** Hands back the object that it is given, so that a class that extends it puts its private field there. */
const Given = function (this: unknown, object: object): object {
  return object;
} as unknown as new (object: object) => object;

/** The node of a promise, in a private field: nothing that the app can list, print or copy, and as fast as a field of its own. */
class Stamp extends Given {
  #node: LineageNode | undefined;

  static put(promise: object, node: LineageNode): void {
    const stamped: Stamp = new Stamp(promise);
    stamped.#node = node;
  }

  static of(promise: object): LineageNode | null {
    return #node in promise ? ((promise as Stamp).#node ?? null) : null;
  }
}

/** The node whose code runs; null outside of every promise reaction and of everything that was carried. */
let current: LineageNode | null = null;
const outer: (LineageNode | null)[] = [];
const apart = new AsyncLocalStorage<true>();
/**
 * Until the app's own code runs, every promise is the root: the promises of the module loader, whose number differs between versions of Node and loaders, leave no trace. It runs
 * when a promise is made with a file of the app's on the stack, or something that is patched is used.
 */
let begun = false;
let looks = 0;

/** The node of code that was carried nowhere. */
let elsewhere = (): LineageNode => root;

/** The node of the running code. */
export function currentNode(): LineageNode {
  const node = current ?? (apart.getStore() === true ? INTERNAL : elsewhere());
  if (node.internal || begun) return node;
  // What a loader does before the program, and does not do once it has it in a cache, begins nothing.
  if (isTranslating()) return INTERNAL;
  begun = true;
  return node;
}

/** Whether the running code is none of the app's. Asking begins nothing, unlike `currentNode`. */
export function isInternal(): boolean {
  return current === null ? apart.getStore() === true : current.internal;
}

/** Whether the running code is not the program's: it is none of the app's, or a loader's that translates files. */
export function isForeign(): boolean {
  return isInternal() || isTranslating();
}

/** The node of the running code, where it is the app's and was carried to it: what is scheduled here without a promise belongs to it. */
export function runningNode(): LineageNode | null {
  return current === null || current.internal ? null : current;
}

/** Runs `fn` as code of `node`. */
export function runAt<T>(node: LineageNode, fn: () => T): T {
  const before = current;
  current = node;
  try {
    return fn();
  } finally {
    current = before;
  }
}

/** Runs `fn`, and whatever follows from it, as none of the app's. */
export function internally<T>(fn: () => T): T {
  return runAt(INTERNAL, () => apart.run(true, fn));
}

/** Runs `fn` as none of the app's. What it leaves to be called back is nobody's, as what Node leaves is. */
export function asNobody<T>(fn: () => T): T {
  return runAt(INTERNAL, fn);
}

/** Whether the program's own code runs by now. What the loader does says nothing of it, however long it takes. */
function hasBegun(): boolean {
  const who = whoRuns();
  return who === 'app' || (who === 'others' && ++looks > LOOKS_MAX);
}

/** Whose child a promise is that is made now; null: it is the root itself. */
function parentOfNew(): LineageNode | null {
  const parent = current ?? (apart.getStore() === true ? INTERNAL : executionAsyncId() === MAIN_SCRIPT ? root : null);
  if (parent === null || parent.internal) return parent;
  begun ||= hasBegun();
  return begun ? parent : null;
}

let follows: boolean | undefined;

/** Whether promises can be followed here. Bun has the functions of `v8.promiseHooks`, and they throw. */
export function canFollowPromises(): boolean {
  return (follows ??= hasPromiseHooks());
}

function hasPromiseHooks(): boolean {
  try {
    const stop: unknown = v8.promiseHooks.createHook({ init: () => {} });
    (stop as () => void)();
    return true;
  } catch {
    return false;
  }
}

/** Where promises cannot be followed, code that no timer carries is where `placeOf` says, which is given the root. */
export function followElsewhere(placeOf: (root: LineageNode) => LineageNode): void {
  root = rootAgain();
  elsewhere = () => placeOf(root);
}

/** Begins to follow promises; returns what ends it. */
export function followPromises(): () => void {
  elsewhere = () => root;
  root = rootAgain();
  current = null;
  outer.length = 0;
  begun = false;
  looks = 0;
  const stop: unknown = v8.promiseHooks.createHook({
    init(promise) {
      const parent = parentOfNew();
      Stamp.put(promise, parent === null ? rootAgain() : childOf(parent));
    },
    before(promise) {
      outer.push(current);
      current = Stamp.of(promise);
    },
    after() {
      current = outer.pop() ?? null;
    },
  });
  return () => {
    (stop as () => void)();
    current = null;
    outer.length = 0;
  };
}
