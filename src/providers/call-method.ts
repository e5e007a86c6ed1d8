/** Replaces a method of an SDK that makes an LLM call, whatever kind of promise it gives. */
import { hub } from '../events/ports.ts';
import { isLazyPromise, observePromise } from '../patch/observe-promise.ts';
import { isPlainPromise, looking } from '../patch/own-member.ts';
import type { Method } from '../patch/registry.ts';
import { beginCall } from './llm-call.ts';
import type { CallKind, LlmCall } from './llm-call.ts';

/** What kind of call it is; null for one that is not to be seen. */
export type KindOf = (self: any, args: readonly any[]) => CallKind | null;

/** `original`, whose calls are events. The app gets the promise of the SDK; of a plain one, a link in its chain. */
export function callMethod(original: Method, kind: CallKind | KindOf): Method {
  return function (this: any, ...args: any[]) {
    if (hub.recorder === null) return Reflect.apply(original, this, args);
    const call = beginCall(kind, this, args);
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
  looking('patch.promise', () => call.awaited());
  // A link in the chain, not a look from the side: that would count as somebody having handled a rejection that nobody did.
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
