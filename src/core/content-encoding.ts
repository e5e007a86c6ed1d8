/** Bodies as they were before they were packed to be sent. */
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib';

const UNPACK: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: (bytes) => ((bytes[0]! & 0x0f) === 8 ? inflateSync(bytes) : inflateRawSync(bytes)),
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};

/** `bytes` without the encodings that a `content-encoding` header names. What unpacks to nothing was unpacked before, as `fetch` does it, and is given back as it is. */
export function unpacked(bytes: Uint8Array, contentEncoding: string | undefined): Uint8Array {
  let out = bytes;
  for (const name of (contentEncoding ?? '').toLowerCase().split(',').toReversed()) {
    const unpack = UNPACK[name.trim()];
    if (unpack === undefined) continue;
    try {
      out = unpack(out);
    } catch {
      return bytes;
    }
  }
  return out;
}
