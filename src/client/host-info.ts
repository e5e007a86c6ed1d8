/** Puts into each full recording what it ran on: read from a file that a process of its own writes, so that the program never waits for it. */
import { statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { basename, dirname } from 'node:path';
import { guard } from '../core/diagnostics.ts';
import type { HostFacts } from '../events/lines.ts';
import { findProjectRoot, readHost } from '../host-env/host-file.ts';
import type { CopyReport } from '../patch/reach.ts';
import { FOLDER_NAME } from '../recording/folder.ts';
import type { LiveSession } from '../session/live-session.ts';
import { startHostChild } from './host-child.ts';
import { LoadedPackages } from './loaded-packages.ts';

export interface HostInfo {
  /** A session began. */
  begin(session: LiveSession): void;
  /** Its last line is about to be written. */
  end(session: LiveSession): void;
  stop(): void;
}

/** How long the process that finds it out waits for its turn: the call that began the session goes first. */
const DELAY_MS = 50;
/** When it is looked for, for sessions that go on: each so long after the one before. That process is done after three seconds. */
const LOOKS_MS = [1000, 3000];
/** How often a session that ends looks for it in vain. */
const LOOKS_AT_END_MAX = 10;

/** `wanted`: whether it is to be known at all, asked at each session. `recordings`: the folder of the recordings. */
export function createHostInfo(wanted: () => boolean, recordings: () => string, copies: () => CopyReport[]): HostInfo {
  return new Host(wanted, recordings, new LoadedPackages(copies));
}

class Host implements HostInfo {
  readonly #wanted: () => boolean;
  readonly #recordings: () => string;
  readonly #loaded: LoadedPackages;
  /** Sessions that have begun and were told nothing yet. */
  readonly #waiting = new Set<LiveSession>();
  #facts: HostFacts | undefined;
  #place: { folder: string; root: string } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looked = false;
  #started = false;
  #looksAtEnd = 0;

  constructor(wanted: () => boolean, recordings: () => string, loaded: LoadedPackages) {
    this.#wanted = wanted;
    this.#recordings = recordings;
    this.#loaded = loaded;
  }

  begin(session: LiveSession): void {
    if (session.full && this.#wanted()) guard('client.host', () => this.#begin(session), undefined);
  }

  end(session: LiveSession): void {
    if (session.full && this.#wanted()) guard('client.host', () => this.#end(session), undefined);
    this.#waiting.delete(session);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#waiting.clear();
  }

  #begin(session: LiveSession): void {
    if (!this.#looked) this.#look();
    if (this.#facts !== undefined) {
      session.log.host(withFree(this.#facts, this.#recordings()));
      return;
    }
    this.#waiting.add(session);
    if (this.#started || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => guard('client.host', () => this.#start(), undefined), DELAY_MS);
    this.#timer.unref();
  }

  #end(session: LiveSession): void {
    // The folder is there once something was written.
    session.log.commit();
    if (this.#facts === undefined && ++this.#looksAtEnd <= LOOKS_AT_END_MAX) this.#look();
    if (this.#facts === undefined) {
      this.#start();
      return;
    }
    const loaded = this.#loaded.list();
    if (Object.keys(loaded).length > 0) session.log.host({ packages: { loaded } });
  }

  /** Has it found out, once. */
  #start(): void {
    if (this.#started) return;
    this.#started = true;
    clearTimeout(this.#timer);
    const { folder, root } = this.#where();
    startHostChild(folder, root);
    this.#lookLater(0);
  }

  #lookLater(attempt: number): void {
    const wait = LOOKS_MS[attempt];
    if (wait === undefined) return;
    this.#timer = setTimeout(() => {
      guard('client.host', () => this.#look(), undefined);
      if (this.#facts === undefined) this.#lookLater(attempt + 1);
    }, wait);
    this.#timer.unref();
  }

  /** Reads the file; what is in it is told to every session that waits for it. */
  #look(): void {
    this.#looked = true;
    const { folder, root } = this.#where();
    this.#facts = readHost(folder, root);
    if (this.#facts === undefined) return;
    for (const session of this.#waiting) session.log.host(withFree(this.#facts, this.#recordings()));
    this.#waiting.clear();
  }

  #where(): { folder: string; root: string } {
    if (this.#place !== undefined) return this.#place;
    const above = dirname(this.#recordings());
    // A folder of another name may be the user's own; what lies in that of the recordings is kept out of version control.
    const folder = basename(above) === FOLDER_NAME ? above : this.#recordings();
    return (this.#place = { folder, root: projectRoot() ?? dirname(folder) });
  }
}

/** Of the working directory, which may be gone. */
function projectRoot(): string | undefined {
  try {
    const here = process.cwd();
    return findProjectRoot(here) ?? here;
  } catch {
    return undefined;
  }
}

/** What changes from one moment to the next is not looked up once a day. */
function withFree(facts: HostFacts, folder: string): HostFacts {
  const { memory, disk } = facts;
  const blocks = disk && guard('client.host-disk', () => statfsSync(dirname(folder)), undefined);
  return {
    ...facts,
    ...(memory === undefined ? undefined : { memory: { ...memory, free: freemem() } }),
    ...(disk === undefined || blocks === undefined ? undefined : { disk: { ...disk, free: blocks.bavail * blocks.bsize } }),
  };
}
