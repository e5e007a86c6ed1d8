/** The way in for SDKs that this package does not know: a small class that says which methods make calls, and how their data is read. */
import { epochUs, monotonicUs } from '../core/clock.ts';
import { guard } from '../core/diagnostics.ts';
import type { ErrorFacts } from '../events/model.ts';
import type { ExchangeRequest } from '../events/ports.ts';
import { observeStream } from '../patch/observe-stream.ts';
import type { StreamSink } from '../patch/observe-stream.ts';
import type { ModuleTarget } from '../patch/reach.ts';
import { undoPatches } from '../patch/registry.ts';
import type { Method } from '../patch/registry.ts';
import { attemptMethod } from './attempts.ts';
import { callMethod } from './call-method.ts';
import type { Operation, ResponseFacts } from './contract.ts';
import { stainlessError } from './errors.ts';
import { providerOf } from './hosts.ts';
import { openCall } from './llm-call.ts';
import type { CallKind } from './llm-call.ts';
import { Patcher } from './patcher.ts';
import type { PatchedModule, PatchReport, Provider } from './provider.ts';

/** How one method that makes calls is read. Its promise, and what the promise gives, reach the app as they are. */
export interface CallSpec {
  operation: Operation;
  /** What the operation reads as the request; the method's first argument, unless said. */
  body?: (args: readonly any[]) => unknown;
  /** What the operation reads as the answer; all that the promise gives, unless said. */
  answer?: (value: any) => unknown;
  /** Base URL of the server that is asked, from what the method was called on; its `baseURL`, unless said. */
  baseURL?: (self: any) => unknown;
  /** Whether what the promise gives is a stream; anything that can be iterated over asynchronously is, unless said. */
  isStream?: (value: any) => boolean;
}

/** The session that a call was made in. */
export interface CallSession {
  readonly id: string;
}

/**
 * Base class of custom providers. A subclass names its SDK, lists its operations (`defineOperation`) and, in `override`, says which methods make calls and which one
 * sends the HTTP requests; everything else (streams, attempts, errors, early breaks, undo) is done here. To be handed to `registerProvider()`.
 */
export abstract class BaseProvider implements Provider {
  /** The provider's name on events, unless the host that is asked says another: a lower-case word. */
  abstract readonly name: string;
  /** The modules that define the SDK's classes, so that every copy is found. */
  abstract readonly targets: readonly [ModuleTarget, ...ModuleTarget[]];
  /** The decoders of its APIs. */
  abstract readonly operations: readonly Operation[];
  /** Major versions that the contract suite was run with; with none named, no version is warned of. */
  readonly tested: readonly string[] = [];
  #patcher: Patcher | undefined;

  /** Replaces the methods of one loaded module of the SDK, by `call` and `attempt`. `sdk`: its exports. May throw: the SDK then works as without us. */
  abstract override(sdk: any, found: PatchedModule): void;

  /** Puts back every method that this provider replaced. */
  undoOverride(): void {
    undoPatches(({ label }) => label.startsWith(`${this.name} `));
  }

  /**
   * Called once for each answer, a stream folded into the body of a plain answer. What is returned counts more than what the operation read; nothing leaves that as it is.
   * `request`: what the operation read as the request. Must not change what it is given.
   */
  handleResponse(_response: unknown, _request: unknown, _startedAt: Date, _session: CallSession): Partial<ResponseFacts> | void {}

  /** What a thrown error says, in codes; never its message. */
  error(error: unknown): ErrorFacts {
    return stainlessError(error);
  }

  patch(found: PatchedModule): PatchReport {
    const patcher = (this.#patcher = new Patcher(this.name));
    guard('patch.override', () => this.override(found.namespace, found), undefined);
    return patcher.report;
  }

  /** Makes the calls of `owner[method]` events. `owner`: the object that has the method itself, as a rule the prototype of a class. */
  protected call(owner: any, method: string, spec: CallSpec): void {
    this.#replace(owner, method, (original) => callMethod(original, (self, args) => this.#kindOf(spec, self, args)));
  }

  /**
   * Makes what `owner[method]` sends HTTP attempts of the call that it is sent for. The method gives a promise of a `Response`; its arguments are those of `fetch`, unless
   * `request` says how to read them.
   */
  protected attempt(owner: any, method: string, request?: (args: readonly any[]) => ExchangeRequest): void {
    const ofThis = (): ReturnType<typeof openCall> => openCall(({ kind }) => kind.owner === this);
    this.#replace(owner, method, (original) => attemptMethod(original, { call: ofThis, ...(request && { request }) }));
  }

  #replace(owner: any, method: string, make: (original: Method) => Method): void {
    const patcher = (this.#patcher ??= new Patcher(this.name));
    patcher.replace(owner, method, `${owner?.constructor?.name ?? '?'}.${method}`, make);
  }

  #kindOf(spec: CallSpec, self: any, args: readonly any[]): CallKind {
    const startedAt = new Date((epochUs() + monotonicUs()) / 1000);
    const { operation, body, answer, baseURL, isStream } = spec;
    return {
      owner: this,
      provider: this.name,
      operation,
      error: (error) => this.error(error),
      server: () => providerOf(baseURL ? baseURL(self) : self?.baseURL, this.name),
      ...(body && { body }),
      ...(answer && { answer }),
      watchStream: (value, sink) => watchIterable(value, sink, isStream),
      answered: (facts, response, { event }) => {
        const request = body ? body(args) : args[0];
        return { ...facts, ...this.handleResponse(response, request, startedAt, event.session) };
      },
    };
  }
}

function watchIterable(value: any, sink: StreamSink, isStream: ((value: any) => boolean) | undefined): boolean {
  if (typeof value !== 'object' || value === null || typeof value[Symbol.asyncIterator] !== 'function') return false;
  if (isStream !== undefined && !isStream(value)) return false;
  observeStream(value, sink, { member: Symbol.asyncIterator });
  return true;
}
