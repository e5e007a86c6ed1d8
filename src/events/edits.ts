/** What a person may change of what happened, as a plan, the header of a fork and an overrides file say it. */

/** A change of what happened at one event of the recording. */
export type PlannedEdit = {
  /** Id of the event. */
  event: string;
} & (
  | { kind: 'request'; change: RequestChange; /** Also of every later model call. */ onward?: boolean }
  /** The answer of a model call, in the terms of analysis: the shape that the caller asked for is made of it. */
  | { kind: 'completion'; completion: EditedCompletion }
  | { kind: 'result'; result: unknown }
);

/** What is changed of the body of a request: JSON values by JSON pointer (RFC 6901), null takes one away; and words in its texts. */
export interface RequestChange {
  set?: Record<string, unknown>;
  replace?: { find: string; with: string }[];
}

/** What a model is made to have said. A member that is absent stays as it was recorded. */
export interface EditedCompletion {
  text?: string;
  toolCalls?: { name: string; arguments: unknown; id?: string }[];
  finishReason?: string;
}

/** Of what a recording is a fork. */
export interface ForkFacts {
  /** The recording that it was forked from: the name of its file without `.jsonl`, which is the id of its session unless an earlier one has that. Of a session that the program did not have then: the one that was forked. */
  of: string;
  /** Id of the event of that recording from which on this one may differ. Absent of a replay that went its own way where it left its recording. */
  at?: string;
  /** `branch`: what still asked as it did was answered from the recording. `live`: nothing from the fork on was. */
  after: 'branch' | 'live';
  edits: PlannedEdit[];
  /** The recording of the same process that was forked, where this is another one: `at` and `edits` are of its events. */
  beside?: string;
  /** Changes that hold for every later model call: those of the forks before this one, in their order, and its own. */
  onward?: RequestChange[];
}
