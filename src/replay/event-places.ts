/** Where in the program events begin. */
import type { Follower } from '../events/ports.ts';
import type { EventPlace } from '../recording/recording.ts';
import { currentNode } from './lineage.ts';

/** The place of an event that begins now; undefined for what is none of the app's. */
export function placeOfEvent(): EventPlace | undefined {
  const node = currentNode();
  return node.internal ? undefined : { lin: node.id, lo: ++node.events };
}

/** Knows the places while a program is recorded. */
export const recordedEvents: Follower = {
  began: placeOfEvent,
  calls: () => {},
  instead: () => null,
  ended: () => {},
};
