/** Whether sequence numbers go on without a gap, and which lines of a log that was damaged are there twice or in the wrong place. */

/** Gaps that are remembered, to tell a line in the wrong place from one that is there twice. */
const GAPS_MAX = 10_000;

export class SequenceCheck {
  /** The next number if nothing is missing. */
  #next: number | undefined;
  /** Unreadable lines since the last readable one: each has taken at most one number. */
  #unreadable = 0;
  /** Numbers not seen, as [first, last]. */
  #gaps: [number, number][] = [];

  /** From the beginning, or from wherever the first line says. */
  constructor(fromStart: boolean) {
    this.#next = fromStart ? 0 : undefined;
  }

  /** Number of the current line, from 1, as far as the sequence tells. */
  get position(): number {
    return (this.#next ?? 0) + this.#unreadable;
  }

  /** A line that could not be read went by. */
  skip(): void {
    this.#unreadable++;
  }

  /** A sound line with number `s`: what is wrong with its place, and whether a line of that number was seen before. */
  take(s: number): { message?: string; known: boolean } {
    const next = this.#next ?? s;
    const slack = this.#unreadable;
    if (s < next) {
      const known = !this.#fillGap(s);
      return { message: known ? `line ${s} is there twice` : `line ${s} stands behind line ${next - 1}`, known };
    }
    if (s > next && this.#gaps.length < GAPS_MAX) this.#gaps.push([next, s - 1]);
    this.#next = s + 1;
    this.#unreadable = 0;
    const missing = s - next - slack;
    if (missing > 0) return { message: `sequence number ${s}, expected ${next + slack}: ${missing} missing`, known: false };
    return { known: false };
  }

  #fillGap(s: number): boolean {
    const index = this.#gaps.findIndex(([first, last]) => s >= first && s <= last);
    if (index < 0) return false;
    const [first, last] = this.#gaps[index]!;
    const rest: [number, number][] = [];
    if (first < s) rest.push([first, s - 1]);
    if (last > s) rest.push([s + 1, last]);
    this.#gaps.splice(index, 1, ...rest);
    return true;
  }
}
