/**
 * Where Google's SDK sends HTTP requests: `apiCall` of a class that it does not export, seen for the first time where a method of `Models` is called on an instance. That method
 * holds the retry loop, so its attempts are seen at `fetch`: from 2.x on the SDK hands one to it; 1.x takes the global one.
 */
import { guard } from '../../core/diagnostics.ts';
import { hub } from '../../events/ports.ts';
import { leaseMember } from '../../patch/lease.ts';
import { isPlainPromise, looking, observe } from '../../patch/own-member.ts';
import { replaceMethod } from '../../patch/registry.ts';
import type { Method } from '../../patch/registry.ts';
import { attemptMethod } from '../attempts.ts';
import { providerOf } from '../hosts.ts';
import type { Server } from '../hosts.ts';
import { openCall } from '../llm-call.ts';
import type { LlmCall } from '../llm-call.ts';
import { ownerOf } from '../patcher.ts';

/** Who is asked: the client knows whether it speaks to Vertex AI, wherever its base URL leads. */
export function serverOf(apiClient: any): Server {
  const { vertexai, httpOptions } = apiClient?.clientOptions ?? {};
  return providerOf(httpOptions?.baseUrl, vertexai === true ? 'gcp.vertex_ai' : 'gcp.gemini');
}

/** `apiCall(url, init, retryOptions, timeout, abortSignal, fetch)`; of 1.x, the first two. */
const ARGUMENTS_WITH_FETCH = 6;
const FETCH_ARGUMENT = 5;

/** Makes the attempts of every client of the same class as `apiClient` seen. To be called again and again: the registry knows what is replaced. */
export function watchApiClient(apiClient: any): void {
  const owner: any = ownerOf(Object.getPrototypeOf(apiClient), 'apiCall');
  if (owner !== undefined) replaceMethod(owner, 'apiCall', 'gcp.gemini apiCall', watchedApiCall);
}

function watchedApiCall(original: Method): Method {
  const whole = attemptMethod(original, { call: callOf });
  const watched = original.length === ARGUMENTS_WITH_FETCH ? sendWithFetch(original) : sendWithGlobalFetch(original, whole);
  return function (this: any, ...args: any[]) {
    if (hub.recorder === null && hub.answerer === null) return Reflect.apply(original, this, args);
    return Reflect.apply(watched, this, args);
  };
}

const callOf = (apiClient: unknown): LlmCall | null => openCall((call) => call.client === apiClient);

/** The `fetch` that the SDK hands on, or the global one as it is when an attempt is sent. */
function sendWithFetch(original: Method): Method {
  return function (this: any, ...args: any[]) {
    const given: unknown = args[FETCH_ARGUMENT] ?? undefined;
    if (given !== undefined && typeof given !== 'function') return Reflect.apply(original, this, args);
    const send: Method = (...sent: [any, any]) => (given === undefined ? fetch(...sent) : given(...sent));
    const seen = [...args];
    seen[FETCH_ARGUMENT] = attemptMethod(send, { call: () => callOf(this) });
    return Reflect.apply(original, this, seen);
  };
}

/** The calls that are inside of `apiCall` now: whatever else sends requests on behalf of a call, such as the one for its credentials, is no attempt of it. */
const sending = new Set<LlmCall>();

const sendingCall = (): LlmCall | null => openCall((call) => sending.has(call));

/** Without retries there is one attempt, the method itself. With them, the global `fetch` is another for as long as the method runs; others who use it get the original. */
function sendWithGlobalFetch(original: Method, whole: Method): Method {
  return function (this: any, ...args: any[]) {
    const call = guard('patch.attempt', () => callOf(this), null);
    const retries = guard('patch.attempt', () => Boolean(this?.clientOptions?.httpOptions?.retryOptions), false);
    if (call === null || !retries) return Reflect.apply(whole, this, args);
    sending.add(call);
    const giveBack = guard('patch.attempt', () => leaseMember(globalThis, 'fetch', watchedFetch), undefined);
    const over = (): void => {
      sending.delete(call);
      giveBack?.();
    };
    try {
      const sent: unknown = Reflect.apply(original, this, args);
      if (isPlainPromise(sent)) observe(sent, over, over);
      else looking('patch.attempt', over);
      return sent;
    } catch (error) {
      looking('patch.attempt', over);
      throw error;
    }
  };
}

function watchedFetch(original: Method): Method {
  const attempt = attemptMethod(original, { call: sendingCall });
  const holder = {
    fetch(this: unknown, ...args: unknown[]): unknown {
      const call = guard('patch.attempt', sendingCall, null);
      return Reflect.apply(call === null ? original : attempt, this, args);
    },
  };
  for (const member of ['name', 'length'] as const) {
    Object.defineProperty(holder.fetch, member, { value: original[member], configurable: true });
  }
  return holder.fetch;
}
