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
  /** Whether what was opened is real, and things come by themselves. */
  readonly real: boolean;
  /** Something came. Handed over in its turn, after all that came into the process before it. Not at all where `wanted` says so by then. In a replay nothing comes by itself before `goOn`: it is not to be called. */
  came(arrival: Arrival, wanted?: () => boolean): void;
  /** Something is known of it that has no place in the order of deliveries. A replay hears of answers that were given (owed.ts), and of nothing else. */
  note(arrival: Arrival): void;
  /** What was known of it without a place in the order; empty while recording. */
  readonly given: readonly Arrival[];
  /** The app can take what it could not take before: see `isReady`. While recording this does nothing. */
  ready(): void;
  /** The app puts bytes into it, by the way that `event` names. Recorded; in a replay they must be those that were recorded, and what came after them comes not before. */
  went(event: string, bytes: Uint8Array): void;
  /** The app ends it: that it ends comes even where less has gone in than had when it was recorded, if that may be. While recording this does nothing. */
  ending(): void;
  /** The app goes its own way with it: what comes from here on is real, and nothing more of the recording is handed over. */
  goOn(): void;
  /** Whether a thing of that name is still to come from the recording, or everything is. While recording it is not to be asked. */
  owes(event: string): boolean;
  /** The app wants no more of it. */
  leave(): void;
}

/** Something that has passed through a channel: what came, or what went in, by the way of that name. */
export type Passed = { came: Arrival } | { went: string; bytes: Uint8Array };

/** How what a replay stands in for can be opened really after all, where the app asks it something after a fork that the recording does not have. */
export interface Reopening {
  /** Why it cannot be, in words that follow "because"; null: it can. `past` has passed in this run, `rest` is what was still to come of it. */
  obstacle(past: readonly Passed[], rest: readonly Arrival[]): string | null;
  /** What it does to the world that it is opened, and given again what it was given. */
  effects(past: readonly Passed[]): ReopeningEffect[];
  /** Opens it. What comes of it from there on goes through the channel. `fail` ends the replay, and says why. */
  begin(past: readonly Passed[], rest: readonly Arrival[], fail: (why: string) => void): void;
}

/** What is asked about before it happens: `name` is what it is allowed by. */
export interface ReopeningEffect {
  name: string;
  call: string;
  with?: string;
}

/** The same channel, into which the app puts bytes by `went`, and of which something is known by `note`. */
export function puttingInto(
  channel: Channel,
  went: Channel['went'],
  note: Channel['note'] = (arrival) => channel.note(arrival),
): Channel {
  return {
    ...{ given: channel.given, went, note },
    get real() {
      return channel.real;
    },
    came: (arrival, wanted) => channel.came(arrival, wanted),
    ready: () => channel.ready(),
    ending: () => channel.ending(),
    goOn: () => channel.goOn(),
    owes: (event) => channel.owes(event),
    leave: () => channel.leave(),
  };
}

/** How the process's channels are opened: recorded, or replayed. */
export interface Channels {
  /** Whether everything that is opened is real. In a replay it is not, and whoever opens it makes a stand-in. */
  readonly real: boolean;
  /**
   * Opens a channel for the running code. `deliver` hands one thing to the app: the same code in both forms, so that both make the same promises; it is called as none of the app's code.
   * `isReady` says in a replay whether it can be handed over now, and `onward` how it goes on really. Null: nothing is recorded here, or the recording has no such channel.
   */
  open(
    opening: Opening,
    deliver: (arrival: Arrival) => void,
    isReady?: (arrival: Arrival) => boolean,
    onward?: Reopening,
  ): Channel | null;
  /** A call that is answered at once: `real` does it; a replay gives what the recording holds, and null where that is nothing. `real` may throw, and is not called in a replay. */
  ask(opening: Opening, real: () => Arrival): Arrival | null;
  /**
   * The recording has nothing for the opening, and opening it really would reach out of the replay. Does not return, unless reaching out is allowed: then the caller opens it really, by the channels
   * that are returned, which write down what comes.
   */
  refuse(opening: Opening, words: string): Channels;
}
