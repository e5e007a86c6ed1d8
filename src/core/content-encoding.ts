/** Bodies as they were before they were packed to be sent, and packed again. */
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib';

const UNPACK: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: (bytes) => ((bytes[0]! & 0x0f) === 8 ? inflateSync(bytes) : inflateRawSync(bytes)),
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};

const PACK: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  gzip: gzipSync,
  'x-gzip': gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
};

/** `bytes` in the encodings that a `content-encoding` header names, as far as they are known. */
export function packed(bytes: Uint8Array, contentEncoding: string | undefined): Uint8Array {
  const names = (contentEncoding ?? '').toLowerCase().split(',');
  return names.reduce((out, name) => PACK[name.trim()]?.(out) ?? out, bytes);
}

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
