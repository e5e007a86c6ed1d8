/** Copies of what came and went through channels, without its secrets. */
import type { CameLine, Line, WentLine } from '../events/lines.ts';
import type { AppendFile } from './append-file.ts';
import { encodePieces } from './bodies.ts';
import { bytesOf } from './exchange-reader.ts';
import { scrubBody, textOfBody } from './scrub-body.ts';
import type { Scrubber } from './scrub-text.ts';
import { blobsPathOf } from './summary.ts';

type ThroughLine = CameLine | WentLine;

export const goesThrough = (line: Line): line is ThroughLine => line.k === 'came' || line.k === 'went';

/** What the line holds, as text; `path` is that of its recording. */
export function textOfThrough({ body }: ThroughLine, path: string): string {
  const bytes = body === undefined ? undefined : bytesOf(body, blobsPathOf(path));
  return bytes === undefined ? '' : textOfBody(Buffer.from(bytes));
}

export class ThroughCopies {
  readonly #from: string;
  readonly #blobs: AppendFile;
  readonly #scrubber: Scrubber;
  /** Bytes that went into each channel by now, as they are afterwards. */
  readonly #sent = new Map<number, number>();

  /** From the recording at `from` to one whose large bodies are in `blobs`. */
  constructor(from: string, blobs: AppendFile, scrubber: Scrubber) {
    this.#from = from;
    this.#blobs = blobs;
    this.#scrubber = scrubber;
  }

  copy(line: ThroughLine): ThroughLine {
    const bytes = line.body === undefined ? undefined : bytesOf(line.body, blobsPathOf(this.#from));
    const scrubbed = bytes === undefined ? undefined : (scrubBody(Buffer.from(bytes), this.#scrubber)?.bytes ?? bytes);
    const sent = this.#sent.get(line.n) ?? 0;
    if (line.k === 'went') this.#sent.set(line.n, sent + (scrubbed?.length ?? 0));
    return {
      ...line,
      ...(line.k === 'came' && line.sent !== undefined && { sent }),
      ...(scrubbed !== undefined && { body: encodePieces([scrubbed], scrubbed.length, this.#blobs) }),
    } as ThroughLine;
  }
}
