/** One run of the Vercel AI SDK: a `generateText` or a stream with its steps and tools, or one operation of another model. */
import { guard } from '../../core/diagnostics.ts';
import type { OpenEvent, Outcome } from '../../events/ports.ts';
import { AiModelCall, aiSdkFailure } from './ai-sdk-call.ts';
import type { Hidden } from './ai-sdk-call.ts';
import { aiSdkChat, aiSdkEmbeddings } from './ai-sdk-operations.ts';
import type { Operation } from '../contract.ts';
import { isAbort, openEvent, succeeded } from '../framework-events.ts';

/** What of the SDK's telemetry says what a call asks for. The rest is the SDK's own. */
const REQUEST_MEMBERS = [
  ...['provider', 'modelId', 'instructions', 'system', 'messages', 'tools', 'toolChoice', 'outputType'],
  ...[
    'maxOutputTokens',
    'temperature',
    'topP',
    'topK',
    'presencePenalty',
    'frequencyPenalty',
    'stopSequences',
    'seed',
    'reasoning',
  ],
  ...['value', 'values', 'dimensions', 'query', 'documents', 'topN', 'text', 'voice', 'state', 'questions'],
] as const;

function requestOf(...sources: any[]): Record<string, unknown> {
  const request: Record<string, unknown> = {};
  for (const source of sources) {
    for (const name of REQUEST_MEMBERS) if (source?.[name] !== undefined) request[name] = source[name];
  }
  return request;
}

/** What the app does not want recorded, by an event of the SDK's. */
export function hiddenBy(event: any): Hidden {
  return { inputs: event?.recordInputs === false, outputs: event?.recordOutputs === false };
}

/** How a run is made. `over` is told when it has ended. */
export interface RunStart {
  event: OpenEvent | null;
  /** What the SDK told at its beginning. */
  settings: any;
  streams: boolean;
  hidden: Hidden;
  over: () => void;
}

export class AiRun {
  readonly #start: RunStart;
  #step: OpenEvent | null = null;
  #call: AiModelCall | null = null;
  /** Calls of an embedding model that go on side by side. */
  readonly #parts = new Map<string, { call: AiModelCall; values: unknown }>();
  #thrown: { error: unknown } | undefined;
  #over = false;

  constructor(start: RunStart) {
    this.#start = start;
  }

  /** The event that what happens in the run happens in. */
  get event(): OpenEvent | null {
    return this.#start.event;
  }

  get settings(): any {
    return this.#start.settings;
  }

  get call(): AiModelCall | null {
    return this.#call;
  }

  /** The innermost event that belongs to the run itself. */
  get inside(): OpenEvent | undefined {
    return this.#step ?? this.event ?? undefined;
  }

  stepBegan(number: unknown): OpenEvent | null {
    this.#endStep(succeeded());
    const { event } = this;
    const name = typeof number === 'number' ? `step ${number + 1}` : 'step';
    this.#step = openEvent({ type: 'step', name, ...(event && { within: event }) });
    return this.#step;
  }

  stepEnded(thrown: { error: unknown } | undefined): void {
    this.#endStep(this.#outcome(thrown));
  }

  /** An attempt to call the model begins: the first, or a further one of the same call. */
  callBegan(event: any, more: any = {}): OpenEvent | null {
    if (this.#call !== null && !this.#call.event.ended && !this.#call.left) {
      this.#call.again();
      return this.#call.event;
    }
    const { streams, hidden } = this.#start;
    const request = { ...requestOf(event, more), ...(streams && { stream: true }) };
    this.#call = AiModelCall.begin({
      operation: aiSdkChat,
      request,
      hidden,
      within: this.inside,
      onLeft: () => this.#left(),
      onEnd: () => {
        if (this.event === null) this.finish(succeeded());
      },
    });
    return this.#call?.event ?? null;
  }

  /** The event of a run that is one call of a model; `carried`: its name where it turns out to be several. */
  onlyCall(event: any, operation: Operation, carried: string): OpenEvent | null {
    this.#call = AiModelCall.begin({ operation, request: requestOf(event), hidden: this.#start.hidden, carried });
    return this.#call?.event ?? null;
  }

  callFailed(error: unknown): void {
    if (this.#call !== null && !this.#call.event.ended) this.#call.failure = { error };
  }

  /** One call of several that embed; a second attempt goes on with the event of the first. */
  partBegan(event: any): OpenEvent | null {
    const { embedCallId, values } = event;
    for (const [id, part] of this.#parts) {
      if (this.#start.hidden.inputs || part.values !== values) continue;
      this.#parts.delete(id);
      this.#parts.set(embedCallId, part);
      return part.call.event;
    }
    const within = this.#call?.event ?? this.inside;
    const call = AiModelCall.begin({ operation: aiSdkEmbeddings, request: requestOf(event), hidden: this.#start.hidden, within });
    if (call !== null) this.#parts.set(embedCallId, { call, values });
    return call?.event ?? null;
  }

  partEnded(event: any): void {
    this.#parts.get(event.embedCallId)?.call.answered(event);
    this.#parts.delete(event.embedCallId);
  }

  /** The reader of the model's stream has left. If it was for an abort, the SDK says so in this turn, and why. */
  #left(): void {
    setImmediate(() => guard('ai-sdk.left', () => this.finish({ status: 'cancelled' }), undefined)).unref();
  }

  aborted(reason: any): void {
    if (reason?.name === 'TimeoutError') this.failed(reason);
    else this.finish({ status: 'cancelled' });
  }

  /** The results of a stream were refused. An abort refuses them before the SDK says that it was one. */
  refused(error: unknown): void {
    if (this.#call?.failure !== undefined) this.failed(error);
    else if (isAbort(error)) this.aborted(error);
    else setImmediate(() => guard('ai-sdk.refused', () => this.failed(error), undefined)).unref();
  }

  failed(error: unknown): void {
    this.#thrown = { error };
    this.finish(this.#outcome(this.#thrown));
  }

  succeeded(): void {
    this.finish(this.#outcome(undefined));
  }

  /** Ends the run once, and what is open in it. Tools go on by themselves. */
  finish(outcome: Outcome): void {
    if (this.#over) return;
    this.#over = true;
    this.#start.over();
    if (this.#thrown !== undefined && this.#call !== null && !this.#call.event.ended) this.#call.failure ??= this.#thrown;
    for (const { call } of this.#parts.values()) call.close(outcome.status === 'ok' ? ATTEMPT_FAILED : outcome);
    this.#parts.clear();
    this.#call?.close(outcome);
    this.#endStep(outcome);
    this.event?.end(outcome);
  }

  /** A run whose last call failed has failed, whether or not the SDK throws. Where something is hidden, the SDK tells of no error what it was: the call knows. */
  #outcome(thrown: { error: unknown } | undefined): Outcome {
    const { hidden } = this.#start;
    const failure = (hidden.inputs || hidden.outputs ? this.#call?.failure : undefined) ?? thrown ?? this.#call?.failure;
    return failure === undefined ? succeeded() : aiSdkFailure(failure.error, hidden);
  }

  #endStep(outcome: Outcome): void {
    const step = this.#step;
    this.#step = null;
    if (step === null) return;
    if (this.#call !== null && !this.#call.left) this.#call.close(outcome);
    step.end(outcome);
  }
}

/** Of a call that was tried again, where it cannot be told which of the later ones it was. */
const ATTEMPT_FAILED: Outcome = { status: 'error', error: { type: 'attempt_failed' } };
