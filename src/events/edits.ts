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
