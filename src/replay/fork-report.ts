/** What a fork came to, as its process reports it. */

export interface ForkReport {
  /** Paths of the recordings that the process made. */
  recordings: string[];
  /** Requests that were answered from the recording, and those that were really sent. */
  served: number;
  live: number;
  /** Edits that took place. */
  edited: number;
  /** Side effects that nobody allowed: `what` is the name that `--allow` takes, `where` is `file:line`. */
  refused: { what: string; where?: string; event?: string }[];
}
