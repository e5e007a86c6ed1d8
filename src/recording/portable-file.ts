/**
 * One file with recordings, to give away: a tar, compressed with Zstandard, of a manifest and of the recordings with their bodies. Standard tools open it: `tar --zstd -tf <file>`.
 * It is put together and taken apart one recording at a time, and what was written is read back before it counts.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { createTar, parseTar } from 'nanotar';
import { wallMs } from '../core/clock.ts';
import { RecordingError } from './errors.ts';
import { blobsPathOf } from './summary.ts';

export const PORTABLE_SUFFIX = '.hindcast';
/** Bumped when a reader of the old version would misread the new one. */
export const PORTABLE_VERSION = 1;
/** All recordings of a file together, before compression: a tar is read in memory. */
export const PORTABLE_BYTES_MAX = 512 * 1024 * 1024;
const FORMAT = 'hindcast-recordings';
const MANIFEST = 'manifest.json';
/** A longer name is cut off by a tar of the old form. */
const NAME_BYTES_MAX = 100;
const BLOCK_BYTES = 512;
const LEVEL = 9;
const READ_BYTES = 1024 * 1024;
const MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** What was done to the recordings before they were put in. */
export interface ScrubNote {
  /** What was looked for: kinds of secrets, the user's own patterns as they were given, `strip-content`. */
  rules: string[];
  /** How many places of each kind were replaced. */
  counts: Record<string, number>;
}

/** What a file says of itself. */
export interface Manifest {
  format: typeof FORMAT;
  version: number;
  /** Writer, as `name/version`. */
  sdk: string;
  sessions: { id: string; files: { name: string; bytes: number; sha256: string }[] }[];
  scrubbed: boolean;
  scrub?: ScrubNote;
}

/** A recording that goes in: the id of its session, and its `.jsonl`. */
export interface Shared {
  id: string;
  path: string;
}

/** Whether a file begins as a Zstandard frame does, which no other format that is imported does. */
export function isPortable(start: Uint8Array): boolean {
  return MAGIC.equals(start.subarray(0, MAGIC.length));
}

/** Writes recordings to a new file at `to`, for its owner only. Throws when they are too large together, or what was written is not what is read back. */
export async function writePortable(
  to: string,
  recordings: readonly Shared[],
  about: { sdk: string; scrub?: ScrubNote },
): Promise<Manifest> {
  const entries = recordings.flatMap(({ id, path }, index) => {
    const named = `recordings/${basename(path)}`;
    const isFree = recordings.findIndex((other) => basename(other.path) === basename(path)) === index;
    const name = isFree && Buffer.byteLength(blobsPathOf(named)) < NAME_BYTES_MAX ? named : `recordings/${index + 1}.jsonl`;
    const both = [
      { id, index, name, path },
      { id, index, name: blobsPathOf(name), path: blobsPathOf(path) },
    ];
    return both.filter((one) => existsSync(one.path)).map((one) => ({ ...one, bytes: statSync(one.path).size }));
  });
  const total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total > PORTABLE_BYTES_MAX)
    throw new RecordingError(
      'recording_too_large',
      `The recordings have ${total} bytes together: one file takes up to ${PORTABLE_BYTES_MAX}.`,
    );
  const sessions: Manifest['sessions'] = recordings.map(({ id }) => ({ id, files: [] }));
  for (const { index, name, path, bytes } of entries) sessions[index]?.files.push({ name, bytes, sha256: await digestOf(path) });
  const { sdk, scrub } = about;
  const manifest: Manifest = {
    format: FORMAT,
    version: PORTABLE_VERSION,
    sdk,
    sessions,
    scrubbed: scrub !== undefined,
    ...(scrub && { scrub }),
  };
  const mtime = wallMs();
  const pieces = function* (): Generator<Uint8Array> {
    yield entry(MANIFEST, Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`), mtime);
    for (const { name, path, bytes } of entries) yield entry(name, readWhole(path, bytes), mtime);
    // What ends a tar.
    yield Buffer.alloc(2 * BLOCK_BYTES);
  };
  const params = { [constants.ZSTD_c_compressionLevel]: LEVEL, [constants.ZSTD_c_checksumFlag]: 1 };
  await pipeline(Readable.from(pieces()), createZstdCompress({ params }), createWriteStream(to, { flags: 'wx', mode: 0o600 }));
  await checkWritten(to, manifest);
  return manifest;
}

/** What `unpackPortable` has put into the folder. */
export interface Unpacked {
  manifest: Manifest;
  /** Paths of the `.jsonl` files, in the order of the manifest. */
  paths: string[];
}

/** Takes a file apart into `folder`, which is empty and the owner's own. Throws when it is damaged, of a later version, or something else. */
export async function unpackPortable(from: string, folder: string): Promise<Unpacked> {
  const { manifest, files } = await readTar(from, join(folder, 'unpacked.tar'));
  const paths: string[] = [];
  for (const [index, session] of manifest.sessions.entries())
    for (const { name, sha256 } of session.files) {
      const data = files.get(name);
      if (data === undefined || createHash('sha256').update(data).digest('hex') !== sha256)
        throw damaged(from, `${name} is not what was put in`);
      // Names of files come from this side, never from the file.
      const path = join(folder, `${index + 1}.jsonl`);
      if (name.endsWith('.jsonl')) paths.push(path);
      writeFileSync(name.endsWith('.jsonl') ? path : blobsPathOf(path), data, { mode: 0o600, flag: 'wx' });
    }
  return { manifest, paths };
}

/** A member of a tar, alone: what the library adds behind it is left out, so that one follows the other. */
function entry(name: string, data: Uint8Array, mtime: number): Uint8Array {
  const attrs = { mode: '600', uid: 0, gid: 0, mtime };
  return createTar([{ name, data, attrs }]).subarray(0, BLOCK_BYTES * (1 + Math.ceil(data.length / BLOCK_BYTES)));
}

/** Reads what was just written, in constant memory, and compares its length and the checksum of all of it that can be had. */
async function checkWritten(path: string, manifest: Manifest): Promise<void> {
  const wanted = manifest.sessions.flatMap(({ files }) => files);
  const reader = new TarDigests();
  await pipeline(createReadStream(path), createZstdDecompress(), async function (source: AsyncIterable<Buffer>) {
    for await (const chunk of source) reader.take(chunk);
  });
  for (const { name, sha256 } of wanted) {
    if (reader.digests.get(name) === sha256) continue;
    rmSync(path, { force: true });
    throw new RecordingError(
      'recording_changed',
      `${name} changed while it was put into ${path}, which was not kept. Try again.`,
    );
  }
}

/** The checksums of the members of a tar as it goes by. */
class TarDigests {
  readonly digests = new Map<string, string>();
  #head = Buffer.alloc(0);
  #name = '';
  #left = 0;
  #padding = 0;
  #hash = createHash('sha256');

  take(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      const taken = this.#left > 0 ? this.#data(chunk.subarray(at)) : this.#skipOrHead(chunk.subarray(at));
      at += taken;
    }
  }

  #data(chunk: Buffer): number {
    const taken = Math.min(this.#left, chunk.length);
    this.#hash.update(chunk.subarray(0, taken));
    this.#left -= taken;
    if (this.#left === 0) this.#finish();
    return taken;
  }

  #skipOrHead(chunk: Buffer): number {
    if (this.#padding > 0) {
      const skipped = Math.min(this.#padding, chunk.length);
      this.#padding -= skipped;
      return skipped;
    }
    const taken = Math.min(BLOCK_BYTES - this.#head.length, chunk.length);
    this.#head = Buffer.concat([this.#head, chunk.subarray(0, taken)]);
    if (this.#head.length === BLOCK_BYTES) this.#begin();
    return taken;
  }

  #begin(): void {
    const [member] = parseTar(new Uint8Array(Buffer.concat([this.#head, Buffer.alloc(BLOCK_BYTES)])), { metaOnly: true });
    this.#head = Buffer.alloc(0);
    if (member === undefined) return;
    this.#name = member.name;
    this.#left = member.size ?? 0;
    this.#padding = (BLOCK_BYTES - (this.#left % BLOCK_BYTES)) % BLOCK_BYTES;
    this.#hash = createHash('sha256');
    if (this.#left === 0) this.#finish();
  }

  #finish(): void {
    this.digests.set(this.#name, this.#hash.digest('hex'));
  }
}

async function readTar(from: string, draft: string): Promise<{ manifest: Manifest; files: Map<string, Uint8Array> }> {
  let bytes = 0;
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= PORTABLE_BYTES_MAX + READ_BYTES) done(null, chunk);
      else
        done(
          new RecordingError(
            'recording_too_large',
            `${from} holds more than ${PORTABLE_BYTES_MAX} bytes, which no file of ours does.`,
          ),
        );
    },
  });
  try {
    await pipeline(createReadStream(from), createZstdDecompress(), limit, createWriteStream(draft, { flags: 'wx', mode: 0o600 }));
    // In memory of its own: the library reads from the beginning of what a view is of.
    const members = parseTar(readWhole(draft, statSync(draft).size));
    const files = new Map(members.map(({ name, data }) => [name, data ?? new Uint8Array()]));
    return { manifest: manifestOf(from, files.get(MANIFEST)), files };
  } catch (error) {
    throw error instanceof RecordingError ? error : damaged(from, error instanceof Error ? error.message : String(error));
  } finally {
    rmSync(draft, { force: true });
  }
}

function manifestOf(from: string, bytes: Uint8Array | undefined): Manifest {
  const manifest = JSON.parse(Buffer.from(bytes ?? []).toString() || 'null') as Manifest | null;
  if (manifest?.format !== FORMAT) throw damaged(from, 'it has no manifest of hindcast');
  if (!(manifest.version <= PORTABLE_VERSION))
    throw new RecordingError(
      'recording_newer',
      `${from} has version ${manifest.version}: this release reads up to ${PORTABLE_VERSION}; use a newer hindcast`,
    );
  return manifest;
}

const damaged = (from: string, why: string): RecordingError =>
  new RecordingError('recording_damaged', `${from} is damaged, or no file of hindcast share: ${why}. Ask for it again.`);

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** The first `length` bytes of a file: one that is written to may have more by now. */
function readWhole(path: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const file = openSync(path, 'r');
  try {
    let got = 0;
    for (let count = -1; got < length && count !== 0; got += count) count = readSync(file, bytes, got, length - got, got);
    return bytes;
  } finally {
    closeSync(file);
  }
}
