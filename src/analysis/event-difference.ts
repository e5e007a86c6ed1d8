/** What is another in two events that belong together. */
import type { EventView } from './event-view.ts';
import { diffJson, type Change } from './json-diff.ts';

/** The differences of a pair of events; a list that would be empty is absent. */
export interface EventDifference {
  /** Whether they differ in what they were asked, and not only in what came of it. */
  asked: boolean;
  /** In words: `request`, `answer`, `arguments`, `result`, or which facts: `name`, `call`, `status`, `error`, ... */
  what: string[];
  /** Facts: codes, numbers and names; a path begins with the word of `what`. */
  facts?: Change[];
  request?: Change[];
  arguments?: Change[];
  answer?: Change[];
  result?: Change[];
}

/** Members of a view that are content, in the order in which they are said. */
const CONTENT = ['request', 'arguments', 'answer', 'result'] as const;

/** What differs; undefined when nothing does. `incomparable`: one of them holds its request and the other does not. */
export function compareViews(before: EventView, after: EventView): EventDifference | undefined | 'incomparable' {
  if ((before.request === undefined) !== (after.request === undefined)) return 'incomparable';
  const requests = alikeRequests(before, after);
  const begin = diffJson(before.begin, after.begin);
  const end = diffJson(before.end, after.end);
  const facts = [...begin, ...end];
  const what = facts.map(({ path }) => String(path[0]));
  const difference: EventDifference = { asked: begin.length > 0, what };
  if (facts.length > 0) difference.facts = facts;
  for (const member of CONTENT) {
    const [one, other] = member === 'request' ? requests : [before[member], after[member]];
    const changes = differenceOf(one, other);
    if (changes.length === 0) continue;
    difference[member] = changes;
    what.push(member);
    if (member === 'request' || member === 'arguments') difference.asked = true;
  }
  if (what.length === 0) return undefined;
  return { ...difference, what: [...new Set(what)] };
}

/** Bodies of both, else the messages of both: a body and messages are two ways to say the same. */
function alikeRequests(before: EventView, after: EventView): [unknown, unknown] {
  if (before.isInMessages === after.isInMessages) return [before.request, after.request];
  const messages = ({ isInMessages, request, messages: said }: EventView): unknown => (isInMessages ? request : said);
  return [messages(before), messages(after)];
}

function differenceOf(one: unknown, other: unknown): Change[] {
  if (one === undefined && other === undefined) return [];
  if (one === undefined) return [{ kind: 'added', path: [], value: other }];
  if (other === undefined) return [{ kind: 'removed', path: [], value: one }];
  return diffJson(one, other);
}
