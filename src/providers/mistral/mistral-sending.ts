/**
 * How Mistral's SDK sends: each function makes a `Request` (`ClientSDK._createRequest`), hands it to the retry loop (`ClientSDK._do`), which clones it for each attempt and gives the clone to
 * the client's `HTTPClient`, whose hooks may replace it before it reaches `fetcher`. A `Request` cannot be read without being consumed; so the body is taken where it is made of, and
 * the attempt is seen at `fetcher`.
 */
import { guard } from '../../core/diagnostics.ts';
import { hub } from '../../events/ports.ts';
import type { ExchangeRequest } from '../../events/ports.ts';
import { exchangeRequest } from '../../patch/exchange.ts';
import { leaseMember } from '../../patch/lease.ts';
import { looking, observe, setOwn } from '../../patch/own-member.ts';
import type { Method } from '../../patch/registry.ts';
import { attemptMethod } from '../attempts.ts';
import { fields, parseJson } from '../fields.ts';
import { providerOf } from '../hosts.ts';
import type { Server } from '../hosts.ts';
import { openCall } from '../llm-call.ts';
import type { LlmCall } from '../llm-call.ts';

/** What the attempts of one call are known by, and what they have in common. */
export class Sending {
  /** The object that the method was called on, which is the client that its function is given. */
  readonly sdk: unknown;
  /** What the body of every attempt is made of. */
  body: unknown = undefined;
  /** The `Request` that the attempts are clones of. */
  request: unknown = undefined;
  /** What the SDK's hooks share about it. */
  context: any = undefined;
  /** The usage that the answer tells of, where it is looked for. */
  usage: unknown = undefined;
  readonly looksForUsage: boolean;

  /** `looksForUsage`: the SDK leaves it out of what it makes of the answer. */
  constructor(sdk: unknown, looksForUsage = false) {
    this.sdk = sdk;
    this.looksForUsage = looksForUsage;
  }
}

/** A call of this SDK, with what is known of its attempts. */
export interface SendingCall {
  call: LlmCall;
  sending: Sending;
}

/** The call of this SDK that the current code runs in: of `sdk`, if that is given. */
export function callInside(sdk?: unknown): SendingCall | null {
  const call = openCall(({ client }) => client instanceof Sending && (sdk === undefined || client.sdk === sdk));
  return call === null ? null : { call, sending: call.client as Sending };
}

/** Provider and server behind a URL of the SDK's, which is a `URL` or a text. */
export function serverOf(baseURL: unknown): Server {
  return providerOf(baseURL instanceof URL ? baseURL.href : baseURL, 'mistral_ai');
}

/** What was just made into a request outside of any call that is known: sent in the same turn, by a function that the app calls itself. */
interface Made {
  context: unknown;
  body: unknown;
  server: Server | undefined;
}

let latest: Made | undefined;

/** What the request in `context` was made of; told once. */
export function takeMade(context: unknown): Made | undefined {
  const made = latest?.context === context ? latest : undefined;
  latest = undefined;
  return made;
}

/** `ClientSDK._createRequest(context, conf, options)`. */
export function watchCreation(original: Method): Method {
  return function (this: any, ...args: any[]) {
    if (hub.recorder === null) return Reflect.apply(original, this, args);
    const made = guard<Made | null>('patch.request', () => ({ context: args[0], body: args[1]?.body, server: undefined }), null);
    const release = guard('patch.request', () => watchHooks(this, made), NOTHING);
    try {
      return Reflect.apply(original, this, args);
    } finally {
      looking('patch.request', () => {
        release();
        if (made !== null) keep(this, made, args[1]?.baseURL);
      });
    }
  };
}

const NOTHING = (): void => {};

/** A hook may make another body than the function did: Mistral's own client for Google Cloud has one. */
function watchHooks(sdk: any, made: Made | null): () => void {
  const hooks = sdk?._options?.hooks;
  if (made === null || !(hooks?.beforeCreateRequestHooks?.length > 0)) return NOTHING;
  return leaseMember(hooks, 'beforeCreateRequest', (original) => {
    return function (this: unknown, ...args: unknown[]) {
      const input: any = Reflect.apply(original, this, args);
      looking('patch.request', () => (made.body = input?.options?.body));
      return input;
    };
  });
}

function keep(sdk: unknown, made: Made, baseURL: unknown): void {
  const server = baseURL === undefined || baseURL === null ? undefined : serverOf(baseURL);
  const inside = callInside(sdk);
  latest = inside === null ? { ...made, server } : undefined;
  if (inside === null) return;
  inside.sending.body = made.body;
  inside.sending.context = made.context;
  if (server !== undefined) inside.call.event.amend(server);
}

/** `HTTPClient.request(request)`: one attempt. */
export function watchRequest(original: Method): Method {
  return function (this: any, ...args: any[]) {
    if (hub.recorder === null && hub.answerer === null) return Reflect.apply(original, this, args);
    const self: unknown = guard('patch.attempt', () => watchedClient(this, args[0]), this);
    return Reflect.apply(original, self, args);
  };
}

/** `client`, with a `fetcher` that is watched, for one attempt: the app's own object stays as it is. */
function watchedClient(client: any, made: any): unknown {
  const inside = callInside();
  const fetcher: unknown = client.fetcher;
  if ((inside === null && hub.answerer === null) || typeof fetcher !== 'function') return client;
  if (inside !== null) looking('patch.native', () => nameNativeSpan(inside));
  const isAsMade = client.requestHooks?.length > 0 ? watchReads(made) : (sent: unknown) => sent === made;
  const watched = attemptMethod(fetcher as Method, {
    call: () => inside?.call ?? null,
    request: ([sent]) => requestOf(sent, isAsMade(sent) ? inside?.sending.body : sent),
  });
  return Object.create(client, {
    fetcher: {
      value: (...args: unknown[]): unknown => {
        const sent: unknown = Reflect.apply(watched, client, args);
        if (inside?.sending.looksForUsage && sent instanceof Promise) lookForUsage(sent, inside.sending);
        return sent;
      },
      writable: true,
    },
  });
}

/** Sees the text that the SDK reads the answer as. */
function lookForUsage(sent: Promise<any>, sending: Sending): void {
  const said = (text: unknown): void => {
    sending.usage = fields(typeof text === 'string' ? parseJson(text) : text)['usage'];
  };
  const watchReader = (response: any, name: string): void => {
    const original = response[name];
    setOwn(response, name, function (this: unknown, ...args: unknown[]) {
      const given: unknown = Reflect.apply(original, this, args);
      if (given instanceof Promise) observe(given, said, NOTHING);
      return given;
    });
  };
  const arrived = (response: any): void => {
    looking('patch.usage', () => ['text', 'json'].forEach((name) => watchReader(response, name)));
  };
  observe(sent, arrived, NOTHING);
}

/**
 * Version 2 makes spans of its own when it is told to (`MISTRAL_SDK_TELEMETRY`, `configureTelemetry`, `registerTracerProvider`), one for each attempt, and keeps the one of the attempt under way
 * where its hooks can find it. Those of a provider that the SDK has made itself go to Mistral alone.
 */
function nameNativeSpan({ call, sending }: SendingCall): void {
  const span = sending.context?._tracingSpan;
  if (span?.isRecording?.() !== true) return;
  const hooks: any[] = sending.context.options?.hooks?.beforeRequestHooks ?? [];
  if (hooks.some((hook) => hook?._autoTelemetryProvider !== undefined)) return;
  const { traceId, spanId, traceFlags } = span.spanContext();
  if ((traceFlags & SAMPLED) === SAMPLED) call.event.amend({ native: { trace: traceId, span: spanId } });
}

const SAMPLED = 1;

/** A body that is not known is named by the class of what it would have to be read from. */
function requestOf(sent: any, body: unknown): ExchangeRequest {
  const { url, method, headers } = sent;
  return exchangeRequest(url, { method, headers, body: method === 'GET' || method === 'HEAD' ? undefined : body });
}

const READERS = ['text', 'json', 'arrayBuffer', 'blob', 'bytes', 'formData', 'clone'] as const;

/**
 * Hooks of the app may send another request than the one that was made. One that was made from it (`new Request(made, { headers })`, as the SDK's documentation has it) has taken over its
 * body; one whose body the app has made itself has not, or only after it had read the other.
 */
function watchReads(made: any): (sent: unknown) => boolean {
  let wasRead = false;
  for (const name of READERS) {
    const original: unknown = made[name];
    if (typeof original !== 'function') continue;
    setOwn(made, name, function (this: unknown, ...args: unknown[]) {
      wasRead = true;
      return Reflect.apply(original, this, args) as unknown;
    });
  }
  return (sent) => !wasRead && (sent === made || made.bodyUsed === true || made.body?.locked === true);
}
