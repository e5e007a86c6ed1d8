/** Which session of the recorded process each session of this run is: by where it was started, and those that were started nowhere, or by an older release, by name and in their order. */
import { basename } from 'node:path';
import type { ForkFacts } from '../events/edits.ts';
import type { SessionLine } from '../events/lines.ts';
import type { SessionFacts } from '../session/live-session.ts';
import { scopes } from '../session/scope.ts';
import type { Source } from './source.ts';

/** A recording of the process, and whether a session of this run is the one that it is of. */
interface Parent {
  /** Name of its file without `.jsonl`. */
  readonly name: string;
  readonly header: SessionLine;
  used: boolean;
}

export class Parents {
  readonly #parents: Parent[];
  /** The recording that is forked. */
  readonly #forked: Parent;
  /** Sessions of this run, by id. */
  readonly #known = new Map<string, Parent | null>();

  /** `paths`: where the recordings of the source are, in its order; `forked` is the place of the one that is forked. */
  constructor({ recordings }: Source, paths: readonly string[], forked = 0) {
    this.#parents = recordings.map(({ header }, index) => ({
      name: basename(paths[index] ?? '', '.jsonl'),
      header,
      used: false,
    }));
    this.#forked = this.#parents[forked] as Parent;
  }

  /** What the header of a session says that begins now, of a fork of which `facts` are known. */
  forkOf(session: SessionFacts, facts: Omit<ForkFacts, 'of'>): ForkFacts {
    const parent = this.#find(session);
    this.#known.set(session.id, parent);
    if (parent !== null) parent.used = true;
    const forked = this.#forked.name;
    return { of: parent?.name ?? forked, ...facts, ...(parent !== this.#forked && { beside: forked }) };
  }

  /** Whether the running code is of a session that is forked: of that one, of one that is part of it, or of one that the recording does not have. */
  isForked(): boolean {
    const session = scopes.getStore()?.session;
    // Code of no session that was started on purpose is that of the one which begins by itself.
    if (session === undefined || session.ended) return this.#forked.header.lin === undefined;
    const parent = this.#known.get(session.id) ?? null;
    return parent === null || isPartOf(parent.header, this.#forked.header, this.#parents);
  }

  #find({ at, name, outside }: SessionFacts): Parent | null {
    const left = this.#parents.filter((parent) => !parent.used && (parent.header.outside === true) === (outside === true));
    if (outside === true) return left[0] ?? null;
    const isThere = ({ header: { lin, lo } }: Parent): boolean => lin === at?.lin && lo === at?.lo;
    if (at !== undefined) {
      const own = left.find(isThere);
      if (own !== undefined) return own;
    }
    return left.find(({ header }) => header.lin === undefined && header.name === name) ?? null;
  }
}

/** Whether a session is `other`, or is part of it. */
export function isPartOf(header: SessionLine, other: SessionLine, all: readonly { header: SessionLine }[]): boolean {
  const seen = new Set<string>();
  for (let at: SessionLine | undefined = header; at !== undefined && !seen.has(at.id);) {
    if (at.id === other.id) return true;
    seen.add(at.id);
    const parent: string | undefined = at.parent;
    at = all.find((each) => each.header.id === parent)?.header;
  }
  return false;
}
