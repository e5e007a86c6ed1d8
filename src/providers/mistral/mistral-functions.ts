/**
 * Mistral's functions (`@mistralai/mistralai/funcs/*`), which the methods of its classes call, and an app may call by itself. They are exports of ES modules and cannot be replaced. A call
 * that comes by no method begins where its request is handed over to be sent, and ends with what the function's promise gives.
 */
import { guard } from '../../core/diagnostics.ts';
import { hub } from '../../events/ports.ts';
import { isPlainPromise, looking, observe } from '../../patch/own-member.ts';
import type { Method } from '../../patch/registry.ts';
import { parseJson } from '../fields.ts';
import { beginCall } from '../llm-call.ts';
import type { CallKind, LlmCall } from '../llm-call.ts';
import { callInside, takeMade } from './mistral-sending.ts';
import type { Sending, SendingCall } from './mistral-sending.ts';

/** Calls that come by no method, by their `Request`, which the function's promise will name. */
const pending = new WeakMap<object, LlmCall>();
/** Nobody asked the function's promise. The call must not refer to the request. */
const dropped = new FinalizationRegistry<LlmCall>((call) => looking('patch.dropped', () => call.hidden()));

/** `ClientSDK._do(request, options)`. `kindOf`: what kind of call an operation id stands for. */
export function watchSending(original: Method, kindOf: (operationId: unknown) => CallKind | undefined): Method {
  return function (this: any, ...args: any[]) {
    if (hub.recorder === null) return Reflect.apply(original, this, args);
    const call = guard('patch.open', () => callOfFunction(this, args[0], args[1]?.context, kindOf), null);
    if (call === null) return Reflect.apply(original, this, args);
    let given: any;
    try {
      given = call.run(() => Reflect.apply(original, this, args) as unknown);
    } catch (error) {
      call.threw(error);
      throw error;
    }
    if (!isPlainPromise(given)) return given;
    return given.then(
      (value: unknown) => value,
      (error: unknown) => {
        call.threw(error);
        throw error;
      },
    );
  };
}

function callOfFunction(
  sdk: any,
  request: any,
  context: any,
  kindOf: (operationId: unknown) => CallKind | undefined,
): LlmCall | null {
  const made = takeMade(context);
  const inside = callInside(sdk);
  if (inside !== null) {
    inside.sending.request = request;
    return null;
  }
  const kind = kindOf(context?.operationID);
  const call = kind === undefined ? null : beginCall(kind, sdk, [bodyOf(made?.body)]);
  if (call === null) return null;
  Object.assign(call.client as Sending, { body: made?.body, context });
  if (made?.server !== undefined) call.event.amend(made.server);
  call.awaited();
  pending.set(request, call);
  dropped.register(request, call, call);
  return call;
}

/** What a function makes a request of is JSON or, with a file in it, a form. */
function bodyOf(body: unknown): unknown {
  if (typeof body === 'string') return parseJson(body);
  if (!(body instanceof FormData)) return undefined;
  return Object.fromEntries([...body].filter(([, value]) => typeof value === 'string'));
}

/**
 * `then`, `catch` and `finally` of the promise that a function gives: what it stands for is seen before whoever asks is told. Of a method's call as well: what a helper (`parse`)
 * makes of an answer is no matter of the call.
 */
export function watchAsked(original: Method): Method {
  return function (this: any, ...args: any[]) {
    if (hub.recorder !== null) looking('patch.promise', () => lookAt(this));
    return Reflect.apply(original, this, args);
  };
}

/** The SDK keeps a promise of the outcome and of how it came to it. Whoever asks derives another promise from it: a rejection that nobody handles stays one. */
function lookAt(promise: any): void {
  const inside = callInside();
  const inspected: unknown = promise.$inspect?.();
  if (!isPlainPromise(inspected)) return;
  const told = (outcome: any): void => looking('patch.resolved', () => settle(outcome?.[0], outcome?.[1]?.request, inside));
  observe(inspected, told, () => {});
}

function settle(result: any, request: any, inside: SendingCall | null): void {
  const call = inside !== null && inside.sending.request === request ? inside.call : takePending(request);
  if (call === undefined || call === null) return;
  if (result?.ok === true) call.gave(result.value);
  else call.rejected(result?.error);
}

function takePending(request: any): LlmCall | undefined {
  const call = request === undefined || request === null ? undefined : pending.get(request);
  if (call === undefined) return undefined;
  pending.delete(request);
  dropped.unregister(call);
  return call;
}
