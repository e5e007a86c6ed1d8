/**
 * Calls of LangChain's chat and text models. Each is opened as an LLM event; where the model asks through an SDK that we patch, that SDK's event inside is the LLM event, and the model's
 * own ends as an action that holds the calls of its retries (AsyncCaller tries again above the SDK). A cached answer never gets here: nothing is called for it.
 */
import { guard } from '../../core/diagnostics.ts';
import { saidBy } from '../../core/thrown.ts';
import { hub } from '../../events/ports.ts';
import { callName } from '../../events/safe-words.ts';
import type { EventContent, LlmRequest } from '../../events/model.ts';
import type { OpenEvent, Outcome } from '../../events/ports.ts';
import { leaseMember } from '../../patch/lease.ts';
import type { StreamEnd } from '../../patch/observe-stream.ts';
import type { Method } from '../../patch/registry.ts';
import type { Assembler, Operation } from '../contract.ts';
import { count, fields, items, number, present, text, type Fields } from '../fields.ts';
import { endModelCall, frameworkError, isAbort, openEvent } from '../framework-events.ts';
import { runGenerator, runMethod } from '../framework-method.ts';
import type { GeneratorRun, MethodRun } from '../framework-method.ts';
import { langchainChat, langchainCompletion } from './langchain-chat.ts';
import { plainMessage, plainMessages } from './langchain-messages.ts';
import { providerOfModel } from './langchain-names.ts';
import { toolName } from '../openai/openai-facts.ts';

/** What a call asks for, as the operation reads it; `said` is only built where it is kept. */
interface Asked {
  operation: Operation;
  model: any;
  options: any;
  stream: boolean;
  /** The messages or the prompts, as they were given. */
  messages?: unknown;
  prompts?: readonly unknown[];
}

/** A tool that a model may call, without the schema object of the app, which may be of any library. */
function plainTool(tool: unknown): Fields {
  const given = fields(tool);
  const inner = given['function'] === undefined ? given : fields(given['function']);
  const parameters = inner['parameters'] ?? inner['input_schema'];
  return { type: text(given['type']), name: toolName(tool), ...present({ description: text(inner['description']), parameters }) };
}

function requestOf(asked: Asked): Fields {
  const { model, options, stream } = asked;
  const pick = (...names: string[]): unknown => {
    for (const name of names) if (options?.[name] ?? model[name]) return options?.[name] ?? model[name];
    return undefined;
  };
  return present({
    model: text(pick('model', 'modelName', 'modelId')),
    stream: stream || undefined,
    temperature: number(options?.temperature ?? model.temperature),
    top_p: number(pick('topP')),
    max_tokens: count(pick('maxTokens', 'max_tokens')),
    n: count(pick('n')),
    tools: items(options?.tools),
    messages: asked.messages === undefined ? undefined : plainMessages(asked.messages),
    prompts: asked.prompts,
  });
}

/** One call of a model. */
class ModelRun implements MethodRun, GeneratorRun {
  readonly event: OpenEvent;
  readonly asked: Asked;
  #assembler: Assembler | undefined;
  #chunks = 0;

  constructor(event: OpenEvent, asked: Asked) {
    this.event = event;
    this.asked = asked;
    event.owner = this;
  }

  returned(value: unknown): void {
    this.#end({ status: 'ok', ...this.#read(value) });
  }

  threw(error: unknown): void {
    this.#end(this.#failed(error));
  }

  chunk(chunk: unknown): void {
    if (this.#chunks++ === 0) this.event.firstChunk();
    // Told by the SDK's own event already.
    if (!this.event.carriesCall) (this.#assembler ??= this.asked.operation.assembler?.())?.push(chunk);
  }

  ended(end: StreamEnd): void {
    const said = { ...this.#read(this.#assembler?.result().body), chunks: this.#chunks };
    if (end.how === 'done') this.#end({ status: 'ok', ...said });
    else if (end.how === 'left') this.#end({ ...said, status: 'cancelled' });
    else {
      const { content, ...failed } = this.#failed(end.error);
      const both = (): EventContent => ({ ...said.content?.(), ...content?.() });
      this.#end({ ...said, ...failed, content: both, ...(isAbort(end.error) && { status: 'cancelled' }) });
    }
  }

  #read(value: unknown): Partial<Outcome> {
    if (value === undefined) return { content: () => this.#content({}) };
    const { response, usage } = this.asked.operation.response(value);
    return { response, ...(usage && { usage }), content: () => this.#content({ response: plainResult(value) }) };
  }

  #failed(error: unknown): Outcome {
    const facts = guard('langchain.error', () => frameworkError(error), { type: 'Error' });
    return { status: 'error', error: facts, thrown: error, content: () => this.#content({ error: saidBy(error) }) };
  }

  #content(content: EventContent): EventContent {
    const request = requestOf(this.asked);
    return {
      request: { ...request, ...(request['tools'] ? { tools: items(request['tools']).map(plainTool) } : {}) },
      ...content,
    };
  }

  #end(outcome: Outcome): void {
    const { event, asked } = this;
    if (event.ended) return;
    if (!event.carriesCall) guard('langchain.facts', () => event.amend(factsOf(asked)), undefined);
    endModelCall(event, outcome, classOf(asked.model));
  }
}

/** Who answers and with which settings, in the integration's own words. LangChain asks the same of each of its models before each call. */
function factsOf({ model, options }: Asked): { provider: string; request: LlmRequest } {
  const said = fields(guard('langchain.params', () => model.getLsParams?.(options ?? {}), {}));
  const request = present({
    model: text(said['ls_model_name']),
    temperature: number(said['ls_temperature']),
    maxTokens: count(said['ls_max_tokens']),
  });
  return { provider: providerOfModel(said['ls_provider'] ?? model._llmType?.()), request };
}

/** The name of a model's class, which LangChain's own bundles keep. */
function classOf(model: any): string {
  return guard('langchain.name', () => text(model.constructor.lc_name?.()) ?? text(model.constructor.name) ?? 'model', 'model');
}

/** The answers of a result as plain data. */
function plainResult(value: unknown): Fields {
  const given = fields(value);
  const generations = items(given['generations']).flatMap((list) => (Array.isArray(list) ? list : [list]).map(fields));
  return present({
    generations: generations.map(({ message, text: said, generationInfo }) =>
      present({
        message: message === undefined ? undefined : plainMessage(message),
        text: message ? undefined : said,
        generationInfo,
      }),
    ),
    llmOutput: given['llmOutput'],
  });
}

function begin(asked: Asked): ModelRun | null {
  const { operation } = asked;
  const request = operation.request(requestOf(asked));
  const name = callName(operation.operation, request.model);
  const provider = providerOfModel(guard('langchain.provider', () => asked.model._llmType?.(), undefined));
  const event = openEvent({ type: 'llm', name, llm: { operation: operation.operation, api: operation.api, provider, request } });
  return event === null ? null : new ModelRun(event, asked);
}

/** Whether the code runs in a call of this model already. */
function isCalling(model: unknown): boolean {
  const owner = hub.recorder?.current()?.owner;
  return owner instanceof ModelRun && owner.asked.model === model;
}

const chat = { operation: langchainChat, stream: false } as const;

/** `_generateUncached` of a chat model, which asks once for each list of messages that it is given. */
export function generateChat(original: Method): Method {
  const single = runMethod(original, (model, [lists, options]) =>
    items(lists).length === 1 ? begin({ ...chat, model, options, messages: lists[0] }) : null,
  );
  return function (this: any, ...args: any[]) {
    if (hub.recorder === null || items(args[0]).length < 2) return Reflect.apply(single, this, args);
    const release = guard(
      'langchain.batch',
      () => leaseMember(this, '_generate', generateEach),
      () => {},
    );
    const given: any = Reflect.apply(original, this, args);
    // Chained, not looked at from the side: that would count as somebody having handled a rejection that nobody did.
    return given.then(
      (value: unknown) => {
        release();
        return value;
      },
      (error: unknown) => {
        release();
        throw error;
      },
    );
  };
}

function generateEach(original: Method): Method {
  return runMethod(original, (model, [messages, options]) =>
    isCalling(model) ? null : begin({ ...chat, model, options, messages }),
  );
}

/** `_generateUncached` of a text model: one call, however many prompts. */
export function generateText(original: Method): Method {
  return runMethod(original, (model, [prompts, options]) =>
    items(prompts).length === 0 ? null : begin({ operation: langchainCompletion, stream: false, model, options, prompts }),
  );
}

/** `_streamIterator` of a chat or text model. A model that cannot stream, as `base` cannot, is asked by `invoke` in there. */
export function streamModel(original: Method, base: any, operation: Operation): Method {
  return runGenerator(original, (model, [asked, options]) => {
    if (model.disableStreaming === true || model._streamResponseChunks === base._streamResponseChunks) return null;
    if (operation === langchainChat) return begin({ operation, stream: true, model, options, messages: asked });
    return begin({
      operation,
      stream: true,
      model,
      options,
      prompts: [typeof asked === 'string' ? asked : fields(asked)['value']],
    });
  });
}

/** `streamEvents` of a chat model, whose newer protocol asks no callbacks: the generator of its events is watched where it is made. The older versions go by `stream`. */
export function streamProtocol(original: Method): Method {
  const watched = (make: Method): Method =>
    runGenerator(make, (model, [messages, options]) => begin({ ...chat, stream: true, model, options, messages }));
  return function (this: any, ...args: any[]) {
    const version: unknown = args[1]?.version;
    if (hub.recorder === null || version === 'v1' || version === 'v2') return Reflect.apply(original, this, args);
    const release = guard(
      'langchain.events',
      () => leaseMember(this, '_streamChatModelEvents', watched),
      () => {},
    );
    try {
      return Reflect.apply(original, this, args);
    } finally {
      release();
    }
  };
}
