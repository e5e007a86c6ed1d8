/** Where in the program events and sessions begin. */
import type { Follower } from '../events/ports.ts';
import type { EventPlace } from '../recording/recording.ts';
import { currentNode, isInternal, processPlace, runningNode } from './lineage.ts';
import type { LineageNode } from './lineage.ts';

/** The place of an event that begins now; undefined for what is none of the app's. */
export function placeOfEvent(): EventPlace | undefined {
  const node = currentNode();
  return node.internal ? undefined : { lin: node.id, lo: ++node.events };
}

const ROOT = processPlace(0);
const started = new WeakMap<LineageNode, number>();

/** The place of a session that is started now; undefined for one that is none of the app's. It counts for nothing else, and begins nothing: how other things are numbered does not depend on it. */
export function placeOfSession(): EventPlace | undefined {
  if (isInternal()) return undefined;
  const node = runningNode() ?? ROOT;
  const lo = (started.get(node) ?? 0) + 1;
  started.set(node, lo);
  return { lin: node.id, lo };
}

/** Knows the places while a program is recorded. */
export const recordedEvents: Follower = {
  began: placeOfEvent,
  calls: () => {},
  instead: () => null,
  ended: () => {},
};
