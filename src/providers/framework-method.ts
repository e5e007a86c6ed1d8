/**
 * A method of a framework whose every call is an event: it is open from the call until its promise has settled, or until its generator has been read or left. What the method
 * does meanwhile happens inside of the event, whichever ids the framework itself would know it by.
 */
import { guard } from '../core/diagnostics.ts';
import { hub } from '../events/ports.ts';
import type { OpenEvent } from '../events/ports.ts';
import { observeIterator } from '../patch/observe-stream.ts';
import type { StreamEnd, StreamSink } from '../patch/observe-stream.ts';
import { isPlainPromise, looking, setOwn } from '../patch/own-member.ts';
import type { Method } from '../patch/registry.ts';
import { runInside } from '../patch/run-inside.ts';

/** One call of such a method. Exactly one of `returned` and `threw` is called, and it ends the event. */
export interface MethodRun {
  readonly event: OpenEvent;
  returned(value: unknown): void;
  threw(error: unknown): void;
}

/** One call of a method that gives an async generator: what is read from it, and how it ends. */
export interface GeneratorRun {
  readonly event: OpenEvent;
  /** What stops it from outside. */
  readonly signal?: AbortSignal | undefined;
  chunk(chunk: unknown): void;
  /** Ends the event. */
  ended(end: StreamEnd): void;
}

/** Begins the event of a call; null for one that is to be none. `args` must not be changed. */
export type Begin<R> = (self: any, args: readonly any[]) => R | null;

/** `original`, whose calls are events. A plain promise gets a link in its chain; anything else is taken as the value. */
export function runMethod(original: Method, begin: Begin<MethodRun>): Method {
  return function (this: any, ...args: any[]) {
    if (hub.recorder === null) return Reflect.apply(original, this, args);
    const run = guard('framework.begin', () => begin(this, args), null);
    return run === null
      ? Reflect.apply(original, this, args)
      : runCall(run, () => Reflect.apply(original, this, args) as unknown);
  };
}

/** Makes `call` inside of the event of `run`, and tells that how it came out. */
export function runCall(run: MethodRun, call: () => unknown): unknown {
  let given: any;
  try {
    given = runInside(run.event, call);
  } catch (error) {
    looking('framework.threw', () => run.threw(error));
    throw error;
  }
  if (!isPlainPromise(given)) {
    looking('framework.returned', () => run.returned(given));
    return given;
  }
  // A link in the chain, not a look from the side: that would count as somebody having handled a rejection that nobody did.
  return given.then(
    (value: unknown) => {
      looking('framework.returned', () => run.returned(value));
      return value;
    },
    (error: unknown) => {
      looking('framework.threw', () => run.threw(error));
      throw error;
    },
  );
}

/** `original`, which gives an async generator, whose calls are events. The generator is the same object. */
export function runGenerator(original: Method, begin: Begin<GeneratorRun>): Method {
  return function (this: any, ...args: any[]) {
    if (hub.recorder === null) return Reflect.apply(original, this, args);
    const run = guard('framework.begin', () => begin(this, args), null);
    // Nothing of the generator's body runs before it is asked for the first time.
    const generator: unknown = Reflect.apply(original, this, args);
    if (run !== null) looking('framework.generator', () => watchGenerator(generator, run));
    return generator;
  };
}

/** Runs every turn of an async generator that nobody has asked yet inside of its event, whoever asks for it. */
function watchGenerator(generator: any, run: GeneratorRun): void {
  const reader = new GeneratorReader(run);
  for (const name of ['next', 'return', 'throw'] as const) {
    const original: Method = generator[name];
    setOwn(generator, name, function (this: unknown, ...args: unknown[]) {
      if (name === 'next') reader.asked();
      return runInside(run.event, () => Reflect.apply(original, this, args) as unknown);
    });
  }
  reader.leave = observeIterator(generator, reader);
}

/** Who reads a generator. An abort may end that without a word to the generator: whoever raced the two asks no more. */
class GeneratorReader implements StreamSink {
  readonly #run: GeneratorRun;
  readonly #aborted = (): void => {
    if (this.#waiting === 0) this.leave();
  };
  #waiting = 0;
  leave = (): void => {};

  constructor(run: GeneratorRun) {
    this.#run = run;
    run.signal?.addEventListener('abort', this.#aborted);
  }

  asked(): void {
    this.#waiting++;
  }

  chunk(chunk: unknown): void {
    this.#waiting--;
    this.#run.chunk(chunk);
    if (this.#run.signal?.aborted === true) this.leave();
  }

  ended(end: StreamEnd): void {
    // The signal may be one that outlives many calls.
    this.#run.signal?.removeEventListener('abort', this.#aborted);
    this.#run.ended(end);
  }

  hidden(): void {
    this.ended({ how: 'left' });
  }
}
