/** What a worker thread is, so that it is known again. */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';

export interface WorkerOptions {
  eval?: unknown;
  name?: unknown;
  env?: unknown;
  workerData?: unknown;
  stdin?: unknown;
  stdout?: unknown;
  stderr?: unknown;
}

/** As it stands in the recording: the file, relative to the working directory where it is below it; of code that is given as text, a digest. */
export interface WorkerWhat {
  file: string;
  name?: string;
}

/** What `new Worker(file, options)` starts. */
export function workerWhat(file: unknown, { eval: isText, name }: WorkerOptions): WorkerWhat {
  return { file: nameOf(file, isText === true), ...(typeof name === 'string' && { name }) };
}

function nameOf(file: unknown, isText: boolean): string {
  const text = String(file);
  if (isText || text.startsWith('data:')) return `eval:${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
  const path = text.startsWith('file:') ? fileURLToPath(text) : text;
  return path.replace(`${process.cwd()}/`, './');
}
