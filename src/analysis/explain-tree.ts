/**
 * The events of a session, and of the sessions below it, as one tree that can be asked what lies inside of what. Made without recursion, because nesting is as deep as the recording
 * says, and in linear time but for sorting.
 */
import type { OpenLine } from '../events/lines.ts';
import type { ErrorFacts, Note, SpanEvent, StepFacts } from '../events/model.ts';
import type { EventRef, EventState } from './explanation.ts';
import { familyEvents, type FamilyNode } from './family.ts';
import { openCircles, preorder } from './forest.ts';
import type { SessionRecord } from './session-record.ts';

/** An event in its place. Times are microseconds since the session that is explained began. */
export interface TreeEvent {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  /** The child session that it is in. */
  readonly session: string | undefined;
  readonly start: number;
  /** Undefined: it has no end in the recording. */
  readonly end: number | undefined;
  readonly status: EventState;
  readonly error: ErrorFacts | undefined;
  readonly step: StepFacts | undefined;
  readonly event: SpanEvent | undefined;
  readonly open: OpenLine | undefined;
  readonly notes: readonly Note[];
  parent: TreeEvent | null;
  children: TreeEvent[];
  /** Place in `EventTree.events`, and that of the last event inside of it. */
  order: number;
  last: number;
  /** The nearest run around it. */
  run: TreeEvent | null;
  /** The step that it is, or the nearest around it within its run. */
  inStep: TreeEvent | null;
}

export interface EventTree {
  /** In the order of the tree: each directly before what is inside of it. */
  events: TreeEvent[];
  /** An event by its id; of two sessions that share an id, that of the outer one. */
  byId: ReadonlyMap<string, TreeEvent>;
}

/** The tree of `record` and, below the events that started them, of its child sessions. */
export function growTree(record: SessionRecord, children: readonly SessionRecord[]): EventTree {
  const family = familyEvents(familyWith(record, children));
  const said = new Map<string, Note[]>();
  for (const { on, n } of family.notes) {
    const notes = said.get(on);
    if (notes === undefined) said.set(on, [n]);
    else notes.push(n);
  }
  const byId = new Map<string, TreeEvent>();
  const add = (facts: SpanEvent | OpenLine, made: Pick<TreeEvent, 'event' | 'open' | 'notes'>): void => {
    const session = children.length === 0 ? undefined : family.recordings.get(facts.id)?.header.id;
    const each = node(facts, session === record.header.id ? undefined : session, made);
    byId.set(each.id, each);
  };
  for (const open of family.open) add(open, { event: undefined, open, notes: said.get(open.id) ?? [] });
  for (const event of family.events) add(event, { event, open: undefined, notes: event.notes ?? [] });
  const roots: TreeEvent[] = [];
  for (const each of byId.values()) {
    const parent = (each.event ?? each.open)?.parent;
    each.parent = (parent === undefined ? undefined : byId.get(parent)) ?? null;
    (each.parent?.children ?? roots).push(each);
  }
  openCircles(roots, byId.values(), (each) => (each.parent = null));
  return { events: inOrder(roots, byId), byId };
}

/** The sessions as a family; how the children stand to one another does not matter to their events. */
export function familyWith(record: SessionRecord, children: readonly SessionRecord[]): FamilyNode<SessionRecord> {
  return {
    id: record.header.id,
    parts: [record],
    children: children.map((child) => ({ id: child.header.id, parts: [child], children: [] })),
  };
}

/** Whether `inner` lies inside of `outer`, at any depth. */
export const isInside = (inner: TreeEvent, outer: TreeEvent): boolean => inner.order > outer.order && inner.order <= outer.last;

/** How other parts of an explanation name an event. */
export function refOf({ id, order, session, type, name }: TreeEvent): EventRef {
  const number = order + 1;
  return session === undefined ? { id, number, type, name } : { id, number, session, type, name };
}

/** A run: the one it is, or the nearest around it. */
export const runOf = (node: TreeEvent): TreeEvent | null => (node.type === 'agent' ? node : node.run);

export const tookOf = ({ start, end }: TreeEvent): { tookUs?: number } => (end === undefined ? {} : { tookUs: end - start });

function node(
  facts: SpanEvent | OpenLine,
  session: string | undefined,
  { event, open, notes }: Pick<TreeEvent, 'event' | 'open' | 'notes'>,
): TreeEvent {
  return {
    id: facts.id,
    type: facts.type,
    name: facts.name,
    session,
    start: event?.start ?? open?.t ?? 0,
    end: event?.end,
    status: event?.status ?? 'open',
    error: event?.error,
    step: facts.step,
    event,
    open,
    notes,
    parent: null,
    children: [],
    order: 0,
    last: 0,
    run: null,
    inStep: null,
  };
}

function inOrder(roots: TreeEvent[], byId: ReadonlyMap<string, TreeEvent>): TreeEvent[] {
  const events = [...preorder(roots)];
  for (const [order, each] of events.entries()) {
    const { parent } = each;
    each.order = each.last = order;
    const said = each.event?.runId ?? each.open?.runId;
    const known = said === undefined ? undefined : byId.get(said);
    // The run that it says, where the events between have been lost.
    each.run = (parent === null ? known : runOf(parent)) ?? (known === each ? null : known) ?? null;
    if (each.run === each) each.run = null;
    each.inStep = each.type === 'step' ? each : parent === null || parent.type === 'agent' ? null : parent.inStep;
  }
  for (const { parent, last } of events.toReversed()) if (parent !== null) parent.last = Math.max(parent.last, last);
  return events;
}
