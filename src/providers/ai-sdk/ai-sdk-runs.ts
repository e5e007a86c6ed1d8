/**
 * The runs of the Vercel AI SDK 7, from two sources. Its tracing channel tells of nearly every operation, and keeps the async scope. Its list of telemetry integrations tells of what the channel
 * leaves out: objects, each call of `embedMany`, results where the app hides something, aborts. What both tell counts once.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { guard } from '../../core/diagnostics.ts';
import { hub } from '../../events/ports.ts';
import type { OpenEvent } from '../../events/ports.ts';
import { observe, isPlainPromise } from '../../patch/own-member.ts';
import { aiSdkFailure } from './ai-sdk-call.ts';
import { aiSdkDecision, aiSdkEmbeddings, aiSdkRerank, aiSdkSpeech, aiSdkTranscription } from './ai-sdk-operations.ts';
import { AiRun, hiddenBy } from './ai-sdk-run.ts';
import type { Operation } from '../contract.ts';
import { agentStart, Kept, openEvent, OpenEvents, succeeded, taken, toolStart } from '../framework-events.ts';

/** Operations that are one call of a model. */
const ONE_CALL: Readonly<Record<string, Operation>> = {
  embed: aiSdkEmbeddings,
  // Becomes an action when its calls are told of one by one.
  embedMany: aiSdkEmbeddings,
  rerank: aiSdkRerank,
  generateSpeech: aiSdkSpeech,
  transcribe: aiSdkTranscription,
  streamTranscribe: aiSdkTranscription,
  experimental_decide: aiSdkDecision,
};
const OBJECTS = new Set(['ai.generateObject', 'ai.streamObject']);

/** What the channel tells: one object from the beginning of an operation to its end. */
export interface ChannelMessage {
  type: string;
  event: any;
  result?: any;
  error?: unknown;
}

/**
 * Where code of the SDK, or of the app in it, runs. Of a stream's run it is collected when nobody will read on; so it is held by the SDK's scope alone. (Sockets hold the scope that they were
 * opened in: that of a call, which does not hold the one around it.)
 */
interface Place {
  readonly event: OpenEvent;
  /** The place around one that was entered for good, as the SDK keeps no scope there. */
  readonly around?: Place | undefined;
  readonly entered?: true;
}

/** A function of a telemetry integration. One of ours that throws is a fault; what a durable run tells over again, it told when it happened. */
const listener =
  (listen: (event: any) => void) =>
  (event: any): void => {
    if (hub.recorder === null || event?.durableContext?.phase === 'replay') return;
    guard('ai-sdk.listener', () => listen(event), undefined);
  };

const toolKey = (event: any): string => `${event?.callId} ${event?.toolCall?.toolCallId}`;

/** The SDK invents an id where the provider has given none. */
const ownId = (id: unknown): boolean => typeof id === 'string' && id.startsWith('aiobj-');

export class AiRuns {
  readonly scope = new AsyncLocalStorage<Place>();
  readonly #runs = new Kept<AiRun>((run) => run.finish({ status: 'unfinished' }));
  readonly #tools = new OpenEvents();
  readonly #dropped = new FinalizationRegistry<string>((callId) => {
    guard('ai-sdk.dropped', () => this.#runs.get(callId)?.finish({ status: 'cancelled' }), undefined);
  });

  /** The event of the SDK's that the current code runs in. */
  readonly bridge = (): OpenEvent | null => this.scope.getStore()?.event ?? null;

  /** Runs that are open. */
  get size(): number {
    return this.#runs.size;
  }

  /** Forgets what is open. */
  stop(): void {
    for (const run of this.#runs.takeAll()) run.finish({ status: 'unfinished' });
    this.#tools.endAll({ status: 'unfinished' });
  }

  /** The place of what the channel says begins; where nothing is recorded, the place around it. */
  readonly entered = (message: ChannelMessage): Place | undefined => {
    const around = this.scope.getStore();
    if (hub.recorder === null) return around;
    const event = guard('ai-sdk.start', () => this.#enter(message), null);
    if (event === null) return around;
    const place: Place = { event };
    if (message.type === 'streamText') this.#watch(place, message.event.callId);
    return place;
  };

  #enter({ type, event }: ChannelMessage): OpenEvent | null {
    const callId: unknown = event?.callId;
    if (typeof callId !== 'string' || event.durableContext?.phase === 'replay') return null;
    if (type === 'generateText' || type === 'streamText') return this.#begin(callId, event, type === 'streamText').event;
    const operation = ONE_CALL[type];
    if (operation !== undefined) return this.#keep(callId, event, null, false).onlyCall(event, operation, type);
    const run = this.#runs.get(callId);
    if (type === 'languageModelCall') return (run ?? this.#keep(callId, event, null, false)).callBegan(event);
    if (type === 'step') return run?.stepBegan(event.stepNumber) ?? null;
    return type === 'executeTool' ? this.#toolBegan(event, run) : null;
  }

  /** What the channel says has ended. */
  readonly left = (message: ChannelMessage): void => {
    guard('ai-sdk.end', () => this.#leave(message), undefined);
  };

  #leave({ type, event, result, ...rest }: ChannelMessage): void {
    const run = this.#runs.get(event?.callId);
    const thrown = 'error' in rest ? { error: rest.error } : undefined;
    if (type === 'executeTool') this.#toolEnded(event, result?.output);
    else if (run === undefined) return;
    else if (type === 'languageModelCall') this.#callSettled(run, thrown, result);
    else if (type === 'step') run.stepEnded(thrown);
    else if (type === 'streamText' && thrown !== undefined) run.refused(thrown.error);
    else {
      if (Object.hasOwn(ONE_CALL, type)) run.call?.answered(result);
      if (thrown !== undefined) run.failed(thrown.error);
      else run.succeeded();
    }
  }

  /** Begins a run with an event of its own, called as the SDK's own integration for the conventions calls its agents. */
  #begin(callId: string, event: any, streams: boolean): AiRun {
    const { functionId } = event;
    return this.#keep(callId, event, openEvent(agentStart(typeof functionId === 'string' ? functionId : undefined)), streams);
  }

  #keep(callId: string, settings: any, event: OpenEvent | null, streams: boolean): AiRun {
    const over = (): void => {
      const run = this.#runs.take(callId);
      if (streams && run !== undefined) this.#dropped.unregister(run);
    };
    const run = new AiRun({ event, settings, streams, hidden: hiddenBy(settings), over });
    this.#runs.add(callId, run);
    return run;
  }

  /** Of a stream that nobody reads any more, nobody tells; the place that it runs in is collected then. */
  #watch(place: Place, callId: string): void {
    const run = this.#runs.get(callId);
    if (run !== undefined) this.#dropped.register(place, callId, run);
  }

  /** Makes `event` the place of the rest of the function of the SDK's that has called us: only where that is an asynchronous one of its own, whose caller does not see it. */
  #go(event: OpenEvent | null | undefined): Place | undefined {
    if (!event) return undefined;
    const store = this.scope.getStore();
    const place: Place = { event, around: store?.entered ? store.around : store, entered: true };
    this.scope.enterWith(place);
    return place;
  }

  #callSettled(run: AiRun, thrown: { error: unknown } | undefined, result: any): void {
    if (thrown === undefined) run.call?.answered(result);
    else if (run.event === null) run.failed(thrown.error);
    // What stands for a hidden error must not take the place of the error itself, which the integration was given.
    else if (run.call?.failure === undefined) run.callFailed(thrown.error);
  }

  #toolBegan(event: any, run: AiRun | undefined): OpenEvent | null {
    const { toolCallId, toolName, input } = event.toolCall ?? {};
    const within = run?.inside;
    const start = toolStart(String(toolName), typeof toolCallId === 'string' ? { callId: toolCallId } : {});
    const opened = this.#tools.open(toolKey(event), within === undefined ? start : { ...start, within });
    if (opened !== null) opened.owner = taken(opened, input);
    return opened;
  }

  #toolEnded(event: any, output: any): void {
    const key = toolKey(event);
    const opened = this.#tools.get(key);
    if (opened === undefined) return;
    const hidden = hiddenBy(event);
    const { owner: input } = opened;
    const given = hidden.inputs || input === undefined ? {} : { arguments: input };
    if (output?.type === 'tool-error') {
      const { content, ...failure } = aiSdkFailure(output.error, hidden);
      this.#tools.end(key, { ...failure, content: () => ({ ...given, ...content?.() }) });
    } else {
      const said = hidden.outputs || output === undefined ? {} : { result: output.output };
      this.#tools.end(
        key,
        succeeded(() => ({ ...given, ...said })),
      );
    }
  }

  #objectBegan(event: any): void {
    const streams = event.operationId === 'ai.streamObject';
    const run = this.#begin(event.callId, event, streams);
    const place = this.#go(run.event);
    if (streams && place !== undefined) this.#watch(place, event.callId);
  }

  #objectAsked({ callId, stepNumber, promptMessages }: any): void {
    const run = this.#runs.get(callId);
    if (run === undefined) return;
    const { instructions: _, system: __, ...settings } = run.settings;
    run.stepBegan(stepNumber);
    this.#go(run.callBegan(settings, { messages: promptMessages, outputType: 'json' }));
  }

  #objectAnswered({ callId, objectText, finishReason, usage, response, msToFirstChunk }: any): void {
    const call = this.#runs.get(callId)?.call;
    if (typeof msToFirstChunk === 'number') call?.event.amend({ firstChunkUs: Math.round(msToFirstChunk * 1000) });
    // What went wrong is told with the end of the run.
    if (finishReason === 'error') return;
    const { id, modelId } = response ?? {};
    const said = { modelId, ...(!ownId(id) && { id }) };
    call?.answered({ content: [{ type: 'text', text: objectText }], finishReason, usage, response: said });
    this.#runs.get(callId)?.stepEnded(undefined);
  }

  /** What stands in the SDK's list of telemetry integrations. */
  readonly integration = {
    onStart: listener((event) => {
      if (OBJECTS.has(event.operationId)) this.#objectBegan(event);
    }),
    onObjectStepStart: listener((event) => this.#objectAsked(event)),
    onObjectStepEnd: listener((event) => this.#objectAnswered(event)),
    onEmbedStart: listener((event) => {
      if (event.operationId === 'ai.embedMany.doEmbed') this.#go(this.#runs.get(event.callId)?.partBegan(event));
    }),
    onEmbedEnd: listener((event) => {
      const run = this.#runs.get(event.callId);
      if (event.operationId === 'ai.embedMany.doEmbed') run?.partEnded(event);
      else run?.call?.answered(event);
    }),
    onToolExecutionEnd: listener((event) => this.#toolEnded(event, event.toolOutput)),
    onAbort: listener((event) => this.#runs.get(event.callId)?.aborted(event.reason)),
    onError: listener((event) => this.#runs.get(event.callId)?.failed(event.error)),
    onEnd: listener((event) => {
      const run = this.#runs.get(event.callId);
      if (event.error === undefined) run?.succeeded();
      else run?.failed(event.error);
    }),
    executeLanguageModelCall: (options: any): unknown => {
      const result: unknown = options.execute();
      const run = this.#runs.get(options.callId);
      if (run === undefined || !isPlainPromise(result)) return result;
      const settled = (thrown: { error: unknown } | undefined, value: unknown): void => {
        guard('ai-sdk.call', () => this.#callSettled(run, thrown, value), undefined);
      };
      observe(
        result,
        (value) => settled(undefined, value),
        (error: unknown) => settled({ error }, undefined),
      );
      return result;
    },
  };
}
