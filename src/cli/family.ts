/** The sessions that are shown together with one: what it is part of, and what is part of it. */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { familyEvents, familyOf, recordingsOf, sessionTrees, walkFamily } from '../analysis/family.ts';
import type { FamilyEvents, FamilyNode } from '../analysis/family.ts';
import type { SessionLine } from '../events/lines.ts';
import { recordingNames } from '../recording/removal-marker.ts';
import { readHeader } from '../recording/recording-ends.ts';
import type { Recording } from '../recording/recording.ts';
import { oneLine } from './printable.ts';
import { openRecording } from './project.ts';
import { stateWord, whoRan } from './session-words.ts';
import { buildTree, walk } from './tree.ts';
import type { TreeNode } from './tree.ts';

/** A session with its family, as it was read. */
export interface Family {
  root: FamilyNode<Recording>;
  /** The recording that stands for the whole: the first of the root. */
  first: Recording;
  /** All of them, the root's first. */
  recordings: Recording[];
  events: FamilyEvents<Recording>;
  /** The events of all as one tree. A node says its session where that is not the root. */
  tree: TreeNode[];
}

/** Headers and paths of the family that the recording at `path` is in, as far as it is in the same folder; none where its header cannot be read. */
export function familyHeaders(path: string): { path: string; header: SessionLine }[] {
  const folder = dirname(path);
  const headers = recordingNames(folder, readdirSync(folder)).flatMap((name) => headerAt(join(folder, name)));
  const meant = headers.find((one) => one.path === path);
  const found = meant && familyOf(headers, meant.header.id);
  return found === undefined ? [] : recordingsOf(found);
}

/** The family of the recording at `path`, as far as it is in the same folder. */
export function familyAt(path: string): Family {
  const [root] = sessionTrees(familyHeaders(path).map((one) => openRecording(one.path)));
  return root === undefined ? familyOfOne(openRecording(path)) : gathered(root);
}

/** A recording without its family. */
export function familyOfOne(recording: Recording): Family {
  return gathered({ id: recording.header.id, parts: [recording], children: [] });
}

/** By node: what is said above the first one in a row of events of another session. */
export function sessionMarks({ tree, recordings }: Family): Map<string, string> {
  const marks = new Map<string, string>();
  const words = new Map(recordings.toReversed().map((recording) => [recording.header.id, markOf(recording)]));
  const stack: { nodes: TreeNode[]; above: string | undefined }[] = [{ nodes: tree, above: undefined }];
  for (let at = stack.pop(); at; at = stack.pop()) {
    let last = at.above;
    for (const { id, session, children } of at.nodes) {
      if (session !== last && session !== undefined) marks.set(id, words.get(session) ?? session);
      last = session;
      stack.push({ nodes: children, above: session });
    }
  }
  return marks;
}

function headerAt(path: string): { path: string; header: SessionLine }[] {
  try {
    const header = readHeader(path);
    return header === undefined ? [] : [{ path, header }];
  } catch {
    // Deleted since the folder was read.
    return [];
  }
}

function gathered(root: FamilyNode<Recording>): Family {
  const events = familyEvents(root);
  const recordings = recordingsOf(root);
  const tree = buildTree(events);
  for (const { node } of walk(tree)) {
    const session = events.recordings.get(node.id)?.header.id;
    if (session !== undefined && session !== root.id) node.session = session;
  }
  return { root, first: recordings[0] as Recording, recordings, events, tree };
}

function markOf({ header, state, end }: Recording): string {
  const { text } = stateWord(state, end);
  return [oneLine(header.id), whoRan(header), text === 'ok' ? '' : text].filter(Boolean).join('  ');
}

/** Every session of a family but the root, with how deep it is. */
export function* below({ root }: Family): Generator<{ node: FamilyNode<Recording>; depth: number }, void> {
  for (const at of walkFamily(root)) if (at.node !== root) yield at;
}
