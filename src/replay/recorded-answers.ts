/** Which recorded request answers one of this run's that is sent by Node's HTTP clients or by undici. What becomes of it is decided where it is for `fetch`; but nothing of theirs is sent. */
import type { Course } from './course.ts';
import type { OpenBytes } from './exchange-owner.ts';
import type { Asking } from './matcher.ts';
import type { SourceRequest } from './source.ts';

export class RecordedAnswers {
  readonly #course: Course;
  /** By who asked: the key of the recorded request, until that is written down. */
  readonly #found = new Map<string, string>();

  constructor(course: Course) {
    this.#course = course;
  }

  /** The recorded request that `asked` is; null: there is none, and the replay goes on all the same. `where` is the code that asks. */
  find({ lin, lo, ...asked }: Asking, where: string | undefined): SourceRequest | null {
    const taken = this.#course.take({ ...asked, signal: undefined }, { lin, lo, where });
    if (taken.how === 'lost') return null;
    if (taken.how === 'served') return this.#answered({ lin, lo }, taken.request);
    return this.#course.cannotSend(asked, where);
  }

  /** The recorded request whose answer began before it had been sent whole, where `asking` is one that is being sent; null: it is none such. */
  findEarly(asking: Asking): SourceRequest | null {
    const request = this.#course.takeEarly(asking);
    return request === null ? null : this.#answered(asking, request);
  }

  /** `open`, with where each answer came from. */
  marking(open: OpenBytes): OpenBytes {
    return (request, asked) => {
      const from = this.#found.get(placeOf(asked));
      this.#found.delete(placeOf(asked));
      return open(request, asked, from === undefined ? undefined : { from });
    };
  }

  #answered(asked: { lin: string; lo: number }, request: SourceRequest): SourceRequest {
    this.#found.set(placeOf(asked), request.key);
    return request;
  }
}

const placeOf = ({ lin, lo }: { lin: string; lo: number }): string => `${lin}:${lo}`;
