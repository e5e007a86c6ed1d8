/**
 * One run of the Claude Agent SDK as events. A child process runs the agent; what it tells the app, it tells here: the turns of the model, the tools that it has run, its sub-agents. Each message
 * is seen when it comes in, whether or not the app reads it.
 */
import { monotonicUs } from '../../core/clock.ts';
import { looking } from '../../patch/own-member.ts';
import { leaseMember } from '../../patch/lease.ts';
import type { ErrorFacts, EventContent, LlmRequest } from '../../events/model.ts';
import type { OpenEvent, Outcome } from '../../events/ports.ts';
import type { Method } from '../../patch/registry.ts';
import { claudeAgent, callError, isSynthetic, promptOf, readResult, saidIn, Spending } from './claude-agent-frames.ts';
import type { Result } from './claude-agent-frames.ts';
import { Thread } from './claude-agent-thread.ts';
import type { Shared } from './claude-agent-thread.ts';
import { fields, present, text, word } from '../fields.ts';
import { agentStart, failed, openEvent, OpenEvents, taken } from '../framework-events.ts';

/** The clouds that the child can be told to use, by the member of its environment that says so. */
const CLOUDS: readonly (readonly [string, string])[] = [
  ['CLAUDE_CODE_USE_BEDROCK', 'aws.bedrock'],
  ['CLAUDE_CODE_USE_VERTEX', 'gcp.vertex_ai'],
];
const ON = /^(1|true|yes|on)$/i;

function providerOf(env: unknown): string {
  const cloud = CLOUDS.find(([name]) => ON.test(String(fields(env)[name] ?? '')));
  return cloud?.[1] ?? 'anthropic';
}

export class AgentRun {
  readonly event: OpenEvent;
  readonly #query: any;
  readonly #shared: Shared;
  readonly #main: Thread;
  /** Sub-agents that are at work, by the id of the call that began them. */
  readonly #threads = new Map<string, Thread>();
  readonly #release: (() => void)[] = [];
  #given: unknown;
  #result: Result | undefined;
  /** The app waits for a result. */
  #waits = true;

  constructor(query: any, event: OpenEvent, provider: string) {
    this.event = event;
    this.#query = query;
    const { resume, continueConversation } = fields(query.transport?.options);
    const spending = new Spending(resume !== undefined || continueConversation === true);
    this.#shared = { provider, tools: new OpenEvents(), spending };
    this.#main = new Thread(event, this.#shared);
  }

  /** Looks at what comes in. The queue that messages wait in for the app is the one place that all of them, and the end, go through. */
  watch(onEnd: () => void): void {
    const stream = this.#query.inputStream;
    const watched = (key: string, look: (given: unknown) => void): void => {
      const made = (original: Method): Method =>
        function (this: unknown, ...args: any[]) {
          looking('claude-agent.message', () => look(args[0]));
          return Reflect.apply(original, this, args) as unknown;
        };
      this.#release.push(leaseMember(stream, key, made));
    };
    watched('enqueue', (frame) => this.#frame(frame));
    watched('done', () => this.#ended(() => this.#outcome(), onEnd));
    watched('error', (error) => this.#ended(() => this.#failure(error), onEnd));
  }

  /** A line is sent to the child. */
  sent(line: unknown): void {
    if (this.event.ended) return;
    this.#waits = true;
    this.#main.asked();
    const message = this.event.wantsBodies ? promptOf(line) : undefined;
    if (message === undefined) return;
    this.#given ??= taken(this.event, text(saidIn(message)) ?? message['content']);
    this.#main.told(message);
  }

  /** The event that a request of the child's to this process is part of: that of the tool that it is about, else the run. */
  eventOf(request: any): OpenEvent {
    const { message, tool_use_id: id } = fields(request);
    const { method, params } = fields(message);
    const called = method === 'tools/call' ? fields(fields(params)['_meta'])['claudecode/toolUseId'] : id;
    return this.#shared.tools.get(called) ?? this.event;
  }

  #frame(frame: unknown): void {
    const { type, message, event, isReplay } = fields(frame);
    if (type === 'assistant') return this.#assistant(frame);
    if (type === 'stream_event') return this.#thread(frame).streamed(event);
    if (type === 'system') return this.#system(frame);
    if (type === 'user' && isReplay !== true) return this.#user(frame, message);
    if (type === 'result') {
      this.#shared.spending.result(frame);
      this.#main.result(frame);
      this.#result = readResult(frame);
      this.#waits = false;
    }
  }

  #assistant(frame: unknown): void {
    const thread = this.#thread(frame);
    // A turn that nobody has asked for: a sub-agent in the background is done.
    if (thread === this.#main) this.#waits = true;
    if (!isSynthetic(frame)) thread.answered(frame);
    else if (callError(frame) !== undefined) thread.failed(frame);
  }

  #user(frame: unknown, message: unknown): void {
    this.#thread(frame).told(message);
    const { content } = fields(message);
    for (const block of Array.isArray(content) ? content.map(fields) : []) {
      const id = block['tool_use_id'];
      if (typeof id === 'string' && this.#threads.get(id)?.background === false) {
        this.#endThread(id, {
          status: block['is_error'] === true ? 'error' : 'ok',
          ...(block['is_error'] === true && subagentError()),
        });
      }
    }
  }

  #system(frame: unknown): void {
    const { subtype, model, status, tool_use_id: id, task_id: taskId, task_type: taskType, patch, ...rest } = fields(frame);
    if (subtype === 'init') {
      const request: LlmRequest = present({ model: text(model) });
      this.event.amend({ request });
      this.#main.asked();
    } else if (subtype === 'status' && status === 'requesting') this.#main.asked();
    else if (subtype === 'task_started' && taskType === 'local_agent' && typeof id === 'string') {
      const thread = this.#subThread(id, rest['subagent_type']);
      thread.background = rest['is_backgrounded'] === true;
      thread.taskId = taskId;
      // Of one in the foreground, the child sends the prompt as a message as well.
      if (thread.background && typeof rest['prompt'] === 'string') thread.told({ role: 'user', content: rest['prompt'] });
    } else if (subtype === 'task_updated' && fields(patch)['is_backgrounded'] === true) {
      for (const thread of this.#threads.values()) if (thread.taskId === taskId) thread.background = true;
    } else if (subtype === 'task_notification' && typeof id === 'string') {
      if (status === 'completed') this.#endThread(id, { status: 'ok' });
      else this.#endThread(id, status === 'stopped' ? { status: 'cancelled' } : { status: 'error', ...subagentError() });
    }
  }

  #thread(frame: unknown): Thread {
    const { parent_tool_use_id: id, subagent_type: type } = fields(frame);
    return typeof id === 'string' ? this.#subThread(id, type) : this.#main;
  }

  #subThread(id: string, type: unknown): Thread {
    const known = this.#threads.get(id);
    if (known !== undefined) return known;
    const event = openEvent({ ...agentStart(word(type)), within: this.#shared.tools.get(id) ?? this.event });
    const thread = new Thread(event ?? this.event, this.#shared);
    this.#threads.set(id, thread);
    return thread;
  }

  #endThread(id: string, outcome: Outcome): void {
    const thread = this.#threads.get(id);
    if (thread === undefined) return;
    this.#threads.delete(id);
    thread.endTurn(outcome.status);
    if (thread.event !== this.event) thread.event.end(outcome);
  }

  #ended(how: () => Outcome, onEnd: () => void): void {
    if (this.event.ended) return;
    const outcome = how();
    const inside: Outcome = { status: outcome.status === 'cancelled' ? 'cancelled' : 'unfinished' };
    for (const release of this.#release.splice(0)) release();
    onEnd();
    for (const id of [...this.#threads.keys()].toReversed()) this.#endThread(id, inside);
    this.#main.endTurn(outcome.status === 'ok' ? 'ok' : inside.status);
    this.#shared.tools.endAll(inside);
    const { spending } = this.#shared;
    const usage = spending.rest();
    this.event.end({ ...outcome, ...present({ usage, costUsd: spending.costUsd }) });
  }

  /** How a run ended that has nothing more to say. */
  #outcome(): Outcome {
    const result = this.#result;
    if (this.#aborted) return { status: 'cancelled', content: () => this.#said() };
    if (this.#waits || result === undefined) {
      // Closed by the app, by a break out of its loop, or by the child itself.
      if (this.#query.cleanupPerformed === true) return { status: 'cancelled', content: () => this.#said() };
      return { status: 'error', error: { type: 'incomplete_stream' }, content: () => this.#said() };
    }
    if (result.stopped) return { status: 'cancelled', content: () => this.#said() };
    return result.error === undefined ? { status: 'ok', content: () => this.#said() } : this.#refused(result, result.error);
  }

  #failure(error: unknown): Outcome {
    const outcome = failed(error, () => this.#said());
    const result = this.#waits ? undefined : this.#result;
    if (this.#aborted || result?.stopped === true) return { ...outcome, status: 'cancelled', error: { type: 'AbortError' } };
    // The child leaves with a code after a result that is an error; the SDK throws the words of the result.
    return result?.error === undefined ? outcome : this.#refused(result, result.error);
  }

  #refused({ message }: Result, error: ErrorFacts): Outcome {
    return { status: 'error', error, content: () => ({ ...this.#said(), error: { message: message ?? error.type } }) };
  }

  get #aborted(): boolean {
    return this.#query.abortController?.signal?.aborted === true;
  }

  #said(): EventContent {
    return present({ arguments: this.#given, result: this.#result?.value });
  }
}

function subagentError(): { error: ErrorFacts } {
  return { error: { type: 'subagent_error' } };
}

/** Begins the run of a query that is about to have its first prompt; null where nothing is recorded. */
export function beginRun(query: any, onEnd: () => void): AgentRun | null {
  const options = fields(query.transport?.options);
  const provider = providerOf(options['env']);
  const request: LlmRequest = present({ model: text(options['model']) });
  const start = agentStart(text(options['agent']) ?? 'claude');
  const llm = { operation: 'invoke_agent', api: claudeAgent.api, provider, request };
  const event = openEvent({ ...start, llm, beganUs: monotonicUs() });
  if (event === null) return null;
  const run = new AgentRun(query, event, provider);
  run.watch(onEnd);
  return run;
}
