/**
 * The SDKs that Stainless generates are built alike: methods of resource classes, which hang on the client class as statics, give lazy promises, and every attempt goes
 * through the client's `fetchWithTimeout` (decisions/0005). What is special to one SDK stands in its own file, as data.
 */
import { guard } from '../core/diagnostics.ts';
import { hub } from '../events/ports.ts';
import { exchangeRequest, watchExchange } from '../patch/exchange.ts';
import { isLazyPromise, observePromise } from '../patch/observe-promise.ts';
import { isPlainPromise, looking } from '../patch/own-member.ts';
import type { FoundModule, ModuleTarget } from '../patch/reach.ts';
import { replaceMethod } from '../patch/registry.ts';
import type { Method } from '../patch/registry.ts';
import type { ErrorFacts } from '../events/model.ts';
import type { Operation } from './contract.ts';
import { stainlessError } from './errors.ts';
import { beginCall, callOf } from './llm-call.ts';
import type { CallKind, LlmCall } from './llm-call.ts';
import { patchToolRunner } from './tool-runners.ts';
import type { ToolRunnerTarget } from './tool-runners.ts';

/** What was replaced in one copy of an SDK, and what was looked for and is not there. */
export interface PatchReport {
  patched: string[];
  missing: string[];
}

/** One SDK whose calls we see. */
export interface Provider {
  /** Name of the provider where neither the client's class nor its host says another. */
  readonly name: string;
  /** Where its client class is defined. */
  readonly target: ModuleTarget;
  patch(found: Pick<FoundModule, 'namespace'>): PatchReport;
  /** The decoders of an API, as an event names it in `llm.api`. */
  operationFor(api: string): Operation | undefined;
  error(error: unknown): ErrorFacts;
}

/** A method that makes an LLM call. `owner` leads from the client class to the resource: `Chat.Completions` by statics, `Beta>chat.completions` through an instance of `Beta`. */
export interface MethodTarget {
  owner: string;
  method: string;
  operation: Operation;
  /** Which argument holds the body or the query; the first, unless said. */
  body?: number;
}

export interface StainlessSdk {
  name: string;
  target: ModuleTarget;
  /** Exported names of the client class. */
  client: readonly string[];
  methods: readonly MethodTarget[];
  toolRunners: readonly ToolRunnerTarget[];
}

/** The provider that an SDK description makes. */
export function stainlessProvider(sdk: StainlessSdk): Provider {
  return {
    name: sdk.name,
    target: sdk.target,
    patch: ({ namespace }) => patchClient(namespace, sdk),
    operationFor: (api) => sdk.methods.find(({ operation }) => operation.api === api)?.operation,
    error: stainlessError,
  };
}

function patchClient(namespace: any, sdk: StainlessSdk): PatchReport {
  const report: PatchReport = { patched: [], missing: [] };
  const client = [...sdk.client.map((name) => namespace?.[name]), namespace?.default, namespace].find(
    (it) => typeof it === 'function',
  );
  const patch = (owner: any, name: string, label: string, make: (original: Method) => Method): void => {
    const there = guard('patch.probe', () => typeof owner === 'object' && owner !== null && Object.hasOwn(owner, name), false);
    if (there) guard('patch.replace', () => replaceMethod(owner, name, `${sdk.name} ${label}`, make), false);
    report[there ? 'patched' : 'missing'].push(label);
  };
  for (const { owner, method, operation, body = 0 } of sdk.methods) {
    const kind: CallKind = { provider: sdk.name, operation, error: stainlessError, body };
    patch(resourceOf(client, owner), method, `${owner}.${method}`, (original) => callMethod(original, kind));
  }
  for (const runner of sdk.toolRunners) {
    patch(resourceOf(client, runner.owner), runner.method, `${runner.owner}.${runner.method}`, (original) =>
      patchToolRunner(original, runner),
    );
  }
  patch(ownerOf(client?.prototype, 'fetchWithTimeout'), 'fetchWithTimeout', 'fetchWithTimeout', attemptMethod);
  return report;
}

/** The prototype of a resource class, or undefined where this version has none of it. */
function resourceOf(client: any, path: string): unknown {
  return guard<unknown>(
    'patch.probe',
    () => {
      const [statics = '', members] = path.split('>');
      let at = client;
      for (const name of statics.split('.')) at = at?.[name];
      if (members === undefined || typeof at !== 'function') return at?.prototype;
      // Resources do nothing when they are built but build those below them.
      at = new at({});
      for (const name of members.split('.')) at = at?.[name];
      return at === undefined || at === null ? undefined : (Object.getPrototypeOf(at) as unknown);
    },
    undefined,
  );
}

/** The prototype that a method is defined on. */
function ownerOf(prototype: any, method: string): unknown {
  let at = prototype;
  while (at && !Object.hasOwn(at, method)) at = Object.getPrototypeOf(at);
  return at;
}

/** A method that makes a call. */
function callMethod(original: Method, kind: CallKind): Method {
  return function (this: any, ...args: unknown[]) {
    if (hub.recorder === null) return Reflect.apply(original, this, args);
    const call = beginCall(kind, this?._client, args[kind.body]);
    if (call === null) return Reflect.apply(original, this, args);
    let given: unknown;
    try {
      given = call.run(() => Reflect.apply(original, this, args) as unknown);
    } catch (error) {
      call.threw(error);
      throw error;
    }
    return watched(given, call);
  };
}

function watched(given: any, call: LlmCall): unknown {
  if (isLazyPromise(given)) {
    looking('patch.promise', () => {
      observePromise(given, call);
      call.holdsNot(given);
    });
    return given;
  }
  if (!isPlainPromise(given)) {
    looking('patch.value', () => call.gave(given));
    return given;
  }
  // A subclass of the app's made a plain promise of it: a link in its chain.
  return given.then(
    (value: unknown) => {
      looking('patch.resolved', () => call.gave(value));
      return value;
    },
    (error: unknown) => {
      call.threw(error);
      throw error;
    },
  );
}

/** `fetchWithTimeout(url, init, ...)`: one HTTP attempt, below the SDK's retry loop. */
function attemptMethod(original: Method): Method {
  return function (this: any, ...args: any[]) {
    if (hub.recorder === null && hub.answerer === null) return Reflect.apply(original, this, args);
    const attempt = guard('patch.attempt', () => beginAttempt(this, args[0], args[1]), null);
    if (attempt === null) return Reflect.apply(original, this, args);
    let sent: unknown;
    try {
      sent = attempt.answered ?? Reflect.apply(original, this, args);
    } catch (error) {
      looking('patch.attempt', () => attempt.sent(Promise.reject(error)));
      throw error;
    }
    looking('patch.attempt', () => attempt.sent(sent));
    return sent;
  };
}

/** Null when nobody wants to know of this attempt. */
function beginAttempt(
  client: unknown,
  url: unknown,
  init: any,
): { answered: Promise<Response> | null; sent: (sent: unknown) => void } | null {
  const call = callOf(client);
  const { answerer } = hub;
  if (call === null && answerer === null) return null;
  const request = exchangeRequest(url, init);
  const answered = guard('patch.answer', () => answerer?.answer(request, call?.event ?? null) ?? null, null);
  const exchange = call === null ? null : guard('patch.exchange', () => call.event.exchange(request), null);
  return {
    answered,
    sent: (sent) => {
      if (call === null || exchange === null) return;
      call.sent(watchExchange(sent, exchange, call.event.wantsBodies, (status, headers) => call.head(status, headers)));
    },
  };
}
