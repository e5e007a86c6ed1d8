/** What a replay came to. Written as JSON when the process ends. */
import type { Divergence } from './divergence.ts';
import { countEvent, emptyStats } from '../analysis/stats.ts';
import type { Effect } from './effects.ts';
import type { FixReport } from './fixed-at.ts';
import type { ForkReport } from './fork-report.ts';
import type { BrokenOff } from './known-part.ts';
import type { MatchedBy } from './matcher.ts';
import type { SourceRequest } from './source.ts';

export interface ReplayReport {
  /** Promises cannot be followed on this runtime: places are known by events alone. */
  byEventsAlone?: true;
  /** Requests of the recording. */
  requests: number;
  /** Requests that were answered from the recording. */
  served: number;
  /** Of those, the ones that say what was recorded, by how they were found. */
  answered: Record<MatchedBy, number>;
  /** Of those, the ones that say something else, and were given the answer of their place all the same: as `tolerate` has it, or the policy `warn`. */
  tolerated: number;
  near: number;
  /** Of those, the ones that were given what an edit has the model say. */
  made: number;
  /** Requests that went over the network. */
  live: number;
  /** Side effects that nobody had allowed: the process ended at the first. */
  refused: Effect[];
  /** Each edit of the plan, with how often it was applied, and what of it did not fit. */
  edits: AppliedEdit[];
  /** Files and folders that were changed again, and those to which nothing was appended because it was there: the first hundred. */
  files: { written: string[]; kept: string[] };
  /** Clocks and dice: given to the place that they were recorded of, to another one, and made up. */
  draws: { own: number; other: number; made: number };
  /** Timers that stood at another place. */
  movedTimers: number;
  /** What was put into child processes, threads and WebSockets, or opened as such, that is not what was recorded, and was taken for it: as `tolerate` has it, or the policy `warn`. */
  messages: { tolerated: number; near: number };
  /** What was really opened, by the kind of channel. */
  opened: Record<string, number>;
  /** Calls of models that were answered from the recording, with what they cost when they were made; `unknown`: those of no known price. */
  saved: { calls: number; tokens: number; usd: number; unknown: number };
  /** The first. The process ended with it, unless the policy goes on. */
  divergence?: Divergence;
  /** What else was answered, by the kind of channel, and those of it that printed to the terminal themselves: that is not printed again. */
  channels: Record<string, number>;
  printedThemselves: number;
  /** Of a replay of a failure that was fixed. */
  fix?: FixReport;
  /** The recording breaks off, and the replay came to that place: the signal that the program was killed by, where that is known. */
  brokenOff?: BrokenOff;
  /** How the program ended when it was recorded, where one of the recordings of its process says so. */
  recordedExitCode?: number;
  /** Of a fork. */
  fork?: ForkReport;
}

/** What became of an edit. */
export interface AppliedEdit {
  /** Id of the event. */
  event: string;
  kind: string;
  times: number;
  faults: string[];
}

/** So many files are named. */
const FILES_MAX = 100;

/** What others have counted. */
type Known = Pick<
  ReplayReport,
  'requests' | 'draws' | 'movedTimers' | 'channels' | 'printedThemselves' | 'fix' | 'brokenOff' | 'recordedExitCode'
>;

/** Counts as a replay goes on. */
export class Tally {
  readonly answered: Record<MatchedBy, number> = { place: 0, content: 0, masked: 0 };
  readonly edits: AppliedEdit[];
  readonly refused: Effect[] = [];
  readonly #served = new Set<SourceRequest>();
  readonly #written = new Set<string>();
  readonly #kept = new Set<string>();
  readonly messages = { tolerated: 0, near: 0 };
  readonly #opened: Record<string, number> = {};
  tolerated = 0;
  near = 0;
  made = 0;
  live = 0;
  divergence: Divergence | undefined;
  /** The process ended before the program did. */
  stopped = false;

  constructor(edits: readonly { event: string; kind: string }[]) {
    this.edits = edits.map(({ event, kind }) => ({ event, kind, times: 0, faults: [] }));
  }

  /** The edit of that kind and event was applied. */
  edited(event: string, kind: string, faults: readonly string[] = []): void {
    const edit = this.edits.find((each) => each.event === event && each.kind === kind);
    if (edit === undefined) return;
    edit.times++;
    for (const fault of faults) if (!edit.faults.includes(fault)) edit.faults.push(fault);
  }

  /** A channel of that kind is opened really. */
  opens(kind: string): void {
    this.#opened[kind] = (this.#opened[kind] ?? 0) + 1;
  }

  /** A request was answered from the recording. */
  answeredBy(request: SourceRequest): void {
    this.#served.add(request);
  }

  /** What the calls of models had cost whose last answer was given again: those before it were tries. */
  #saved(): ReplayReport['saved'] {
    const stats = emptyStats();
    const counted = new Set<string>();
    for (const { exchange, recording } of this.#served) {
      const call = recording.events.find(({ id, type }) => id === exchange.on && type === 'llm');
      if (call === undefined || counted.has(call.id)) continue;
      counted.add(call.id);
      countEvent(stats, call);
    }
    const { llm: calls, tokens, cost } = stats;
    return { calls, tokens: tokens.input + tokens.output, usd: Math.round(cost.usd * 1e9) / 1e9, unknown: cost.unknown };
  }

  /** A file or folder was changed as it was. */
  wrote(path: string): void {
    if (this.#written.size < FILES_MAX) this.#written.add(path);
  }

  /** What would have been appended to a file was there. */
  kept(path: string): void {
    if (this.#kept.size < FILES_MAX) this.#kept.add(path);
  }

  get served(): number {
    const { place, content, masked } = this.answered;
    return place + content + masked + this.tolerated + this.near + this.made;
  }

  /** With what others have counted. */
  report(more: Known): ReplayReport {
    const { served, answered, tolerated, near, made, live, refused, edits, divergence } = this;
    return {
      saved: this.#saved(),
      files: { written: [...this.#written], kept: [...this.#kept] },
      served,
      answered,
      tolerated,
      near,
      made,
      live,
      refused,
      edits,
      messages: { ...this.messages },
      opened: { ...this.#opened },
      ...more,
      ...(divergence !== undefined && { divergence }),
    };
  }
}
