/** The handler of a request of npm undici, whichever of its two forms it has: that of releases up to 7 (`onHeaders`), or that of 7 and later (`onResponseStart`). */
import type { Method } from '../patch/registry.ts';

/** What a handler may do to its request. */
export interface UndiciControl {
  abort(reason: unknown): void;
  /** It takes more again, after it did not. */
  resume(): void;
}

/** The head of an answer, with its headers as names and values by turns. */
export interface UndiciHead {
  status: number;
  raw: Buffer[];
  statusText: string;
}

/** Tells a handler of its request. Those that answer say whether the handler takes more. */
export interface UndiciTold {
  start(context: unknown): void;
  head(head: UndiciHead): boolean;
  piece(bytes: Buffer): boolean;
  end(trailers: Buffer[]): void;
  fail(error: unknown): void;
}

type Handler = Record<string, Method | undefined>;

/** Whether the handler has the later form. */
export const isLater = (handler: object): boolean => typeof (handler as Handler)['onRequestStart'] === 'function';

/** A handler as something that can be told. */
export function toldBy(handler: object, control: UndiciControl): UndiciTold {
  const given = handler as Handler;
  return isLater(handler) ? new Later(given, control) : earlier(given, control);
}

function earlier(handler: Handler, { abort, resume }: UndiciControl): UndiciTold {
  return {
    start: (context) => void handler['onConnect']?.(abort, context),
    head({ status, raw, statusText }) {
      if (status >= 200) handler['onResponseStarted']?.();
      return handler['onHeaders']?.(status, raw, resume, statusText) !== false;
    },
    piece: (bytes) => handler['onData']?.(bytes) !== false,
    end: (trailers) => void handler['onComplete']?.(trailers),
    fail: (error) => void handler['onError']?.(error),
  };
}

/** Is its own controller, as undici's is. */
class Later implements UndiciTold {
  readonly #handler: Handler;
  readonly #control: UndiciControl;
  rawHeaders: Buffer[] | undefined;
  rawTrailers: Buffer[] | undefined;
  paused = false;
  aborted = false;
  reason: unknown = null;

  constructor(handler: Handler, control: UndiciControl) {
    this.#handler = handler;
    this.#control = control;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.#control.resume();
  }

  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.#control.abort(reason);
  }

  start(context: unknown): void {
    this.#handler['onRequestStart']?.(this, context);
  }

  head({ status, raw, statusText }: UndiciHead): boolean {
    this.rawHeaders = raw;
    if (status >= 200) this.#handler['onResponseStarted']?.();
    this.#handler['onResponseStart']?.(this, status, headersOf(raw), statusText);
    return !this.paused;
  }

  piece(bytes: Buffer): boolean {
    this.#handler['onResponseData']?.(this, bytes);
    return !this.paused;
  }

  end(trailers: Buffer[]): void {
    this.rawTrailers = trailers;
    this.#handler['onResponseEnd']?.(this, headersOf(trailers));
  }

  fail(error: unknown): void {
    this.#handler['onResponseError']?.(this, error);
  }
}

/** Headers as the later form has them: names in lower case, values that come more than once as a list. */
function headersOf(raw: Buffer[]): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index]!.toString('latin1').toLowerCase();
    const value = raw[index + 1]!.toString('latin1');
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return headers;
}

/** Told by the network. */
export interface UndiciNetwork {
  started(control: UndiciControl, context: unknown): void;
  /** Those that answer say whether more may come. */
  headed(head: UndiciHead): boolean;
  pieced(bytes: Buffer): boolean;
  ended(trailers: Buffer[]): void;
  failed(error: unknown): void;
}

/** A handler of the same form as `handler`, for the network to tell; what is not told to `network` goes to `handler`. */
export function handlerFor(handler: object, network: UndiciNetwork): object {
  const given = handler as Handler;
  // What else the app's handler hears of, and members that undici looks at.
  const ours = Object.create(handler) as Handler;
  const pass = (name: string): Method | undefined => given[name] && ((...args: unknown[]) => given[name]?.(...args) as unknown);
  for (const name of ['onBodySent', 'onRequestSent', 'onUpgrade', 'onRequestUpgrade']) {
    const passed = pass(name);
    if (passed !== undefined) ours[name] = passed;
  }
  // Told together with the head.
  ours['onResponseStarted'] = () => {};
  return Object.assign(ours, isLater(handler) ? laterNetwork(network) : earlierNetwork(network));
}

function earlierNetwork(network: UndiciNetwork): Record<string, Method> {
  let control: UndiciControl | undefined;
  let goOn: () => void = () => {};
  return {
    onConnect: (abort: UndiciControl['abort'], context: unknown) => {
      control = { abort, resume: () => goOn() };
      network.started(control, context);
    },
    onHeaders: (status: number, raw: Buffer[], resume: () => void, statusText: string) => {
      goOn = resume;
      return network.headed({ status, raw, statusText });
    },
    onData: (bytes: Buffer) => network.pieced(bytes),
    onComplete: (trailers: Buffer[] | null) => network.ended(trailers ?? []),
    onError: (error: unknown) => network.failed(error),
  };
}

interface Controller {
  rawHeaders?: Buffer[];
  rawTrailers?: Buffer[];
  pause(): void;
  resume(): void;
  abort(reason: unknown): void;
}

function laterNetwork(network: UndiciNetwork): Record<string, Method> {
  const paced = (controller: Controller, more: boolean): void => {
    if (!more) controller.pause();
  };
  return {
    onRequestStart: (controller: Controller, context: unknown) =>
      network.started({ abort: (reason) => controller.abort(reason), resume: () => controller.resume() }, context),
    onResponseStart: (controller: Controller, status: number, headers: Record<string, string | string[]>, statusText = '') =>
      paced(controller, network.headed({ status, raw: controller.rawHeaders ?? rawOf(headers), statusText })),
    onResponseData: (controller: Controller, bytes: Buffer) => paced(controller, network.pieced(bytes)),
    onResponseEnd: (controller: Controller, trailers: Record<string, string | string[]> = {}) =>
      network.ended(controller.rawTrailers ?? rawOf(trailers)),
    onResponseError: (_controller: Controller, error: unknown) => network.failed(error),
  };
}

function rawOf(headers: Record<string, string | string[]>): Buffer[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().flatMap((one) => [Buffer.from(name), Buffer.from(one, 'latin1')]),
  );
}
