/** How many events of a recording wait for their export: what is lost with it. */
import { open } from 'node:fs/promises';
import { readCursor } from './export-cursor.ts';
import { cursorPathOf } from './export-recording.ts';
import { LF } from './frame.ts';

const READ_BYTES = 256 * 1024;
/** How a line of an event begins. */
const EVENT = /^\{"s":\d+,"k":"event"/;
const BEGINNING_BYTES = 48;

/** Counts events behind the cursor, without checking their lines. */
export async function countUnexported(path: string): Promise<number> {
  const offset = readCursor(cursorPathOf(path))?.offset ?? 0;
  const file = await open(path, 'r');
  try {
    const bytes = Buffer.allocUnsafeSlow(READ_BYTES);
    let events = 0;
    // Bytes at the start of the buffer that belong to a line whose beginning was cut.
    let kept = 0;
    let atLine = true;
    for (let at = offset; ;) {
      const { bytesRead } = await file.read(bytes, kept, READ_BYTES - kept, at);
      if (bytesRead === 0) return events;
      at += bytesRead;
      const end = kept + bytesRead;
      let from = 0;
      for (;;) {
        // A cursor stands at the end of a line.
        if (atLine && end - from < BEGINNING_BYTES && !bytes.subarray(from, end).includes(LF)) break;
        if (atLine && EVENT.test(bytes.toString('latin1', from, Math.min(end, from + BEGINNING_BYTES)))) events++;
        const next = bytes.subarray(from, end).indexOf(LF);
        atLine = next >= 0;
        if (next < 0) break;
        from += next + 1;
      }
      kept = atLine ? end - from : 0;
      if (kept > 0) bytes.copyWithin(0, from, end);
    }
  } finally {
    await file.close();
  }
}
