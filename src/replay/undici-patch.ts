/**
 * Requests of npm undici, of every copy that the app has, and of the dispatchers of Node's own copy that the app uses without `fetch`. They are followed where one request goes to one server, below
 * redirects, retries and whatever else stands in between: all of that runs again in a replay.
 */
import { aside } from '../core/aside.ts';
import { guard } from '../core/diagnostics.ts';
import { startReach } from '../patch/reach.ts';
import type { FoundModule, ModuleTarget } from '../patch/reach.ts';
import { REPLAY_LABEL, replaceMethod } from '../patch/registry.ts';
import type { Method } from '../patch/registry.ts';
import { callSite } from './call-site.ts';
import type { OpenBytes } from './exchange-owner.ts';
import { currentNode } from './lineage.ts';
import type { AskedRequest } from './request-digest.ts';
import { UndiciCall } from './undici-call.ts';
import { askedOf, readBody } from './undici-request.ts';
import type { ReadBody, UndiciOptions } from './undici-request.ts';

type Dispatch = (handler: object, body?: AskedRequest['body']) => unknown;

/** How requests are sent: recorded, or replayed. */
export interface UndiciForm {
  readonly open: OpenBytes;
  /** Sends `asked`; `dispatch` has undici send it, with another body where it is given one, and tell the handler that it is given. Returns what `dispatch` returns. */
  send(call: UndiciCall, asked: AskedRequest, handler: object, dispatch: Dispatch): unknown;
  /** What no replay can give is asked for; does not return there. */
  refuse(what: string): void;
}

const TARGETS: ModuleTarget[] = [
  { package: 'undici', esm: [], cjs: ['lib/dispatcher/dispatcher-base.js', 'lib/dispatcher-base.js'] },
];
/** Where every copy of undici, and Node's own, keeps the dispatcher that is used by default. */
const GLOBALS = ['undici.globalDispatcher.1', 'undici.globalDispatcher.2'].map((name) => Symbol.for(name));

/** Calls that are on their way down to the dispatcher that sends them, by handler. */
const pending = new WeakMap<object, UndiciCall>();

/** Follows every copy. Undone by `undoAll`. */
export function patchUndici(form: UndiciForm): void {
  for (const symbol of GLOBALS) {
    const base = baseOf((globalThis as Record<symbol, unknown>)[symbol]);
    if (base !== null) patchBase(base, form);
  }
  aside(() =>
    startReach(TARGETS, ({ namespace }: FoundModule) => {
      const { prototype } = namespace as { prototype?: object };
      return prototype === undefined || !patchBase(prototype, form) ? 'it has no dispatch()' : undefined;
    }),
  );
}

/** The prototype that has the `dispatch` of all dispatchers of a copy. */
function baseOf(dispatcher: unknown): object | null {
  let at: object | null = typeof dispatcher === 'object' ? dispatcher : null;
  while (at !== null && at.constructor.name !== 'DispatcherBase') at = Object.getPrototypeOf(at) as object | null;
  return at;
}

function patchBase(prototype: object, form: UndiciForm): boolean {
  return replaceMethod(
    prototype,
    'dispatch',
    `${REPLAY_LABEL}undici`,
    (original): Method =>
      function (this: object, options: UndiciOptions, handler: object) {
        const dispatch = (given: object, instead = options): unknown =>
          Reflect.apply(original, this, [instead, given]) as unknown;
        if (typeof handler !== 'object' || handler === null || typeof options !== 'object' || options === null)
          return dispatch(handler);
        const node = currentNode();
        const known = pending.get(handler);
        if (known === undefined && node.internal) return dispatch(handler);
        const call = known ?? new UndiciCall(node, callSite());
        if (this.constructor.name === 'Client') {
          pending.delete(handler);
          return send(form, call, { options, origin: originOf(this, options), handler, dispatch });
        }
        pending.set(handler, call);
        return dispatch(handler);
      },
  );
}

interface Sending {
  options: UndiciOptions;
  origin: string;
  handler: object;
  dispatch(handler: object, instead?: UndiciOptions): unknown;
}

function send(form: UndiciForm, call: UndiciCall, { options, origin, handler, dispatch }: Sending): unknown {
  if (options.upgrade || options.method === 'CONNECT') {
    form.refuse(`a connection that becomes another one (a WebSocket, a tunnel) to ${origin}`);
    return dispatch(handler);
  }
  call.tell(handler);
  const go = ({ bytes, instead }: ReadBody): unknown => {
    const asked = { ...askedOf(options, origin), body: bytes };
    const changed =
      instead === undefined ? options : { ...options, body: instead.body, headers: withType(options, instead.type) };
    const given = form.send(call, asked, handler, (told, body) =>
      call.apart(() => dispatch(told, body === undefined ? changed : withBody(changed, body))),
    );
    if (!call.ended) call.open(asked, form.open);
    return given;
  };
  const read = call.at('body', () => readBody(options.body));
  if (!(read instanceof Promise)) return go(read);
  void call.at('body', () => read.then(go, (error: unknown) => call.fail(null, error)));
  return true;
}

function withType({ headers }: UndiciOptions, type: string | undefined): unknown {
  if (type === undefined) return headers;
  const { headers: pairs } = askedOf({ headers }, '');
  return pairs.some(([name]) => name.toLowerCase() === 'content-type') ? headers : [...pairs, ['content-type', type]].flat();
}

/** undici says how long it is. */
function withBody(options: UndiciOptions, body: unknown): UndiciOptions {
  const { headers } = askedOf(options, '');
  return { ...options, body, headers: headers.filter(([name]) => name.toLowerCase() !== 'content-length').flat() };
}

/** Where a client sends: it has but one server. */
function originOf(client: object, { origin }: UndiciOptions): string {
  if (origin !== undefined && origin !== null) return String(origin);
  const symbol = Object.getOwnPropertySymbols(client).find(({ description }) => description === 'url');
  const url: unknown = symbol === undefined ? undefined : (client as Record<symbol, unknown>)[symbol];
  return guard('replay.undici', () => new URL(String(url)).origin, '');
}
