/** Takes a recording from elsewhere into a folder of recordings, byte for byte. It has no cursor there, so nothing exports it. */
import { chmodSync, closeSync, constants, copyFileSync, existsSync, linkSync, openSync, readSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SESSION_ID } from '../core/ids.ts';
import { ensureFolder, makeFolder } from './folder.ts';
import { cursorPathOf } from './export-recording.ts';
import type { Problem } from './log-reader.ts';
import { readHeader } from './recording-ends.ts';
import { blobsPathOf } from './summary.ts';
import { verifyRecording } from './verify.ts';

/** What became of it; `present`: the folder has it already. */
export type ImportedRecording =
  | { outcome: 'copied' | 'present'; path: string; lines: number }
  | { outcome: 'recording' }
  | { outcome: 'damaged'; problems: Problem[] };

const NAMES_MAX = 999;
const COMPARE_BYTES = 1024 * 1024;

/** Imports a recording, with its bodies beside it. Every line and every body is checked first. Throws when the file is not there, or of a later version. */
export function importRecording(from: string, dir: string): ImportedRecording {
  const { state, lines, problems } = verifyRecording(from);
  const header = readHeader(from);
  if (state === 'damaged' || !header || !SESSION_ID.test(header.id)) return { outcome: 'damaged', problems };
  if (state === 'recording') return { outcome: 'recording' };
  ensureFolder(dirname(dir));
  makeFolder(dir);
  const stem = join(dir, header.id);
  for (let taken = 0; taken < NAMES_MAX; taken++) {
    const path = `${stem}${taken === 0 ? '' : `.${taken + 1}`}.jsonl`;
    if (existsSync(path)) {
      if (isSame(from, path) && isSame(blobsPathOf(from), blobsPathOf(path))) return { outcome: 'present', path, lines };
    } else if (!existsSync(blobsPathOf(path)) && !existsSync(cursorPathOf(path)) && copy(from, path))
      return { outcome: 'copied', path, lines };
  }
  throw new Error(`${dir} has ${NAMES_MAX} recordings of ${header.id} already`);
}

/** False: somebody else took the name meanwhile. The bodies come first and the log in one step, so that nobody sees a recording without them. */
function copy(from: string, to: string): boolean {
  const draft = `${to}.importing-${process.pid}`;
  const [blobsFrom, blobsTo] = [blobsPathOf(from), blobsPathOf(to)];
  let ours = false;
  try {
    if (existsSync(blobsFrom)) {
      copyPrivately(blobsFrom, blobsTo);
      ours = true;
    }
    copyPrivately(from, draft);
    linkSync(draft, to);
    return true;
  } catch (error) {
    if (ours) rmSync(blobsTo, { force: true });
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

function copyPrivately(from: string, to: string): void {
  copyFileSync(from, to, constants.COPYFILE_EXCL);
  chmodSync(to, 0o600);
}

/** Whether two files hold the same bytes, or neither is there. */
function isSame(a: string, b: string): boolean {
  const there = [a, b].map((path) => existsSync(path));
  if (!there[0] || !there[1]) return there[0] === there[1];
  const files = [openSync(a, 'r'), openSync(b, 'r')] as const;
  const buffers = [Buffer.allocUnsafe(COMPARE_BYTES), Buffer.allocUnsafe(COMPARE_BYTES)] as const;
  try {
    for (let at = 0; ;) {
      const [inA, inB] = [
        readSync(files[0], buffers[0], 0, COMPARE_BYTES, at),
        readSync(files[1], buffers[1], 0, COMPARE_BYTES, at),
      ];
      if (inA !== inB || !buffers[0].subarray(0, inA).equals(buffers[1].subarray(0, inB))) return false;
      if (inA === 0) return true;
      at += inA;
    }
  } finally {
    for (const file of files) closeSync(file);
  }
}
