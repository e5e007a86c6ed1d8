/**
 * What comes in otherwise than as the answer to a request or as a timer: from child processes, workers, servers, standard input, signals, name servers. Whatever it is, it is opened at a place in
 * the program, and then things arrive: recorded, each is handed over in a turn of its own; in a replay nothing real is opened, and the gate hands over what the recording holds.
 */
import type { LineageNode } from './lineage.ts';
import type { Arrival } from './source.ts';

/** What the app opens. */
export interface Opening {
  /** A word of docs/recording-format.md: `child`, `server`, ... */
  readonly kind: string;
  /** What it is, as JSON without anything that differs from run to run: a replay finds the channel by it. Secrets taken out. */
  readonly what: unknown;
  /** Where it is opened by none of the app's code, but there from the beginning: its place. */
  readonly at?: LineageNode;
}

/** A channel that is open. */
export interface Channel {
  /** Something came. Handed over in its turn, after all that came into the process before it. Not at all where `wanted` says so by then. In a replay nothing comes by itself: it is not to be called. */
  came(arrival: Arrival, wanted?: () => boolean): void;
  /** Something is known of it that has no place in the order of deliveries. In a replay this does nothing. */
  note(arrival: Arrival): void;
  /** What was known of it without a place in the order; empty while recording. */
  readonly given: readonly Arrival[];
  /** The app can take what it could not take before: see `isReady`. While recording this does nothing. */
  ready(): void;
  /** The app puts bytes into it, by the way that `event` names. Recorded; in a replay they must be those that were recorded, and what came after them comes not before. */
  went(event: string, bytes: Uint8Array): void;
  /** The app wants no more of it. */
  leave(): void;
}

/** How the process's channels are opened: recorded, or replayed. */
export interface Channels {
  /** Whether what is opened is real. In a replay it is not, and whoever opens it makes a stand-in. */
  readonly real: boolean;
  /**
   * Opens a channel for the running code. `deliver` hands one thing to the app: the same code in both forms, so that both make the same promises; it is called as none of the app's code.
   * `isReady` says in a replay whether it can be handed over now. Null: nothing is recorded here, or the recording has no such channel.
   */
  open(opening: Opening, deliver: (arrival: Arrival) => void, isReady?: (arrival: Arrival) => boolean): Channel | null;
  /** A call that is answered at once: `real` does it; a replay gives what the recording holds, and null where that is nothing. `real` may throw, and is not called in a replay. */
  ask(opening: Opening, real: () => Arrival): Arrival | null;
  /** The recording has nothing for the opening, and opening it really would reach out of the replay. Does not return, unless reaching out is allowed: then the caller does it really. */
  refuse(opening: Opening, words: string): void;
}
