/** Records what is drawn: gathered by place and kind, handed over once a turn of the event loop. */
import type { DrawKind, PackedDraws } from '../events/lines.ts';
import { DRAWS_MAX, packDraws } from './draws.ts';
import type { Draw, Drawn } from './draws.ts';
import { currentNode } from './lineage.ts';
import type { LineageNode } from './lineage.ts';

/** More than this is not gathered into one line. */
const GATHERED_MAX = 4096;

type Gathered = Partial<Record<DrawKind, Drawn[]>>;

export class DrawLog {
  readonly #write: (draws: PackedDraws[]) => void;
  readonly #later: (flush: () => void) => void;
  readonly #places = new Map<LineageNode, Gathered>();
  #gathered = 0;
  #total = 0;

  /** `write` takes a line's worth; `later` runs what it is given once the running code is done. */
  constructor(write: (draws: PackedDraws[]) => void, later: (flush: () => void) => void) {
    this.#write = write;
    this.#later = later;
  }

  /** More was drawn than is recorded. */
  get full(): boolean {
    return this.#total >= DRAWS_MAX;
  }

  readonly draw: Draw = (kind, real) => {
    const value = real();
    const node = currentNode();
    if (!node.internal && !this.full) this.#gather(node, kind, value);
    return value;
  };

  /** Hands over what was gathered. */
  readonly flush = (): void => {
    if (this.#gathered === 0) return;
    const draws: PackedDraws[] = [];
    for (const [node, gathered] of this.#places)
      for (const [kind, values] of Object.entries(gathered)) draws.push(packDraws(node.id, kind as DrawKind, values));
    this.#places.clear();
    this.#gathered = 0;
    this.#write(draws);
  };

  #gather(node: LineageNode, kind: DrawKind, value: Drawn): void {
    let gathered = this.#places.get(node);
    if (gathered === undefined) this.#places.set(node, (gathered = {}));
    (gathered[kind] ??= []).push(value);
    this.#total++;
    if (++this.#gathered === 1) this.#later(this.flush);
    else if (this.#gathered >= GATHERED_MAX) this.flush();
  }
}
