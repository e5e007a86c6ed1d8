/** Every recording of the process that one recording is of: they are replayed together. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { guard } from '../core/diagnostics.ts';
import { FOLDER_NAME, recordingsFolder } from './folder.ts';
import { readHeader } from './recording-ends.ts';
import { recordingNames } from './removal-marker.ts';

/** Where further clients of a process record unless they say where: `clients/<n>` of the project's folder. */
const CLIENTS = 'clients';

/**
 * Paths of the recordings of the same process as that at `path`: it first, the others in the order in which they began. Looked for in its own folder and, where that is the folder of a project, in
 * those of the project's further clients. Only headers are read. A recording that names no process is alone.
 */
export function processRecordings(path: string): string[] {
  const own = readHeader(path)?.process;
  if (own === undefined) return [path];
  const others: { path: string; epoch: number }[] = [];
  for (const other of foldersBeside(dirname(path)).flatMap(recordingsIn)) {
    if (other === path) continue;
    // One may have been deleted since the folder was read.
    const header = guard('recording.process', () => readHeader(other), undefined);
    if (header?.process === own) others.push({ path: other, epoch: header.epoch });
  }
  return [path, ...others.sort((a, b) => a.epoch - b.epoch).map((other) => other.path)];
}

/** The folder itself, and those of the other clients of its project. */
function foldersBeside(folder: string): string[] {
  const home = dirname(folder);
  const project = basename(dirname(home)) === CLIENTS ? dirname(dirname(home)) : home;
  if (basename(folder) !== 'recordings' || basename(project) !== FOLDER_NAME) return [folder];
  const clients = join(project, CLIENTS);
  const names = existsSync(clients) ? readdirSync(clients) : [];
  const all = [recordingsFolder(project), ...names.map((name) => recordingsFolder(join(clients, name)))];
  return [...new Set([folder, ...all])].filter((known) => existsSync(known));
}

function recordingsIn(folder: string): string[] {
  return recordingNames(folder, readdirSync(folder)).map((name) => join(folder, name));
}
