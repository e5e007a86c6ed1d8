import { describe, expect, it } from 'vitest';
import { crc32c } from '../../src/core/crc32c.ts';

/** The definition, a bit at a time. */
function byTheBook(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

describe('R1 CRC-32C', () => {
  it('has the check value of the nine digits', () => {
    expect(crc32c(Buffer.from('123456789')).toString(16)).toBe('e3069283');
  });

  it('has the test values of RFC 3720', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index))).toBe(0x46dd794e);
  });

  it('equals the definition for every length and any range', () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, index) => (index * 151 + (index >> 3)) & 255);
    for (let length = 0; length <= 64; length++)
      expect(crc32c(bytes.subarray(0, length))).toBe(byTheBook(bytes.subarray(0, length)));
    for (const [from, to] of [
      [0, 300],
      [1, 300],
      [7, 8],
      [9, 9],
      [13, 214],
    ] as const)
      expect(crc32c(bytes, from, to)).toBe(byTheBook(bytes.subarray(from, to)));
  });
});
