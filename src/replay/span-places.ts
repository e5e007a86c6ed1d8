/**
 * Where promises cannot be followed (only Node can): a place is the path of the open events, each with its number among those of its name in the event around it. What one event does side by side stands at
 * one place, and is told apart by what it says.
 */
import { createHash } from 'node:crypto';
import { hub } from '../events/ports.ts';
import type { OpenEvent } from '../events/ports.ts';
import { LiveEvent } from '../session/live-event.ts';
import { numbered } from './lineage.ts';
import type { LineageNode } from './lineage.ts';

/** Gives the place of the running code, below the root. */
export function spanPlaces(): (root: LineageNode) => LineageNode {
  const places = new WeakMap<OpenEvent, LineageNode>();
  const counts = new WeakMap<LineageNode, Map<string, number>>();
  const placeOf = (event: OpenEvent | null, root: LineageNode): LineageNode => {
    if (event === null) return root;
    let place = places.get(event);
    if (place === undefined) places.set(event, (place = below(placeOf(event.above, root), wordsOf(event))));
    return place;
  };
  const below = (around: LineageNode, words: string): LineageNode => {
    let known = counts.get(around);
    if (known === undefined) counts.set(around, (known = new Map()));
    const count = (known.get(words) ?? 0) + 1;
    known.set(words, count);
    return numbered(around, numberOf(`${words} ${count}`));
  };
  return (root) => placeOf(hub.recorder?.current() ?? null, root);
}

const wordsOf = (event: OpenEvent): string => `${event.type} ${event instanceof LiveEvent ? event.name : ''}`;

const numberOf = (words: string): number => createHash('sha256').update(words).digest().readInt32LE();
