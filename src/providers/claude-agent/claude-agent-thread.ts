/** One thread of a run of the Claude Agent SDK, the main one or a sub-agent's: its turns are LLM events, the tools that its model asks for are tool events. */
import { monotonicUs } from '../../core/clock.ts';
import type { EventStatus, LlmFacts } from '../../events/model.ts';
import type { OpenEvent } from '../../events/ports.ts';
import { callName } from '../../events/safe-words.ts';
import { callError, claudeAgent, saidIn, Turn } from './claude-agent-frames.ts';
import type { Spending } from './claude-agent-frames.ts';
import { copy, fields, items, present, text } from '../fields.ts';
import { calledTool, openEvent, taken, toolStart } from '../framework-events.ts';
import type { OpenEvents } from '../framework-events.ts';

/** What the threads of a run share. */
export interface Shared {
  /** `anthropic`, or the cloud that it runs on. */
  readonly provider: string;
  /** Open tools, by the id of the call. */
  readonly tools: OpenEvents;
  readonly spending: Spending;
}

/** A turn that is open. */
interface OpenTurn {
  readonly turn: Turn;
  readonly event: OpenEvent | null;
  /** What was said since the turn before. */
  readonly messages: unknown[];
  lastUs: number;
  chunks: number;
  aborted: boolean;
}

export class Thread {
  /** The agent's event. */
  readonly event: OpenEvent;
  /** It goes on after the call that began it has its result. */
  background = false;
  taskId: unknown;
  readonly #shared: Shared;
  #open: OpenTurn | undefined;
  readonly #messages: unknown[] = [];
  /** Calls whose results the next request brings. */
  readonly #results: string[] = [];
  /** When the model can have been asked at the earliest. */
  #askedUs = monotonicUs();
  /** Turns since the last result of the run. */
  #turns = 0;

  constructor(event: OpenEvent, shared: Shared) {
    this.event = event;
    this.#shared = shared;
  }

  /** The model may be asked from now on. */
  asked(): void {
    this.#askedUs = monotonicUs();
  }

  /** Something was said that is no model's: a prompt, the results of tools. */
  told(message: unknown): void {
    this.asked();
    for (const block of items(fields(message)['content']).map(fields)) {
      if (block['type'] === 'tool_result') this.#toolEnded(block);
    }
    if (this.event.wantsBodies) this.#messages.push(copy(message));
  }

  /** A block of an answer. */
  answered(frame: unknown): void {
    const { message, aborted } = fields(frame);
    const open = this.#turn(message);
    open.turn.add(message);
    open.lastUs = monotonicUs();
    open.aborted ||= aborted === true;
    for (const block of items(fields(message)['content']).map(fields)) {
      if (block['type'] === 'tool_use') this.#toolAsked(block);
    }
  }

  /** An event of the stream that an answer comes in. */
  streamed(event: unknown): void {
    const { type, message } = fields(event);
    if (type === 'message_start') this.#turn(message).turn.add(message);
    const open = this.#open;
    if (open === undefined) return;
    if (open.chunks++ === 0) open.event?.firstChunk();
    open.lastUs = monotonicUs();
    if (type === 'message_delta') open.turn.close(event);
    if (type === 'message_stop') this.endTurn('ok');
  }

  /** A call that failed, as the child tells of it. */
  failed(frame: unknown): void {
    this.endTurn('ok');
    const message = fields(frame)['message'];
    const event = this.#openCall(undefined);
    const error = callError(frame) ?? { type: 'api_error' };
    const said = { error: { message: saidIn(message) } };
    event?.end({ status: 'error', error, content: () => ({ request: this.#request(undefined, this.#takeMessages()), ...said }) });
  }

  /** The run, or a turn of the app's in it, has its result: it says how its last turn ended, and what a single one took. */
  result(frame: unknown): void {
    const { stop_reason: stopReason, usage } = fields(frame);
    const output = this.#turns === 1 ? Number(fields(usage)['output_tokens']) : NaN;
    this.#open?.turn.closeLate(stopReason, Number.isSafeInteger(output) ? output : undefined);
    this.endTurn('ok');
    this.#turns = 0;
  }

  /** `status`: how a turn ended that did not say so. */
  endTurn(status: EventStatus): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    const body = open.turn.body();
    const facts = claudeAgent.response(body);
    this.#shared.spending.tell(facts.usage);
    const { chunks, lastUs: endedUs, messages } = open;
    open.event?.end({
      ...facts,
      status: open.aborted ? 'cancelled' : open.turn.closed ? 'ok' : status,
      endedUs,
      ...(chunks > 0 && { chunks }),
      content: () => ({ request: this.#request(body['model'], messages), response: body }),
    });
  }

  #turn(message: unknown): OpenTurn {
    const { id, model } = fields(message);
    if (this.#open !== undefined && this.#open.turn.id === id) return this.#open;
    this.endTurn('ok');
    const event = this.#openCall(text(model));
    const turn = new Turn(text(id), event?.wantsBodies === true);
    const messages = this.#takeMessages();
    this.#turns++;
    this.#open = { turn, event, messages, lastUs: monotonicUs(), chunks: 0, aborted: false };
    return this.#open;
  }

  #openCall(model: string | undefined): OpenEvent | null {
    const { provider } = this.#shared;
    const results = this.#results.splice(0);
    const request = present({ model, stream: true, toolResults: results.length > 0 ? results : undefined });
    const llm: LlmFacts = { operation: claudeAgent.operation, api: claudeAgent.api, provider, request };
    const name = callName(llm.operation, model);
    return openEvent({ type: 'llm', name, llm, beganUs: this.#askedUs, within: this.event });
  }

  #takeMessages(): unknown[] {
    return this.#messages.splice(0);
  }

  #request(model: unknown, messages: readonly unknown[]): object {
    return present({ model, stream: true, messages });
  }

  #toolAsked(block: Record<string, unknown>): void {
    const { id, name, input } = block;
    const { tools } = this.#shared;
    if (typeof id !== 'string' || tools.get(id) !== undefined) return;
    const event = tools.open(id, { ...toolStart(calledTool(name), { callId: id }), within: this.event });
    if (event !== null) event.owner = { given: taken(event, input) };
  }

  #toolEnded(block: Record<string, unknown>): void {
    const { tool_use_id: id, content, is_error: isError } = block;
    if (typeof id !== 'string') return;
    this.#results.push(id);
    const event = this.#shared.tools.get(id);
    const given = fields(event?.owner)['given'];
    const said = present({ arguments: given, result: content });
    this.#shared.tools.end(
      id,
      isError === true
        ? { status: 'error', error: { type: 'tool_error' }, content: () => ({ ...said, error: { message: saidIn(block) } }) }
        : { status: 'ok', content: () => said },
    );
  }
}
