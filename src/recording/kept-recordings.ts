/** Takes recordings out of a folder that is thrown away. */
import { constants, copyFileSync, existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { makeFolder } from './folder.ts';
import { blobsPathOf } from './summary.ts';

/** Copies every recording of one folder into another, each under its own name or, where that is taken, the next one as a writer would choose it. Returns their ids. */
export function keepRecordings(from: string, to: string): string[] {
  if (!existsSync(from)) return [];
  makeFolder(to);
  return readdirSync(from)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => {
      const path = copyTo(join(from, name), to);
      const blobs = blobsPathOf(join(from, name));
      if (existsSync(blobs)) copyFileSync(blobs, blobsPathOf(path), constants.COPYFILE_EXCL);
      return basename(path, '.jsonl');
    });
}

const NAMES_MAX = 1000;

function copyTo(path: string, folder: string): string {
  const stem = join(folder, basename(path, '.jsonl'));
  for (let taken = 0; taken < NAMES_MAX; taken++) {
    const to = `${stem}${taken === 0 ? '' : `.${taken + 1}`}.jsonl`;
    if (existsSync(to)) continue;
    copyFileSync(path, to, constants.COPYFILE_EXCL);
    return to;
  }
  throw new Error(`there is no name left for ${path} in ${folder}`);
}
