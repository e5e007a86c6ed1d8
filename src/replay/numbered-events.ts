/** What a person calls an event of a recording: its number in the tree that `hindcast show` prints, and what it is. Read only when something is to be said of one. */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildTree } from '../analysis/event-tree.ts';
import type { TreeNode } from '../analysis/event-tree.ts';
import { familyEvents, familyOf, recordingsOf, sessionTrees } from '../analysis/family.ts';
import { preorder } from '../analysis/forest.ts';
import { readHeader } from '../recording/recording-ends.ts';
import { readRecording } from '../recording/recording.ts';
import { recordingNames } from '../recording/removal-marker.ts';

export class NumberedEvents {
  readonly #path: string;
  #nodes: Map<string, TreeNode> | undefined;

  /** `path` is the recording that was asked for; the numbers are those of its family, as far as it is in the same folder. */
  constructor(path: string) {
    this.#path = path;
  }

  /** `#5 chat gpt-5-mini`; undefined where there is no such event. */
  words(id: string): string | undefined {
    const node = (this.#nodes ??= readTree(this.#path)).get(id);
    if (node === undefined) return undefined;
    return `#${node.number} ${node.name}`;
  }

  number(id: string): number | undefined {
    return (this.#nodes ??= readTree(this.#path)).get(id)?.number;
  }
}

function readTree(path: string): Map<string, TreeNode> {
  const folder = dirname(path);
  const headers = recordingNames(folder, readdirSync(folder)).flatMap((name) => {
    const header = headerAt(join(folder, name));
    return header === undefined ? [] : [{ path: join(folder, name), header }];
  });
  const id = headers.find((one) => one.path === path)?.header.id;
  const family = id === undefined ? undefined : familyOf(headers, id);
  const paths = family === undefined ? [path] : recordingsOf(family).map((one) => one.path);
  const [root] = sessionTrees(paths.map((each) => readRecording(each)));
  if (root === undefined) return new Map();
  return new Map([...preorder(buildTree(familyEvents(root)))].map((node) => [node.id, node]));
}

/** Undefined where it cannot be read, or was deleted meanwhile. */
function headerAt(path: string): ReturnType<typeof readHeader> {
  try {
    return readHeader(path);
  } catch {
    return undefined;
  }
}
