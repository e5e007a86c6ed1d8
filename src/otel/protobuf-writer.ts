/**
 * Writes protobuf from the last byte to the first: when a nested message has been written its length is known, so one pass is enough and nothing is copied.
 * Fields must therefore be written in reverse order.
 */

const START_BYTES = 64 * 1024;
/** Texts up to this length are written by a loop; a call into the runtime costs more than they do. */
const LOOP_CHARS_MAX = 40;

/** One message under construction. Positions count from the end of the buffer. */
export class ReverseWriter {
  private bytes: Buffer = Buffer.allocUnsafe(START_BYTES);
  /** Index of the first byte written. */
  private at = START_BYTES;

  private room(bytes: number): void {
    if (this.at >= bytes) return;
    const used = this.bytes.length - this.at;
    let size = this.bytes.length * 2;
    while (size - used < bytes) size *= 2;
    const larger = Buffer.allocUnsafe(size);
    this.bytes.copy(larger, size - used, this.at);
    this.bytes = larger;
    this.at = size - used;
  }

  /** Marks where a nested message ends: everything written until `close` is inside it. */
  open(): number {
    return this.bytes.length - this.at;
  }

  /** Closes the message opened at `mark`: writes its length and the tag before it. */
  close(tag: number, mark: number): void {
    this.varint(this.bytes.length - this.at - mark);
    this.varint(tag);
  }

  /** An unsigned integer below 2^53. */
  varint(value: number): void {
    this.room(10);
    let size = 1;
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
    this.at -= size;
    let index = this.at;
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[index++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[index] = rest;
  }

  /** A signed 64-bit integer as protobuf's int64: a negative one takes ten bytes. */
  int64(value: number): void {
    if (value >= 0) {
      this.varint(value);
      return;
    }
    this.room(10);
    this.at -= 10;
    let rest = BigInt.asUintN(64, BigInt(value));
    for (let index = 0; index < 9; index++) {
      this.bytes[this.at + index] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.bytes[this.at + 9] = 1;
  }

  fixed64(tag: number, value: bigint): void {
    this.room(8);
    this.at -= 8;
    this.bytes.writeBigUInt64LE(value, this.at);
    this.varint(tag);
  }

  fixed32(tag: number, value: number): void {
    this.room(4);
    this.at -= 4;
    this.bytes.writeUInt32LE(value, this.at);
    this.varint(tag);
  }

  double(tag: number, value: number): void {
    this.room(8);
    this.at -= 8;
    this.bytes.writeDoubleLE(value, this.at);
    this.varint(tag);
  }

  /** Bytes given as hex digits, as OTLP's ids are. */
  hex(tag: number, digits: string): void {
    const size = digits.length >> 1;
    this.room(size);
    this.at -= size;
    this.bytes.write(digits, this.at, 'hex');
    this.varint(size);
    this.varint(tag);
  }

  string(tag: number, text: string): void {
    const size = this.text(text);
    this.varint(size);
    this.varint(tag);
  }

  /** Writes the UTF-8 bytes of a text and says how many they were. */
  private text(text: string): number {
    const length = text.length;
    if (length <= LOOP_CHARS_MAX) {
      this.room(length);
      let index = length - 1;
      for (; index >= 0; index--) {
        const unit = text.charCodeAt(index);
        if (unit >= 0x80) break;
        this.bytes[this.at - length + index] = unit;
      }
      if (index < 0) {
        this.at -= length;
        return length;
      }
    }
    const size = Buffer.byteLength(text);
    this.room(size);
    this.at -= size;
    this.bytes.write(text, this.at, size, 'utf8');
    return size;
  }

  /** A copy of everything written. */
  finish(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.bytes.subarray(this.at));
  }
}
