/** What the author of a provider says of its SDK, so that the contract suite can be run on it. */
import type { PatchedModule, Provider } from '../../providers/provider.ts';
import type { Reply } from '../stand-in.ts';
import type { WireAnswer, WireError, WireToolCall } from '../wire.ts';

/** One check of the suite: hand it to the test runner that you have. Checks share the process's hub, so they run one after another. */
export interface ContractCheck {
  /** Begins with the requirement, as in `P5 streams: a break after one chunk is cancelled`. Unique in the suite. */
  readonly name: string;
  /** Why it cannot be run on this SDK, or false. */
  readonly skip: string | false;
  /** Sets up, checks, takes everything down again; throws where the promise is not kept. */
  run(): Promise<void>;
}

/** Options of one call. `signal` is given only where `can.abort` or `can.abortInStream` says that the SDK takes one. */
export interface CallOptions {
  signal?: AbortSignal;
}

/** Options that a client is built with. */
export interface ClientOptions {
  /** Attempts beyond the first. An SDK without a retry loop takes no notice. */
  maxRetries: number;
  /** There only in the check of `can.timeout`. */
  timeoutMs?: number;
}

/** How the provider's answers look on the wire. Write them by hand, from the provider's documentation or a recorded answer. */
export interface ContractWire {
  /** The body of a plain answer. Must honour `text`, `tools` and `tokens` (null: nothing is said of tokens). */
  answer(answer?: WireAnswer): object;
  /**
   * The pieces of a streamed answer, one event, line or frame each. Must honour `text`, `fragments`, `tools` and, where they are given, `tokens`. Of a text in five fragments,
   * the first three pieces make at least one chunk for the app and do not end the stream.
   */
  stream?(answer?: WireAnswer): (string | Uint8Array)[];
  /** Headers of a streamed answer, where its content type is not `text/event-stream`. */
  streamHeaders?: Record<string, string>;
  /** An answer that is an error. Must honour `status`, `message`, `requestId`, `retryAfterSeconds` and, where `can.errorCodes`, `code`. */
  error(error: WireError): Reply;
  /** A piece that says an error inside a stream that began well; the SDK throws on it. */
  errorEvent?: string | Uint8Array;
  /** Header that names the request. */
  requestIdHeader?: string;
  /** Bodies that no SDK should be given, and some are. */
  odd?: readonly unknown[];
  /** Request headers, in lower case, that differ from one call to the next: ids, dates, signatures. Idempotency keys are known. */
  generatedHeaders?: readonly string[];
}

/** The errors that the SDK throws. What is absent is not checked. */
export interface ContractErrors {
  /** `type` of the event's error by HTTP status: as a rule the name of the class. At least one 4xx (400 or 401) and 500. */
  byStatus: Record<number, string>;
  /** `type` where no answer came in time. */
  timeout?: string;
  /** `type` where the app aborted the call. */
  abort?: string;
  /** `type` where nobody listens. */
  refused?: string;
  /** `type` where a stream says an error (`wire.errorEvent`); the name of the class, unless said. */
  inStream?: string;
  /** The HTTP status that an error of the SDK has; its `status`, unless said. */
  status?: (error: any) => unknown;
}

/** What this SDK can do, and this provider promises for it. Each one that is true switches checks on; the others are skipped and say so. */
export interface Capabilities {
  /** The SDK has a retry loop of its own that tries again on 500 and 503, as often as `maxRetries` says. */
  retries?: boolean;
  /** A call gives a promise with `asResponse()` and `withResponse()`. */
  rawResponse?: 'stainless';
  /** What `stream` gives has `tee()`, and both branches can be iterated over. */
  tee?: boolean;
  /** What `stream` gives has `toReadableStream()`. */
  readableStream?: boolean;
  /** What `stream` gives has a `controller`, an AbortController. */
  streamController?: boolean;
  /** `chat` takes a signal. */
  abort?: boolean;
  /** `stream` takes a signal that ends the stream too. */
  abortInStream?: boolean;
  /** A client can be built with `timeoutMs`. */
  timeout?: boolean;
  /** A stream that is cut short without an error is told apart from a whole one. */
  incompleteStreams?: boolean;
  /** Every HTTP attempt is an exchange of its event, with the bytes of request and answer. Without it, request and answer are content of the event. */
  exchanges?: boolean;
  /** An `Answerer` in the hub is asked before the network. */
  answerer?: boolean;
  /** Tool calls have ids on the wire. */
  toolCallIds?: boolean;
  /** The provider says how many input tokens came from its cache (`WireTokens.cached`). */
  cacheTokens?: boolean;
  /** Answers have an id. */
  responseIds?: boolean;
  /** Answers name the model. */
  responseModels?: boolean;
  /** Errors have a code beside the status (`WireError.code`). */
  errorCodes?: boolean;
  /** The SDK leaves the connection of a stream open that a loop was broken out of. */
  breakLeavesOpen?: boolean;
  /** A stream that nobody has read and nobody holds can be collected; its event ends then. */
  droppedStreams?: boolean;
  /** Errors of the SDK hold the headers of the answer: then request id and retry-after are known of them. */
  errorHeaders?: boolean;
}

/** Embeddings, where the SDK has them. */
export interface ContractEmbeddings {
  call(client: any): any;
  /** Body of the answer: at least one vector. */
  answer: object;
  /** Length of each vector. */
  dimensions: number;
  /** Input tokens that `answer` tells of. */
  inputTokens?: number;
  /** The vectors in what the SDK gives; those of its `data`, unless said. */
  vectors?(result: any): readonly (readonly number[])[];
}

/** A call that the model asked for in an earlier turn, and what the app's tool said. */
export interface ToolTurn extends WireToolCall {
  result: string;
}

/** One SDK, for the contract suite. */
export interface ProviderSpec {
  /** Provider name expected on the events. */
  name: string;
  provider: Provider;
  /** The SDK's module, loaded by the author; may be a promise. */
  load(): unknown;
  /** What `provider.patch` is told of, where that is not simply `{ namespace: sdk }`: an SDK with several modules that define classes. */
  modules?(sdk: any): readonly PatchedModule[];
  /** Operation name expected on the events of `chat` and `stream`; `chat`, unless said. */
  operation?: string;
  /** A client of the stand-in at `url` (`http://127.0.0.1:<port>`, no path). */
  client(sdk: any, url: string, options: ClientOptions): any;
  /** Makes a call; a promise of the answer. Not an `async` function: what the SDK gives is handed on. */
  chat(client: any, options?: CallOptions): any;
  /** Makes a call whose answer is streamed; a promise of the stream. */
  stream?(client: any, options?: CallOptions): any;
  /** What to iterate over in what `stream` gave; that itself, unless said. */
  readStream?(stream: any): AsyncIterable<unknown>;
  wire: ContractWire;
  errors: ContractErrors;
  can: Capabilities;
  /** What an answer of the SDK, or a list of chunks, says: for finding the text in it. JSON.stringify, unless said. */
  textOf?(value: any): string;
  /** The SDK's helper that reads a stream to its end. */
  streamHelper?(client: any): PromiseLike<unknown>;
  /** Asks for `{"city": string}`; gives what the SDK parsed, and rejects where the answer is no JSON. */
  structured?(client: any): PromiseLike<unknown>;
  embeddings?: ContractEmbeddings;
  /** Runs the SDK's tool loop with one tool, `lookup`, whose function is `run`. */
  toolLoop?(client: any, run: (...args: any[]) => unknown): PromiseLike<unknown>;
  /**
   * Goes on with the conversation that `chat` began: of each turn, the oldest first, the model's message with the call, then the tool's result. All of them where the API is given the
   * conversation again with each request; where its server remembers, those that it has not been given yet. A promise of the answer. Where calls have no ids, `id` is left out.
   */
  toolTurn?(client: any, turns: readonly ToolTurn[]): any;
  /** Members of answers, chunks and errors whose values differ from one call to the next, whoever makes it. */
  volatile?: readonly string[];
  /** Methods that are replaced, and whose originals must come back. */
  methods(sdk: any): readonly [owner: any, name: string][];
}
