/** Bodies that are read whole: to the program each is one promise. How many Node makes on the way differs between its releases, and a recording of one is replayed by another. */
import type { Method } from '../patch/registry.ts';
import { replaceGlobal } from './globals.ts';
import { currentNode, internally } from './lineage.ts';

const READS = ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'];

/** Replaces what reads. Undone by `undoAll`. */
export function patchBodyReads(): void {
  for (const { prototype } of [Response, Request, Blob])
    for (const name of READS) if (name in prototype) replaceGlobal([prototype], name, reading);
}

function reading(original: Method): Method {
  return function (this: unknown, ...args: unknown[]) {
    const read = (): Promise<unknown> => Reflect.apply(original, this, args) as Promise<unknown>;
    if (currentNode().internal) return read();
    return new Promise((resolve, reject) => {
      internally(() => void read().then(resolve, reject));
    });
  };
}
