/**
 * The spans of the OpenAI Agents SDK as events. Agents, turns, tools, handoffs, guardrails are events; a call of a model is one only where no SDK that we patch made it, which is known when its span
 * ends. The SDK's own scope says in which span code runs; a bridge says it to the recorder.
 */
import { monotonicUs } from '../../core/clock.ts';
import { guard } from '../../core/diagnostics.ts';
import type { ErrorFacts, EventContent } from '../../events/model.ts';
import { hub } from '../../events/ports.ts';
import { callName } from '../../events/safe-words.ts';
import type { EventStart, OpenEvent, Outcome } from '../../events/ports.ts';
import { providerNamed } from '../ai-sdk/ai-sdk-names.ts';
import type { Operation } from '../contract.ts';
import { parsed } from '../fields.ts';
import { agentStart, Kept, openEvent, succeeded, toolStart } from '../framework-events.ts';
import { agentsGeneration } from './openai-agents-generation.ts';
import { responses } from '../openai/responses.ts';

/** A span of the SDK, open. */
interface Node {
  readonly data: any;
  readonly above: Node | undefined;
  readonly beganUs: number;
  /** Undefined as long as there is none, which it stays for a call of a model. */
  event: OpenEvent | null | undefined;
  /** Something was to be recorded that happened inside. */
  asked: boolean;
}

const MODEL_SPANS = new Set(['generation', 'response']);

export class AgentSpans {
  readonly #open = new Kept<Node>((node) => node.event?.end({ status: 'unfinished' }));
  readonly #currentSpan: () => any;
  #silent = false;

  /** `currentSpan`: the SDK's, which knows its scope. */
  constructor(currentSpan: () => any) {
    this.#currentSpan = currentSpan;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Forgets what is open. */
  stop(): void {
    for (const node of this.#open.takeAll()) node.event?.end({ status: 'unfinished' });
  }

  /** The event of the span that the current code runs in. */
  readonly bridge = (): OpenEvent | null => {
    if (this.#silent) return null;
    let span = this.#currentSpan();
    for (; span; span = span.previousSpan) {
      const node = this.#open.get(span.spanId);
      if (node === undefined) continue;
      node.asked = true;
      return this.#eventOf(node);
    }
    return null;
  };

  started(span: any): void {
    if (hub.recorder === null || this.#open.get(span.spanId) !== undefined) return;
    const above = this.#open.get(span.parentId);
    const node: Node = { data: span.spanData, above, beganUs: monotonicUs(), event: undefined, asked: false };
    // A tool's is opened when the SDK says which call it runs.
    const { type } = span.spanData;
    if (type !== 'function' && !MODEL_SPANS.has(type)) node.event = this.#openIn(above, startOf(span.spanData));
    this.#open.add(span.spanId, node);
  }

  /** The SDK runs the tool of the current span for this call. */
  toolStarted(callId: unknown): void {
    const node = this.#open.get(this.#currentSpan()?.spanId);
    if (node?.data.type === 'function' && typeof callId === 'string') this.#openTool(node, callId);
  }

  ended(span: any): void {
    const node = this.#open.take(span.spanId);
    if (node === undefined) return;
    const { data } = node;
    if (MODEL_SPANS.has(data.type)) return this.#modelCalled(node, span.error);
    if (data.type === 'turn') this.#turnTold(node);
    const event = data.type === 'function' ? this.#openTool(node) : node.event;
    if (!event) return;
    if (data.type === 'handoff' && typeof data.to_agent === 'string') event.become('action', `handoff to ${data.to_agent}`);
    // The guardrail did what it is for: the run fails, and not it.
    if (data.type === 'guardrail' && data.triggered === true) {
      event.note({ kind: 'failure', type: 'orchestration', code: 'constraint_violation' });
    }
    event.end(outcomeOf(span.error, data));
  }

  /** The event that stands for a span: its own, else that of the span around it. */
  #eventOf(node: Node | undefined): OpenEvent | null {
    for (let at = node; at !== undefined; at = at.above) {
      if (at.data.type === 'function') this.#openTool(at);
      if (at.event) return at.event;
    }
    return null;
  }

  #openTool(node: Node, callId?: string): OpenEvent | null {
    if (node.event === undefined) {
      const start = toolStart(String(node.data.name), callId === undefined ? {} : { callId });
      // The recorder asks us where it is: until it is there, that is around it.
      node.event = null;
      node.event = this.#openIn(node.above, { ...start, beganUs: node.beganUs });
    }
    return node.event;
  }

  /** Opens an event in that of a span, or further in, where code of the app around it has events of its own. */
  #openIn(above: Node | undefined, start: EventStart): OpenEvent | null {
    const around = this.#eventOf(above);
    if (around === null) return openEvent(start);
    return openEvent({ ...start, within: this.#furtherIn(around) });
  }

  /** The innermost event inside of `around` that is not ours; `around` where there is none. The SDK says itself which of its spans is in which. */
  #furtherIn(around: OpenEvent): OpenEvent {
    this.#silent = true;
    const current = guard('openai-agents.current', () => hub.recorder?.current() ?? null, null);
    this.#silent = false;
    return current !== null && isInside(current, around) ? current : around;
  }

  /** A call of a model that nobody else has told of: there was nothing to ask about in its span, or nothing of it was a call. */
  #modelCalled(node: Node, error: any): void {
    const around = this.#eventOf(node.above);
    if (node.asked && around?.carriesCall === true) return;
    const { _input: input, _response: response, ...data } = node.data;
    if (response !== undefined) {
      const body = { ...response, input };
      this.#tell(
        node,
        { operation: responses, provider: 'openai', request: { model: body.model, input }, body: response },
        error,
      );
    } else if (data.type === 'generation') {
      const provider = data.model_config?.provider;
      const name = typeof provider === 'string' ? providerNamed(provider) : 'unknown';
      this.#tell(node, { operation: agentsGeneration, provider: name, request: data, body: data }, error);
    } else if (error) this.#tell(node, { operation: responses, provider: 'openai', request: {}, body: undefined }, error);
  }

  /** What a turn used that no call in it has told of: of a model that has no span. */
  #turnTold(node: Node): void {
    const { usage } = node.data;
    if (!node.event || node.event.carriesCall || !(usage?.input_tokens > 0 || usage?.output_tokens > 0)) return;
    const inside: Node = { ...node, above: node, event: undefined };
    this.#tell(inside, { operation: agentsGeneration, provider: 'unknown', request: {}, body: { usage } }, null);
  }

  #tell(node: Node, call: { operation: Operation; provider: string; request: any; body: any }, error: any): void {
    const { operation, provider, request, body } = call;
    const facts = operation.request(request);
    const name = callName(operation.operation, facts.model);
    const llm = { operation: operation.operation, api: operation.api, provider, request: facts };
    const event = this.#openIn(node.above, { type: 'llm', name, llm, beganUs: node.beganUs });
    if (event === null) return;
    const said: EventContent = { request, ...(body !== undefined && body !== request && { response: body }) };
    if (body === request) said.response = { output: request.output, usage: request.usage };
    const answered = body === undefined ? {} : operation.response(body);
    const { content, ...outcome } = outcomeOf(error, {});
    event.end({ ...answered, ...outcome, content: () => ({ ...said, ...content?.() }) });
  }
}

function isInside(event: OpenEvent, outer: OpenEvent): boolean {
  for (let at: OpenEvent | null = event; at !== null; at = at.above) if (at === outer) return true;
  return false;
}

/** What a span begins as. Names come from the app's code. */
function startOf(data: any): EventStart {
  const named = (name: unknown): string => (typeof name === 'string' && name !== '' ? ` ${name}` : '');
  switch (data.type) {
    case 'agent':
      return agentStart(typeof data.name === 'string' ? data.name : undefined);
    case 'turn':
      return { type: 'step', name: `turn${typeof data.turn === 'number' ? ` ${data.turn}` : ''}` };
    case 'task':
    case 'custom':
      return { type: 'action', name: typeof data.name === 'string' ? data.name : data.type };
    case 'guardrail':
      return { type: 'action', name: `guardrail${named(data.name)}` };
    case 'mcp_tools':
      return { type: 'action', name: `list_tools${named(data.server)}` };
    default:
      return { type: 'action', name: String(data.type) };
  }
}

/** A class of an error as the SDK writes one in front of its message; anything else could be a message. */
const ERROR_CLASS = /^([A-Z]\w{0,60}(?:Error|Exception|Exceeded|Triggered))(?::|$)/;

function errorOf(error: any, data: any): ErrorFacts {
  const told: unknown = error?.data?.error;
  const type = typeof told === 'string' ? ERROR_CLASS.exec(told)?.[1] : undefined;
  return { type: type ?? `${typeof data.type === 'string' && data.type !== 'function' ? data.type : 'tool'}_error` };
}

function outcomeOf(error: any, data: any): Outcome {
  const content = (): EventContent => {
    const { input, output } = data.type === 'function' ? data : { input: undefined, output: undefined };
    return {
      ...(input !== undefined && input !== '' && { arguments: parsed(input) }),
      ...(output !== undefined && output !== '' && { result: parsed(output) }),
    };
  };
  if (!error) return succeeded(content);
  const told: unknown = error.data?.error;
  const message = typeof told === 'string' ? `${String(error.message)}: ${told}` : String(error.message);
  return { status: 'error', error: errorOf(error, data), content: () => ({ ...content(), error: { message } }) };
}
