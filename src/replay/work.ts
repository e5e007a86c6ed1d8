/**
 * Work of the app's that Node does beside it: with files, in the thread pool. What it gives, a replay has done again; when it ends is another thing in each run, and comes in as an answer does,
 * in a turn of its own and in the one order of deliveries.
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import zlib from 'node:zlib';
import type { Method } from '../patch/registry.ts';
import { isLoaderAsking } from './call-site.ts';
import { replaceGlobal } from './globals.ts';
import { patchPackingStreams } from './work-zlib.ts';
import { childBy, currentNode, internally, isForeign } from './lineage.ts';
import { startWork, BY_WORK } from './work-begun.ts';
import type { BeginWork } from './work-begun.ts';

/** Functions that give no promise, or one that stands for no work. */
const NO_WORK = new Set(['watch', 'glob']);
const PACKING = /^(gzip|gunzip|unzip|deflate|inflate|deflateRaw|inflateRaw|(brotli|zstd)(Compress|Decompress))$/;
const KEYS =
  /^(pbkdf2|scrypt|hkdf|argon2|generateKey|generateKeyPair|generatePrime|checkPrime|sign|verify|diffieHellman|encapsulate|decapsulate)$/;

/** Replaces what begins work. Undone by `undoAll`. */
export function patchWork(begin: BeginWork): void {
  const named = (owner: object, is: (name: string) => boolean): string[] =>
    Object.getOwnPropertyNames(owner).filter(
      (name) => is(name) && typeof Object.getOwnPropertyDescriptor(owner, name)?.value === 'function',
    );
  const calling = (owner: object, is: (name: string) => boolean): void => {
    for (const name of named(owner, is)) replaceGlobal([owner], name, (original) => workOf(original, begin));
  };
  const promising = (owner: object, is: (name: string) => boolean): void => {
    for (const name of named(owner, is)) replaceGlobal([owner], name, (original) => promisedWorkOf(original, begin, onGiven));
  };
  /** The class of files that are open is nowhere but in what `open` gives. */
  const onGiven = (value: unknown): void => {
    if (value?.constructor?.name !== 'FileHandle') return;
    promising(Object.getPrototypeOf(value) as object, (name) => FILE_WORK.test(name));
  };
  calling(fs, (name) => `${name}Sync` in fs && !NO_WORK.has(name));
  calling(zlib, (name) => PACKING.test(name));
  patchPackingStreams(begin);
  calling(crypto, (name) => KEYS.test(name));
  promising(fsPromises, (name) => /^[a-z]/.test(name) && !NO_WORK.has(name));
  promising(Object.getPrototypeOf(crypto.webcrypto.subtle) as object, (name) => name !== 'constructor' && name !== 'supports');
}

const FILE_WORK =
  /^(appendFile|chmod|chown|close|datasync|read|readFile|readv|stat|sync|truncate|utimes|write|writeFile|writev)$/;

/** A function whose last argument is told of the end, where that is a function. */
function workOf(original: Method, begin: BeginWork): Method {
  return function (this: unknown, ...args: unknown[]) {
    const callback = args.at(-1);
    if (typeof callback !== 'function' || isForeign()) return Reflect.apply(original, this, args) as unknown;
    return startWork(begin, callback as Method, (told) => Reflect.apply(original, this, [...args.slice(0, -1), told]) as unknown);
  };
}

/** A function that gives a promise. */
function promisedWorkOf(original: Method, begin: BeginWork, onGiven: (value: unknown) => void): Method {
  return function (this: unknown, ...args: unknown[]) {
    // Asked first: with the loader, the program has not begun.
    if (isForeign() || isLoaderAsking()) return Reflect.apply(original, this, args) as unknown;
    const place = childBy(currentNode(), BY_WORK);
    return new Promise((resolve, reject) => {
      internally(() => {
        const work = Reflect.apply(original, this, args) as Promise<unknown>;
        const ended = begin(place.id);
        work.then(
          (value) => {
            onGiven(value);
            ended(() => resolve(value));
          },
          (error: unknown) => ended(() => reject(error as Error)),
        );
      });
    });
  };
}
