/**
 * Bytes as they arrive, copied together. Keeping each piece instead would keep its ArrayBuffer: of a stream of 2,000 pieces that is 2,000 of them for the garbage
 * collector to follow, whose threads then cost four times what the copying does (bench/, CPU of a stream of 2,000 chunks).
 */
const SEGMENT_BYTES = 16 * 1024;
/** Larger pieces are kept as they are: there are few of them, and copying them costs fresh memory. */
const COPIED_BYTES_MAX = 8 * 1024;
/** Segments that wait to be used again. */
const SPARE_MAX = 64;

const spare: Buffer[] = [];

export class GatheredBytes {
  length = 0;
  readonly #parts: Uint8Array[] = [];
  #lent: Buffer[] = [];
  #open: Buffer | undefined;
  #used = 0;

  /** Takes a piece. One that is kept as it is must not be changed by its owner. */
  add(piece: Uint8Array): void {
    const bytes = piece.byteLength;
    this.length += bytes;
    if (bytes > COPIED_BYTES_MAX) {
      this.#close();
      this.#parts.push(piece);
      return;
    }
    if (this.#open === undefined || this.#used + bytes > SEGMENT_BYTES) {
      this.#close();
      this.#open = spare.pop() ?? Buffer.allocUnsafeSlow(SEGMENT_BYTES);
    }
    this.#open.set(piece, this.#used);
    this.#used += bytes;
  }

  /** Everything so far, in order. Valid until `free()`. */
  parts(): readonly Uint8Array[] {
    this.#close();
    return this.#parts;
  }

  /** Gives the memory back. */
  free(): void {
    this.#close();
    this.#parts.length = 0;
    this.length = 0;
    for (const segment of this.#lent) if (spare.length < SPARE_MAX) spare.push(segment);
    this.#lent = [];
  }

  #close(): void {
    if (this.#open === undefined) return;
    this.#parts.push(this.#open.subarray(0, this.#used));
    this.#lent.push(this.#open);
    this.#open = undefined;
    this.#used = 0;
  }
}
