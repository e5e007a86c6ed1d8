/** Lines on their way to the disk. One buffer serves all logs: it is filled and written within one synchronous step. */
import { closeFrame, FRAME_BYTES, LINE_BYTES_MAX } from './frame.ts';

const START_BYTES = 64 * 1024;
/** A buffer that one huge line made larger than this is let go after it. */
const KEPT_BYTES_MAX = 1024 * 1024;
/** UTF-8 needs at most this many bytes for a UTF-16 unit. */
const UNIT_BYTES_MAX = 3;

export class LineBuffer {
  bytes = Buffer.allocUnsafeSlow(START_BYTES);
  used = 0;

  /** Appends a line of `prefix`, which has neither its closing brace nor content beyond ASCII, and the members of the JSON object `json`. False: too long. */
  appendMembers(prefix: string, json: string): boolean {
    if (!this.#reserve(prefix.length, json)) return false;
    const from = this.used;
    const joint = from + this.bytes.write(prefix, from, 'latin1');
    const end = joint + this.bytes.write(json, joint);
    // The object's braces make room: the first becomes the comma after the prefix, the last goes.
    this.bytes[joint] = 44;
    this.used = closeFrame(this.bytes, from, end - 1);
    return true;
  }

  /** Appends a line of `prefix` and `json` as its last value. False: too long. */
  appendValue(prefix: string, json: string): boolean {
    if (!this.#reserve(prefix.length, json)) return false;
    const from = this.used;
    const joint = from + this.bytes.write(prefix, from, 'latin1');
    const end = joint + this.bytes.write(json, joint);
    this.used = closeFrame(this.bytes, from, end);
    return true;
  }

  /** Empties the buffer. */
  clear(): void {
    this.used = 0;
    if (this.bytes.length > KEPT_BYTES_MAX) this.bytes = Buffer.allocUnsafeSlow(START_BYTES);
  }

  #reserve(prefixUnits: number, json: string): boolean {
    const frame = prefixUnits + FRAME_BYTES + 1;
    if (this.used + frame + json.length * UNIT_BYTES_MAX <= this.bytes.length) return true;
    const line = frame + Buffer.byteLength(json);
    if (line > LINE_BYTES_MAX) return false;
    const needed = this.used + line;
    if (needed > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(this.bytes.length * 2, KEPT_BYTES_MAX)));
      this.bytes.copy(larger, 0, 0, this.used);
      this.bytes = larger;
    }
    return true;
  }
}
