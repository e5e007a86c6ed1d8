/** Brings a server of JSON-RPC to where it was: tells it again what it was told, each thing after what it had answered before, and keeps from the program what that has been given. */
import { idOf, linesOf, messageOf } from './rpc-past.ts';
import type { RpcPast } from './rpc-past.ts';

const NEW_LINE = Buffer.from('\n');

export class RpcLines {
  /** Ids that it has answered again. */
  readonly answered = new Set<string>();
  readonly #steps: RpcPast['steps'];
  readonly #known: ReadonlySet<string>;
  readonly #give: (bytes: Uint8Array) => void;
  /** Answers to what was asked and not answered yet. */
  readonly #held: Buffer[] = [];
  #partial: Buffer = Buffer.alloc(0);
  #at = 0;
  #isOpen = false;

  constructor({ steps }: RpcPast, give: (bytes: Uint8Array) => void) {
    this.#steps = steps;
    this.#known = new Set(steps.flatMap((step) => ('answered' in step ? [step.answered] : [])));
    this.#give = give;
  }

  /** Whether it knows what it knew. */
  get isOver(): boolean {
    return this.#at >= this.#steps.length;
  }

  /** What it can be told by now. */
  next(): Uint8Array[] {
    const told: Uint8Array[] = [];
    for (let step = this.#steps[this.#at]; step !== undefined; step = this.#steps[++this.#at]) {
      if ('told' in step) told.push(step.told);
      else if (!this.answered.has(step.answered)) break;
    }
    return told;
  }

  /** It says something. What is returned is what is wrong with that; null: nothing. */
  came(bytes: Buffer): string | null {
    if (this.#isOpen) {
      this.#give(new Uint8Array(bytes));
      return null;
    }
    const [lines, rest] = linesOf(Buffer.concat([this.#partial, bytes]));
    this.#partial = rest;
    for (const line of lines) {
      const message = messageOf(line);
      if (message?.id === undefined) continue;
      if (message.method !== undefined) return `it asks the program something itself (${message.method})`;
      if (this.#known.has(idOf(message))) this.answered.add(idOf(message));
      else this.#held.push(line);
    }
    return null;
  }

  /** The program is given what it says from here on. */
  open(): void {
    this.#isOpen = true;
    const rest = [...this.#held.flatMap((line) => [line, NEW_LINE]), this.#partial];
    const bytes = Buffer.concat(rest);
    if (bytes.length > 0) this.#give(new Uint8Array(bytes));
  }
}
