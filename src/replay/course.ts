/** What becomes of each request of a replay: it is answered from the recording, sent over the network as it is or changed, or the replay stops. */
import { guard } from '../core/diagnostics.ts';
import type { PlannedEdit, RequestChange } from '../events/edits.ts';
import type { LlmRequest } from '../events/model.ts';
import { hub } from '../events/ports.ts';
import type { OpenEvent } from '../events/ports.ts';
import { LiveEvent } from '../session/live-event.ts';
import { requestDivergence } from './divergence.ts';
import type { Divergence } from './divergence.ts';
import type { EditedAnswer } from '../providers/edited-answer.ts';
import { editAnswer } from './answer-edit.ts';
import { changeRequest, plainText } from './edited-request.ts';
import { requestEffect } from './effects.ts';
import type { Effect } from './effects.ts';
import type { AskedBy } from './exchange-owner.ts';
import type { ForkPoint } from './fork-point.ts';
import type { Gate } from './gate.ts';
import type { Asking, Found, Matcher } from './matcher.ts';
import type { Onward } from './onward.ts';
import type { ReplayPlan } from './plan.ts';
import type { Tally } from './report.ts';
import { routeOf } from './request-digest.ts';
import type { SentRequest } from './sent-request.ts';
import { isBodySigned, saySignedBody } from './signed-body.ts';
import type { SourceRequest } from './source.ts';

/** What becomes of a request. */
export type Taken =
  | { how: 'served'; request: SourceRequest }
  /** It is answered with what the model is made to have said. */
  | { how: 'answered'; request: SourceRequest; answer: EditedAnswer }
  /** `onward`: places of the changes that hold onward by which it was changed. */
  | { how: 'sent'; request: SentRequest; edited: boolean; onward: number[] }
  /** Nothing: its answer, if there was one, is lost. */
  | { how: 'lost' };

export interface CourseOptions {
  plan: ReplayPlan;
  gate: Gate;
  matcher: Matcher;
  fork: ForkPoint | null;
  onward: Onward;
  tally: Tally;
  /** A request of this run as the recording would have it. */
  asRecorded(asking: Asking): Asking;
  /** The recording breaks off here: what is not in it may have been lost. */
  isCut(): boolean;
  /** Whether a URL is one of a server of the program's own, at which nobody can be reached. */
  isOwnServer(url: string): boolean;
  /** Keys of what does not come to a program that goes its own way: the end of the recording, and what it opens again. */
  over(): readonly string[];
  /** Ends the process. */
  stop(divergence: Divergence): never;
  /** Ends the process for a request that nobody recorded; it may have others ask first that do so in the same turn. */
  miss(divergence: Divergence): void;
  /** Tells of a divergence that the replay goes on from. */
  warn(divergence: Divergence): void;
  /** Asks for leave; does not return without it. */
  ask(effect: Effect): void;
  /** The program goes its own way from here on. */
  onLive(): void;
}

type CompletionEdit = PlannedEdit & { kind: 'completion' };

/** A change of a request that is sent: of an edit of this fork, or one that holds onward. */
interface Change {
  change: RequestChange;
  /** Id of the event that the edit is of. */
  event?: string;
  /** Its place among those that hold onward. */
  onward?: number;
}

/** A request of this run, with all that is known of it. */
interface Given {
  request: SentRequest;
  fetching: AskedBy;
  asking: Asking;
  /** The event that it happens in. */
  call: OpenEvent | null;
  found: Found | null;
}

export class Course {
  readonly #options: CourseOptions;
  /** Calls that are sent changed: what their SDK tries again is changed as well. */
  readonly #sending = new WeakMap<OpenEvent, Change[]>();
  readonly #replaced = new WeakSet<OpenEvent>();
  #live = false;
  #reached = false;
  /** A person was told that what is signed is refused. */
  #isSaid = false;

  constructor(options: CourseOptions) {
    this.#options = options;
  }

  /** Whether the program has gone its own way. */
  get isLive(): boolean {
    return this.#live;
  }

  /** Whether the program may leave its recording by now, and go its own way. */
  get mayLeave(): boolean {
    const { plan, gate, fork } = this.#options;
    if (this.#live) return true;
    return fork === null ? plan.policy === 'live' : this.#reached || gate.isPast(fork.startMs);
  }

  /** What becomes of a request that the running code makes. */
  take(request: SentRequest, fetching: AskedBy): Taken {
    const asking = this.#options.asRecorded({ ...request, lin: fetching.lin, lo: fetching.lo });
    const call = hub.recorder?.current() ?? null;
    const again = call === null ? undefined : this.#sending.get(call);
    const { matcher, fork } = this.#options;
    const given = { request, fetching, asking, call, found: again === undefined ? matcher.find(asking) : null };
    if (again !== undefined) return this.#sendAs(given, again);
    if (fork !== null) return this.#inFork(fork, given);
    return this.#live ? this.#afterwards(given) : this.#closed(given);
  }

  /** The recorded request whose answer began before it had been sent whole, for one that is being sent. */
  takeEarly(asking: Asking): SourceRequest | null {
    const { matcher, asRecorded, fork, tally } = this.#options;
    const request = matcher.findEarly(asRecorded(asking));
    if (request === null || (this.#live && fork?.isAnew(request) === true)) return null;
    matcher.use(request);
    tally.answered.place++;
    tally.answeredBy(request);
    return request;
  }

  /** Whether the recording has a request of the same place that nobody has made yet. */
  isKnown(asking: Asking): boolean {
    const { matcher, asRecorded } = this.#options;
    return matcher.atPlace(asRecorded(asking)) !== null;
  }

  /** Whether the request of that place was sent whole before it was answered. */
  isSentWhole(asking: Asking): boolean {
    const recorded = this.#options.matcher.atPlace(this.#options.asRecorded(asking));
    return recorded !== null && recorded.exchange.asked?.early !== true;
  }

  /** The event of the fork has begun. What it gives is `replaced`: until then everything is as it was. */
  reach(replaced: boolean): void {
    const { fork } = this.#options;
    this.#reached = true;
    if (fork?.plan.after === 'live' && fork.plan.edits.length === 0 && !replaced) this.goLive();
  }

  /** What a tool call gives is replaced: what it does meanwhile is as it was. */
  replace(event: OpenEvent): void {
    this.#replaced.add(event);
  }

  /** The program goes its own way: what the recording does not have is real from here on. */
  goLive(): void {
    if (this.#live) return;
    this.#live = true;
    const { gate, fork, matcher, onLive } = this.#options;
    const isOver = (request: SourceRequest): boolean => fork?.isAnew(request) === true;
    gate.goOn(new Set([...matcher.left.filter(isOver).map(({ key }) => key), ...this.#options.over()]));
    onLive();
  }

  #inFork(fork: ForkPoint, given: Given): Taken {
    const { matcher } = this.#options;
    const { asking, call } = given;
    const found = given.found ?? editedAt(matcher.atPlace(asking), fork);
    const when = found === null ? null : fork.when(found.request);
    const isOpen = this.mayLeave || when === 'in';
    if (!isOpen || when === 'before') return this.#closed(given);
    const edits = found === null ? [] : fork.editsOf(found.request);
    const said = edits.find((edit) => edit.kind === 'completion');
    if (found !== null && said?.kind === 'completion') return this.#make(given, found.request, said);
    const onward = fork.onwardEdits(found?.request ?? null, call?.type === 'llm');
    const changes = [...new Set([...edits.filter(({ kind }) => kind === 'request'), ...onward])];
    if (changes.length > 0) return this.#send({ ...given, found }, changes);
    return this.#afterwards({ ...given, found });
  }

  /** Has the model say what an edit has it say. */
  #make({ request, fetching, call }: Given, recorded: SourceRequest, { event, completion }: CompletionEdit): Taken {
    const { matcher, tally, stop } = this.#options;
    const answer = editAnswer(recorded, request, completion);
    if ('cannot' in answer) {
      const at = fetching.where === undefined ? {} : { where: fetching.where };
      return stop({ kind: 'edit', event, ...at, text: `the answer cannot be edited: ${answer.cannot}` });
    }
    matcher.use(recorded);
    tally.made++;
    tally.edited(event, 'completion');
    markEdited(call);
    return { how: 'answered', request: recorded, answer };
  }

  /** A request after the program has gone its own way, or where it may. */
  #afterwards(given: Given): Taken {
    const { found } = given;
    const { fork } = this.#options;
    // A number that is another one now may be what the fork is about.
    const isSame = found !== null && found.by !== 'masked';
    if (isSame && (fork?.isAnew(found.request) !== true || this.#isReplaced(given.call))) return this.#serve(found, given.call);
    return this.#send({ ...given, found: isSame ? found : null });
  }

  /** Whether the running code is part of a tool call whose result is replaced: what it does is as it was. */
  #isReplaced(call: OpenEvent | null): boolean {
    for (let at = call; at !== null; at = at.above) if (this.#replaced.has(at)) return true;
    return false;
  }

  /** A request where everything is to be in the recording. */
  #closed(given: Given): Taken {
    const { asking, fetching, found } = given;
    if (found !== null) return this.#serve(found, given.call);
    const { matcher, plan, tally, isCut, miss, warn, fork } = this.#options;
    const near = matcher.nearest(asking);
    const divergence = requestDivergence(asking, fetching.where, near);
    const policy = fork === null ? plan.policy : 'strict';
    if (near !== null && plan.tolerate) tally.tolerated++;
    else if (near !== null && policy === 'warn') {
      tally.near++;
      warn(divergence);
    } else if (policy === 'live') {
      warn(divergence);
      return this.#send(given);
    } else {
      if (!isCut()) miss(divergence);
      return { how: 'lost' };
    }
    matcher.use(near);
    tally.answeredBy(near);
    return { how: 'served', request: near };
  }

  #serve({ request, by }: Found, call: OpenEvent | null): Taken {
    this.#options.matcher.use(request);
    this.#options.onward.comesTo(request);
    if (request.exchange.changed === true) call?.amend({ request: factsOf(request.exchange.requestText()) });
    this.#options.tally.answered[by]++;
    this.#options.tally.answeredBy(request);
    return { how: 'served', request };
  }

  /** Sends it, changed as edits and earlier forks have it. */
  #send(given: Given, edits: readonly PlannedEdit[] = []): Taken {
    const { matcher, onward } = this.#options;
    const { call, found, asking } = given;
    const recorded = found?.request ?? matcher.atPlace(asking);
    if (recorded !== null) onward.comesTo(recorded);
    const inherited = call?.type === 'llm' ? onward.inherited(recorded) : [];
    const changes: Change[] = inherited.map((place) => ({ change: onward.changes[place] ?? {}, onward: place }));
    for (const edit of edits) {
      const place = onward.placeOf(edit);
      if (edit.kind === 'request')
        changes.push({ change: edit.change, event: edit.event, ...(place !== undefined && { onward: place }) });
    }
    if (call !== null && changes.length > 0) this.#sending.set(call, changes);
    return this.#sendAs(given, changes);
  }

  #sendAs({ request, fetching, call, found }: Given, changes: readonly Change[]): Taken {
    const { matcher, gate, tally, ask, isOwnServer, stop } = this.#options;
    if (isOwnServer(request.url)) {
      const text = `${routeOf(request)} goes to a server of the program's own, which listens on no port in a replay: it is given what it was given, and nothing else`;
      stop({ kind: 'connection', ...(fetching.where !== undefined && { where: fetching.where }), text });
    }
    // What a person has edited, a person wants to be sent.
    if (changes.length === 0) {
      const effect = requestEffect(request, call, fetching.where);
      if (effect !== null) ask(effect);
    }
    this.goLive();
    if (found !== null) {
      matcher.use(found.request);
      gate.leave(found.request.key);
    }
    tally.live++;
    let sent = request;
    for (const { event, change } of changes) {
      const changed = changeRequest(sent, change);
      if (event !== undefined) tally.edited(event, 'request', changed.faults);
      sent = changed.request;
    }
    if (changes.length > 0) {
      call?.amend({ request: factsOf(plainText(sent)) });
      markEdited(call);
    }
    if (sent.body !== request.body && !this.#isSaid && isBodySigned(request)) {
      this.#isSaid = true;
      saySignedBody();
    }
    const onward = changes.flatMap((change) => change.onward ?? []);
    return { how: 'sent', request: sent, edited: changes.length > 0, onward };
  }
}

/** The recorded request of the place, where an edit is of it: its program may have been changed as well. */
function editedAt(request: SourceRequest | null, fork: ForkPoint): Found | null {
  return request !== null && fork.editsOf(request).length > 0 ? { request, by: 'place' } : null;
}

/** What an event says of the request that was sent in the end, as far as every API says it in the same words. */
function factsOf(body: string | undefined): LlmRequest {
  return guard(
    'replay.facts',
    () => {
      const { model, temperature } = JSON.parse(body ?? '') as Record<string, unknown>;
      return { ...(typeof model === 'string' && { model }), ...(typeof temperature === 'number' && { temperature }) };
    },
    {},
  );
}

function markEdited(call: OpenEvent | null): void {
  if (call instanceof LiveEvent) call.edited = true;
}
