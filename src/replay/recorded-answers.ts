/** Which recorded request answers one of this run's, however it is sent: by `fetch`, `http` or undici. What happens where there is none is decided here. */
import { requestDivergence } from './divergence.ts';
import type { Divergence } from './divergence.ts';
import type { Asking, MatchedBy, Matcher } from './matcher.ts';
import type { SourceRequest } from './source.ts';

export interface AnswersOptions {
  matcher: Matcher;
  /** A request of this run as the recording would have it. */
  asRecorded(asking: Asking): Asking;
  onMatch(by: MatchedBy): void;
  /** Does not return where the replay stops. */
  onDivergence(divergence: Divergence): void;
}

export class RecordedAnswers {
  readonly #options: AnswersOptions;

  constructor(options: AnswersOptions) {
    this.#options = options;
  }

  /** The recorded request that `asked` is; null: there is none, and the replay goes on all the same. `where` is the code that asks. */
  find(asked: Asking, where: string | undefined): SourceRequest | null {
    const { matcher, onMatch, onDivergence } = this.#options;
    const asking = this.#options.asRecorded(asked);
    const match = matcher.match(asking);
    if (match === null) {
      onDivergence(requestDivergence(asking, where, matcher.nearest(asking)));
      return null;
    }
    onMatch(match.by);
    return match.request;
  }

  /** The recorded request whose answer began before it had been sent whole, where `asking` is one that is being sent; null: it is none such. */
  findEarly(asking: Asking): SourceRequest | null {
    const { matcher, onMatch } = this.#options;
    const request = matcher.matchEarly(this.#options.asRecorded(asking));
    if (request !== null) onMatch('place');
    return request;
  }
}
