/** What becomes of requests that Node's HTTP clients and undici make. It is decided where it is for `fetch`; here it is kept until the request is written down. */
import type { ForkMarks } from '../recording/log-writer.ts';
import type { Course, Taken } from './course.ts';
import type { OpenBytes } from './exchange-owner.ts';
import { marksOf } from './fork-marks.ts';
import type { Asking } from './matcher.ts';
import type { SourceRequest } from './source.ts';

/** What becomes of a request that is not lost. */
export type Answer = Exclude<Taken, { how: 'lost' }>;

export class Answers {
  readonly #course: Course;
  /** By who asked: what is to be said of the request, until it is written down. */
  readonly #marks = new Map<string, ForkMarks>();

  constructor(course: Course) {
    this.#course = course;
  }

  /** What becomes of `asking`; null: nothing, and the replay goes on all the same. `where` is the code that asks. */
  find({ lin, lo, ...asked }: Asking, where: string | undefined): Answer | null {
    const taken = this.#course.take({ ...asked, signal: undefined }, { lin, lo, where });
    if (taken.how === 'lost') return null;
    const marks = marksOf(asked, taken);
    if (marks !== null) this.#marks.set(placeOf({ lin, lo }), marks);
    return taken;
  }

  /** The recorded request whose answer began before it had been sent whole, where `asking` is one that is being sent; null: it is none such. */
  findEarly(asking: Asking): SourceRequest | null {
    const request = this.#course.takeEarly(asking);
    if (request !== null) this.#marks.set(placeOf(asking), { from: request.key });
    return request;
  }

  /** Whether the recording has a request of the same place that nobody has made yet. */
  isKnown(asking: Asking): boolean {
    return this.#course.isKnown(asking);
  }

  /** As `find`, of a request of which the app has sent a part and waits to be answered; null: the rest of it is waited for. */
  findPart(asking: Asking, where: string | undefined): Answer | null {
    return this.#course.isSentWhole(asking) ? null : this.find(asking, where);
  }

  /** `open`, with where each answer came from, and what was changed. */
  marking(open: OpenBytes): OpenBytes {
    return (request, asked) => {
      const marks = this.#marks.get(placeOf(asked));
      this.#marks.delete(placeOf(asked));
      return open(request, asked, marks);
    };
  }

  /** An edited answer is handed over: from there on the program goes its own way. */
  edited(): void {
    this.#course.goLive();
  }
}

const placeOf = ({ lin, lo }: { lin: string; lo: number }): string => `${lin}:${lo}`;
