/** Which recorded request a request of this run is. Each is matched once. */
import { digestOf, maskedDigestOf, routeOf } from './request-digest.ts';
import type { AskedRequest } from './request-digest.ts';
import type { SourceRequest } from './source.ts';

/** By what a request was found: its place and what it says; what it says; what it says but for times and ids. */
export type MatchedBy = 'place' | 'content' | 'masked';

/** A recorded request, and by what it was found. */
export interface Found {
  request: SourceRequest;
  by: MatchedBy;
}

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

  /** The recorded request that `asking` is, for it alone; null: there is none. */
  match(asking: Asking): Found | null {
    const found = this.find(asking);
    if (found !== null) this.use(found.request);
    return found;
  }

  /** The recorded request that `asking` is; null: there is none. Others may still find it. */
  find(asking: Asking): Found | null {
    const digest = digestOf(asking);
    const atPlace = this.#at(asking);
    const own = atPlace.filter((candidate) => candidate.digest === digest);
    // A place that several share tells nobody apart: code that no promise and no timer carries.
    if (own[0] !== undefined) return foundAs(own[0], own.length === 1 ? 'place' : 'content');
    const same = this.#byContent.get(digest)?.find(({ used }) => !used);
    if (same !== undefined) return foundAs(same, 'content');
    const masked = maskedDigestOf(asking);
    const isAlike = (candidate: Candidate): boolean =>
      !candidate.used && (candidate.masked ??= maskedDigestOf(askedOf(candidate.request))) === masked;
    const alike = atPlace.find(isAlike) ?? this.#candidates.find(isAlike);
    return alike === undefined ? null : foundAs(alike, 'masked');
  }

  /** The request of the same place, whatever it says, where the place is one request's alone. */
  atPlace(asking: Asking): SourceRequest | null {
    const [only, ...others] = this.#at(asking);
    return only !== undefined && others.length === 0 ? only.request : null;
  }

  /** The recorded request of the same place and route whose answer began before it had been sent whole; null: there is none. */
  findEarly(asking: Asking): SourceRequest | null {
    const route = routeOf(asking);
    const isEarly = ({ used, request, route: recorded }: Candidate): boolean =>
      !used && request.exchange.asked?.early === true && recorded === route;
    return this.#byPlace.get(placeOf(asking))?.find(isEarly)?.request ?? null;
  }

  /** The recorded request that `asking` most likely was: that of the same place, else the next one to the same route. */
  nearest(asking: Asking): SourceRequest | null {
    const route = routeOf(asking);
    const isNear = (candidate: Candidate): boolean => !candidate.used && candidate.route === route;
    return (this.#at(asking).find(isNear) ?? this.#candidates.find(isNear))?.request ?? null;
  }

  /** Nobody else is to find it. */
  use(request: SourceRequest): void {
    const candidate = this.#candidates.find((each) => each.request === request);
    if (candidate !== undefined) candidate.used = true;
  }

  #at(asking: Asking): Candidate[] {
    return this.#byLineage ? (this.#byPlace.get(placeOf(asking)) ?? []).filter(({ used }) => !used) : [];
  }

  /** Requests that nobody has made yet. */
  get left(): SourceRequest[] {
    return this.#candidates.filter(({ used }) => !used).map(({ request }) => request);
  }
}

const foundAs = ({ request }: Candidate, by: MatchedBy): Found => ({ request, by });

const placeOf = ({ lin, lo }: { lin: string; lo: number }): string => `${lin}:${lo}`;

/** A recorded request as the program asked it. */
export function askedOf({ exchange }: SourceRequest): AskedRequest {
  const { method, url, requestHeaders, askedBody } = exchange;
  return { method, url, headers: requestHeaders, body: askedBody() };
}
