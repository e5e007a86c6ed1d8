/**
 * What else LangChain and LangGraph run: tools, retrievers, graphs, nodes and chains. Of the chains only some are worth an event. A pipeline runs dozens of sequences, lambdas and
 * parsers that nobody has named; seen are the outermost one, what the app has given a name to, and classes of the app's own.
 */
import { guard } from '../../core/diagnostics.ts';
import { hub } from '../../events/ports.ts';
import type { EventStart, OpenEvent, Outcome } from '../../events/ports.ts';
import type { StreamEnd } from '../../patch/observe-stream.ts';
import { fields, items, text, type Fields } from '../fields.ts';
import { agentStart, failed, isAbort, openEvent, succeeded, taken, toolStart } from '../framework-events.ts';
import type { GeneratorRun, MethodRun } from '../framework-method.ts';
import { plainMessage } from './langchain-messages.ts';

/** Chains of one outermost run that are seen; what a loop runs beyond them happens in the ones around it. */
const CHAINS_MAX = 1000;

/** Names that LangChain itself gives to runs, in which nothing happens that is not seen inside. */
const PLUMBING = new Set([
  ...['StructuredOutput', 'StructuredOutputRunnable', 'insertHistory', 'loadHistory'],
  ...['prompt', 'trim_messages', 'filter_messages', 'merge_message_runs'],
]);
/** As well, but it stands for the app's chain when nothing is around it. */
const WITH_HISTORY = 'RunnableWithMessageHistory';
const HIDDEN = 'langsmith:hidden';
const LIBRARY = /^lang(chain|graph)/;

/** What a run is known by to those inside of it. */
interface Place {
  /** Name of the event. */
  name: string;
  /** The name that its configuration gave: LangChain hands it on to what runs inside, where nobody listens to its callbacks. */
  given?: string | undefined;
  /** The task of a graph that it is, or is part of. */
  task?: string | undefined;
  /** Shared by all that happens in one outermost run. */
  count: { chains: number };
}

/** A run that is an event. Left early, or stopped by what is no failure, it is cancelled. */
class Run implements MethodRun, GeneratorRun {
  readonly event: OpenEvent;
  readonly place: Place;
  readonly #given: unknown;
  readonly signal: AbortSignal | undefined;
  readonly #chunks = new Chunks();

  constructor(event: OpenEvent, place: Place, { given, signal }: { given?: unknown; signal?: unknown }) {
    this.event = event;
    this.place = place;
    this.#given = taken(event, given);
    this.signal = signal instanceof AbortSignal ? signal : undefined;
    event.owner = this;
  }

  returned(value: unknown): void {
    const said = succeeded(() => this.#said({ result: plainOutput(value) }));
    // A tool says so that it failed, without a throw.
    const isFailure = this.event.type === 'tool' && isMessage(value) && fields(value)['status'] === 'error';
    this.event.end(isFailure ? { ...said, status: 'error', error: { type: 'tool_error' } } : said);
  }

  threw(error: unknown): void {
    this.event.end(this.#failed(error));
  }

  chunk(chunk: unknown): void {
    if (this.event.wantsBodies) this.#chunks.push(chunk);
  }

  ended(end: StreamEnd): void {
    if (end.how === 'error') return this.threw(end.error);
    if (end.how === 'done') return this.returned(this.#chunks.result());
    this.event.end({ ...succeeded(() => this.#said({ result: plainOutput(this.#chunks.result()) })), status: 'cancelled' });
  }

  #said(more: object): object {
    return { ...(this.#given !== undefined && { arguments: this.#given }), ...more };
  }

  #failed(error: unknown): Outcome {
    const outcome = failed(error, () => this.#said({}));
    // A graph that waits for a person, or goes on elsewhere, throws to get there.
    const { is_bubble_up: isBubble, name } = fields(error);
    if (isBubble === true) return { ...outcome, status: name === 'ParentCommand' ? 'ok' : 'cancelled' };
    return isWanted(error, this.signal) ? { ...outcome, status: 'cancelled' } : outcome;
  }
}

/** Whether the caller's signal stopped it. One of LangChain's that timed out is no wish of anybody's. */
function isWanted(error: unknown, signal: AbortSignal | undefined): boolean {
  const { name, message } = fields(error);
  if (isAbort(error) || name === 'ModelAbortError') return true;
  if (signal?.aborted !== true || name === 'TimeoutError') return false;
  return error === signal.reason || message === 'Abort' || message === 'Aborted';
}

/** What a stream has given, in one: pieces of text joined, else the last piece. */
class Chunks {
  #text = '';
  #last: unknown;
  #isText = true;

  push(chunk: unknown): void {
    this.#last = chunk;
    if (typeof chunk === 'string') this.#text += chunk;
    else this.#isText = false;
  }

  result(): unknown {
    return this.#isText && this.#last !== undefined ? this.#text : this.#last;
  }
}

const isMessage = (value: unknown): boolean =>
  Array.isArray(fields(value)['lc_namespace']) && fields(value)['content'] !== undefined;

/** What a run gave; of a message, what it says. */
function plainOutput(value: unknown): unknown {
  if (!isMessage(value)) return value;
  const message = plainMessage(value);
  return message['type'] === 'tool' ? message['content'] : message;
}

/** The run of LangChain's that the code runs in, as far as it is an event. */
function placeAround(): Place | undefined {
  for (let at = hub.recorder?.current() ?? null; at !== null; at = at.above) if (at.owner instanceof Run) return at.owner.place;
  return undefined;
}

function open(start: EventStart, place: Place, said: { given?: unknown; signal?: unknown }): Run | null {
  const event = openEvent(start);
  return event === null ? null : new Run(event, place, said);
}

function within(around: Place | undefined, name: string): Place {
  return { name, task: around?.task, count: around?.count ?? { chains: 0 } };
}

/** `call` of a tool; the id of the model's call rides in the configuration. */
export function beginTool(tool: any, [given, config]: readonly any[]): Run | null {
  const name = text(tool.name) ?? 'tool';
  const isCall = fields(given)['type'] === 'tool_call';
  const callId = text(fields(fields(config)['toolCall'])['id']) ?? (isCall ? text(given.id) : undefined);
  const said = { given: isCall ? given.args : given, signal: fields(config)['signal'] };
  return open(toolStart(name, callId === undefined ? {} : { callId }), within(placeAround(), name), said);
}

/** `invoke` of a retriever. */
export function beginRetriever(retriever: any, [query, config]: readonly any[]): Run | null {
  const name = nameOf(retriever);
  return open({ type: 'action', name: `retrieve ${name}` }, within(placeAround(), name), {
    given: query,
    signal: config?.signal,
  });
}

/** A run of a graph. */
export function beginGraph(graph: any, [given, config]: readonly any[]): Run | null {
  const around = placeAround();
  const own = fields(config)['runName'];
  const inherited = own === undefined || own === around?.given;
  const name = (inherited ? undefined : text(own)) ?? nameOf(graph);
  const place = { ...within(around, name), given: text(own) };
  return open(agentStart(name), place, { given, signal: fields(config)['signal'] });
}

/** A chain, where it is one to be seen. `given` is what it was called with, where that is known before it runs; `handedOn`, the name that what runs inside is asked under. */
export function beginChain(chain: any, config: any, given?: unknown, handedOn?: string): Run | null {
  const { runName, metadata, tags, runType, signal } = fields(config);
  if (runType === 'prompt' || runType === 'parser' || isHidden(tags)) return null;
  const around = placeAround();
  const own = text(runName);
  const node = own !== undefined && fields(metadata)['langgraph_node'] === own;
  if (node) {
    const task = taskOf(fields(metadata));
    if (around?.task === task) return null;
    const place = { ...within(around, own), given: own, task };
    // Its state is what the steps before it have made, and would be told again in each.
    return open({ type: 'step', name: own }, place, { signal });
  }
  const name = chainName(chain, own, around);
  if (name === undefined) return null;
  const place = { ...within(around, name), given: handedOn ?? own };
  if (place.count.chains++ >= CHAINS_MAX) return null;
  return open({ type: 'action', name }, place, { given, signal });
}

/**
 * `invoke` of a runnable that somebody has given a name with `withConfig`. What it is bound to is asked under the name of the chain around it where that chain has one: LangChain hands
 * that on where nobody listens to its callbacks.
 */
export function beginBinding(binding: any, [given, config]: readonly any[]): Run | null {
  const name = text(fields(binding.config)['runName']);
  const isSeenItself = binding.bound?._generate ?? binding.bound?._call ?? binding.bound?._getRelevantDocuments;
  if (name === undefined || PLUMBING.has(name) || name === WITH_HISTORY || isSeenItself !== undefined) return null;
  return beginChain(binding, { ...fields(config), runName: name }, given, text(fields(config)['runName']));
}

/** The name of a chain that is seen; undefined for one that is not. */
function chainName(chain: any, own: string | undefined, around: Place | undefined): string | undefined {
  if (around === undefined) return own !== undefined && PLUMBING.has(own) ? undefined : (own ?? nameOf(chain));
  const isOwn = own !== undefined && own !== around.given && own !== around.name;
  if (isOwn && !PLUMBING.has(own) && own !== WITH_HISTORY) return own;
  const space = String(items(chain.lc_namespace)[0] ?? '');
  if (space === 'langgraph') return undefined;
  const named = text(chain.name);
  const name = LIBRARY.test(space) ? named : (named ?? nameOf(chain));
  return name === undefined || name === around.name || PLUMBING.has(name) ? undefined : name;
}

const isHidden = (tags: unknown): boolean => Array.isArray(tags) && tags.includes(HIDDEN);

/** What tells one task of a graph from another; of a release that does not say, the step of the graph and the node. */
function taskOf(metadata: Fields): string {
  return (
    text(metadata['langgraph_checkpoint_ns']) ?? `${String(metadata['langgraph_step'])} ${String(metadata['langgraph_node'])}`
  );
}

/** The name of anything that runs: its own, else its class's. */
function nameOf(runnable: any): string {
  return guard('langchain.name', () => text(runnable.getName?.()) ?? text(runnable.constructor.name) ?? 'runnable', 'runnable');
}
