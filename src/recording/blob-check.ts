/** The lines of a log, checked together with the blobs that they refer to. */
import type { Body, Line } from '../events/lines.ts';
import { readBlob } from './exchange-reader.ts';
import { readLines, type Scanned } from './log-reader.ts';
import { blobsPathOf } from './summary.ts';

/** The lines and problems of a log, with a problem before each line whose blob is not sound. */
export function* checkedLines(path: string): Generator<Scanned, void> {
  const blobs = blobsPathOf(path);
  for (const scanned of readLines(path)) {
    const body = scanned.ok ? bodyOf(scanned.line) : undefined;
    if (scanned.ok && typeof body === 'object' && 'crc' in body && readBlob(blobs, body) === undefined) {
      const { line, start, end } = scanned;
      const message = 'the body in the .blobs file is missing or does not match its checksum';
      yield { ok: false, problem: { lineNumber: line.s + 1, offset: start, kind: 'blob', message }, start, end };
    }
    yield scanned;
  }
}

function bodyOf(line: Line): Body | undefined {
  return 'body' in line ? line.body : undefined;
}
