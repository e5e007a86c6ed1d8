/** Which recorded request a request of this run is. Each is matched once. */
import { digestOf, maskedDigestOf, routeOf } from './request-digest.ts';
import type { AskedRequest } from './request-digest.ts';
import type { SourceRequest } from './source.ts';

/** By what a request was found: its place and what it says; what it says; what it says but for times and ids. */
export type MatchedBy = 'place' | 'content' | 'masked';

/** A request of this run, with who asks. */
export interface Asking extends AskedRequest {
  lin: string;
  lo: number;
}

interface Candidate {
  readonly request: SourceRequest;
  readonly route: string;
  readonly digest: string;
  used: boolean;
  masked?: string;
}

export class Matcher {
  readonly #candidates: Candidate[];
  readonly #byPlace: Map<string, Candidate[]>;
  readonly #byContent: Map<string, Candidate[]>;
  readonly #byLineage: boolean;

  /** `byLineage`: whether the place counts; what a replay without it comes to is measured in a test. */
  constructor(requests: readonly SourceRequest[], { byLineage = true } = {}) {
    this.#candidates = requests.map((request) => {
      const asked = askedOf(request);
      return { request, route: routeOf(asked), digest: digestOf(asked), used: false };
    });
    this.#byPlace = Map.groupBy(this.#candidates, ({ request }) => placeOf(request));
    this.#byContent = Map.groupBy(this.#candidates, ({ digest }) => digest);
    this.#byLineage = byLineage;
  }

  /** The recorded request that `asking` is; null: there is none. */
  match(asking: Asking): { request: SourceRequest; by: MatchedBy } | null {
    const digest = digestOf(asking);
    const atPlace = this.#byLineage ? (this.#byPlace.get(placeOf(asking)) ?? []) : [];
    const own = atPlace.filter((candidate) => !candidate.used && candidate.digest === digest);
    // A place that several share tells nobody apart: code that no promise and no timer carries.
    if (own[0] !== undefined) return use(own[0], own.length === 1 ? 'place' : 'content');
    const same = this.#byContent.get(digest)?.find(({ used }) => !used);
    if (same !== undefined) return use(same, 'content');
    const masked = maskedDigestOf(asking);
    const isAlike = (candidate: Candidate): boolean =>
      !candidate.used && (candidate.masked ??= maskedDigestOf(askedOf(candidate.request))) === masked;
    const alike = atPlace.find(isAlike) ?? this.#candidates.find(isAlike);
    return alike === undefined ? null : use(alike, 'masked');
  }

  /** The recorded request of the same place and route whose answer began before it had been sent whole; null: there is none. */
  matchEarly(asking: Asking): SourceRequest | null {
    const route = routeOf(asking);
    const isEarly = ({ used, request, route: recorded }: Candidate): boolean =>
      !used && request.exchange.asked?.early === true && recorded === route;
    const found = this.#byPlace.get(placeOf(asking))?.find(isEarly);
    return found === undefined ? null : use(found, 'place').request;
  }

  /** The recorded request that `asking` most likely was: that of the same place, else the next one to the same route. */
  nearest(asking: Asking): SourceRequest | null {
    const route = routeOf(asking);
    const isNear = (candidate: Candidate): boolean => !candidate.used && candidate.route === route;
    return (this.#byPlace.get(placeOf(asking))?.find(isNear) ?? this.#candidates.find(isNear))?.request ?? null;
  }

  /** Requests that nobody has made yet. */
  get left(): SourceRequest[] {
    return this.#candidates.filter(({ used }) => !used).map(({ request }) => request);
  }
}

function use(candidate: Candidate, by: MatchedBy): { request: SourceRequest; by: MatchedBy } {
  candidate.used = true;
  return { request: candidate.request, by };
}

const placeOf = ({ lin, lo }: { lin: string; lo: number }): string => `${lin}:${lo}`;

/** A recorded request as it was asked. */
export function askedOf({ exchange }: SourceRequest): AskedRequest {
  const { method, url, requestHeaders, requestBody } = exchange;
  return { method, url, headers: requestHeaders, body: requestBody() };
}
