/** The file that an export goes to: for its owner only, there when it is whole, and never in the place of another one unasked. */
import { closeSync, existsSync, linkSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { CliFailure } from './failure.ts';

export interface ExportFile {
  readonly path: string;
  readonly bytes: number;
  write(text: string): void;
  /** Puts the file in its place. */
  finish(): void;
  /** Leaves no trace, unless it is finished. */
  close(): void;
}

/** Begins a file. Nothing stands at `path` before it is finished. */
export function openExportFile(path: string, { force }: { force: boolean }): ExportFile {
  const target = resolve(path);
  refuseTaken(target, force);
  const draft = `${target}.part-${process.pid}`;
  const file = openDraft(draft);
  let bytes = 0;
  let open = true;
  return {
    path: target,
    get bytes() {
      return bytes;
    },
    write(text) {
      const chunk = Buffer.from(text);
      for (let at = 0; at < chunk.length;) at += writeSync(file, chunk, at);
      bytes += chunk.length;
    },
    finish() {
      closeSync(file);
      open = false;
      if (force) renameSync(draft, target);
      else {
        // Unlike a rename, a link fails when somebody else was faster.
        refuseTaken(target, force);
        linkSync(draft, target);
        rmSync(draft);
      }
    },
    close() {
      if (open) closeSync(file);
      rmSync(draft, { force: true });
    },
  };
}

function refuseTaken(path: string, force: boolean): void {
  if (!existsSync(path)) return;
  if (statSync(path).isDirectory()) throw new CliFailure(`${path} is a folder.`, { exitCode: 2 });
  if (!force) throw new CliFailure(`${path} is there already.`, { hint: 'Take another name, or --force to replace it.' });
}

function openDraft(path: string): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (error) {
    throw new CliFailure(`${path} cannot be written: ${(error as Error).message}`, { cause: error });
  }
}
