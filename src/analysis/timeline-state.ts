/** What stands so at a moment of a session. It is carried from one moment to the next; checkpoints on the way make going back cheap. */
import type { SessionStats } from '../events/model.ts';
import { countEvent, emptyStats } from './stats.ts';
import type { Moment, TimedEvent } from './timeline.ts';

/** A tool call that a model asked for, and whose result no model has been given yet. */
export interface WaitingCall {
  id?: string;
  name: string;
  /** The model call that asked for it. */
  askedBy: TimedEvent;
  /** The event that carries it out; absent while none does. */
  carriedOut?: TimedEvent;
}

/** What a run did last. */
export interface RunProgress {
  /** The model call that began last: its request is the context. */
  lastRequest?: TimedEvent;
  /** The model call that ended last. */
  lastAnswer?: TimedEvent;
  /** The tool call that ended last. */
  lastTool?: TimedEvent;
}

/** What stands so when a moment has just passed. */
export interface MomentState {
  moment: Moment;
  /** Microseconds since the session began, and since 1970-01-01 UTC. */
  clock: { sinceStartUs: number; wallUs: number };
  /** The event of the moment with those around it, outermost first. */
  stack: TimedEvent[];
  /** Everything that is open, in the order in which it began. */
  open: TimedEvent[];
  /** By id of the run; of what is in none, by id of the session. */
  runs: ReadonlyMap<string, RunProgress>;
  /** That of the moment's event. */
  run: RunProgress;
  waiting: WaitingCall[];
  /** Of what has ended so far. */
  totals: SessionStats;
  /** How many pieces were printed so far. */
  logs: number;
}

interface Carried {
  index: number;
  open: Set<TimedEvent>;
  runs: Map<string, RunProgress>;
  waiting: Map<string, WaitingCall>;
  totals: SessionStats;
  logs: number;
}

/** Fewer moments than this are walked through again rather than remembered. */
const CHECKPOINT_GAP = 256;
/** Tool calls beyond this are forgotten, the oldest first. */
const WAITING_MAX = 256;

/** Walks through the moments. Checkpoints stand as far apart as they are large, so that all of them together are no larger than the timeline. */
export class StateWalk {
  readonly #moments: readonly Moment[];
  readonly #epochUs: number;
  readonly #checkpoints: Carried[] = [nothingYet()];
  #now = nothingYet();

  constructor(moments: readonly Moment[], { epochUs }: { epochUs: number }) {
    this.#moments = moments;
    this.#epochUs = epochUs;
  }

  at(index: number): MomentState {
    const moment = this.#moments[index];
    if (moment === undefined) throw new RangeError(`No moment ${index} of ${this.#moments.length}`);
    const near = this.#checkpointBefore(index);
    if (this.#now.index > index || this.#now.index < near.index) this.#now = copyOf(near);
    while (this.#now.index < index) this.#forward();
    const { open, runs, waiting, totals, logs } = this.#now;
    const stack: TimedEvent[] = [];
    for (let of = moment.of; of !== undefined; of = of.parent) stack.push(of);
    return {
      moment,
      clock: { sinceStartUs: moment.at, wallUs: this.#epochUs + moment.at },
      stack: stack.reverse(),
      open: [...open],
      runs: new Map(runs),
      run: (moment.of && runs.get(moment.of.run)) ?? {},
      waiting: [...waiting.values()],
      totals: { ...copyTotals(totals), durationMs: Math.round(moment.at / 1000) },
      logs,
    };
  }

  #forward(): void {
    const now = this.#now;
    const moment = this.#moments[++now.index] as Moment;
    pass(moment, now);
    const last = this.#checkpoints.at(-1) as Carried;
    const size = now.open.size + now.runs.size + now.waiting.size;
    if (now.index - last.index >= Math.max(CHECKPOINT_GAP, size)) this.#checkpoints.push(copyOf(now));
  }

  #checkpointBefore(index: number): Carried {
    let [low, high] = [0, this.#checkpoints.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#checkpoints[middle] as Carried).index <= index) low = middle;
      else high = middle - 1;
    }
    return this.#checkpoints[low] as Carried;
  }
}

function nothingYet(): Carried {
  return { index: -1, open: new Set(), runs: new Map(), waiting: new Map(), totals: emptyStats(), logs: 0 };
}

function copyOf(carried: Carried): Carried {
  const { open, runs, waiting, totals } = carried;
  return { ...carried, open: new Set(open), runs: new Map(runs), waiting: new Map(waiting), totals: copyTotals(totals) };
}

const copyTotals = (totals: SessionStats): SessionStats => ({
  ...totals,
  tokens: { ...totals.tokens },
  cost: { ...totals.cost },
});

/** Carries on with what a moment changes. Members of maps are replaced and never changed: checkpoints share them. */
function pass(moment: Moment, now: Carried): void {
  if (moment.kind === 'log') now.logs++;
  else if (moment.kind === 'begin') begins(moment.of, now);
  else if (moment.kind === 'end') ends(moment.of, now);
}

function begins(of: TimedEvent, now: Carried): void {
  const { type, event } = of.node;
  now.open.add(of);
  if (type === 'llm') {
    now.runs.set(of.run, { ...now.runs.get(of.run), lastRequest: of });
    const given = event?.llm?.request.toolResults;
    for (const [key, call] of now.waiting) if (isGiven(call, of, given, now.open)) now.waiting.delete(key);
  } else if (type === 'tool') {
    const found = waitingFor(of, now.waiting);
    if (found) now.waiting.set(found[0], { ...found[1], carriedOut: of });
  }
}

function ends(of: TimedEvent, now: Carried): void {
  const { type, event } = of.node;
  now.open.delete(of);
  if (event) countEvent(now.totals, event);
  if (type === 'tool') now.runs.set(of.run, { ...now.runs.get(of.run), lastTool: of });
  if (type !== 'llm') {
    // Nobody goes on with a conversation that was had in here.
    if (of.children.length > 0) for (const [key, { askedBy }] of now.waiting) if (isInside(askedBy, of)) now.waiting.delete(key);
    return;
  }
  now.runs.set(of.run, { ...now.runs.get(of.run), lastAnswer: of });
  event?.llm?.response?.toolCalls?.forEach(({ id, name }, place) => {
    // An SDK's call inside of a framework's asks for the same.
    now.waiting.set(id ?? `${of.node.id} ${place}`, { ...(id !== undefined && { id }), name, askedBy: of });
    // Structured output is asked for as a tool call that nobody carries out.
    if (now.waiting.size > WAITING_MAX) now.waiting.delete(now.waiting.keys().next().value as string);
  });
}

/** Whether the request of `of` brings the result of a call. Where the request does not say, it brings what is there. */
function isGiven(
  call: WaitingCall,
  of: TimedEvent,
  given: readonly string[] | undefined,
  open: ReadonlySet<TimedEvent>,
): boolean {
  const { id, askedBy, carriedOut } = call;
  if (id !== undefined && given !== undefined) return given.includes(id);
  if (askedBy.run !== of.run || (carriedOut && isInside(of, carriedOut))) return false;
  return id === undefined || (carriedOut !== undefined && !open.has(carriedOut));
}

/** The call that a tool event carries out: that of its id, else the oldest of its name that nobody carries out. */
function waitingFor({ node, run }: TimedEvent, waiting: ReadonlyMap<string, WaitingCall>): [string, WaitingCall] | undefined {
  const { name = node.name, callId } = node.event?.tool ?? {};
  const known = callId === undefined ? undefined : waiting.get(callId);
  if (callId !== undefined && known) return [callId, known];
  for (const [key, call] of waiting)
    if (call.name === name && call.carriedOut === undefined && call.askedBy.run === run) return [key, call];
  return undefined;
}

/** Whether an event is `around`, or happened in it, however deep. */
export function isInside(of: TimedEvent | undefined, around: TimedEvent): boolean {
  for (let at = of; at !== undefined; at = at.parent) if (at === around) return true;
  return false;
}
