/** Writes a session that another program recorded, as a recording of ours. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SESSION_ID } from '../core/ids.ts';
import type { SessionState, SessionStats, SpanEvent } from '../events/model.ts';
import { readLines } from './log-reader.ts';
import { openLog } from './log-writer.ts';
import type { LogHeader } from './session-log.ts';

/** A session as it was read from another format. Its epoch is the start of its first event. */
export interface ImportedSession {
  header: LogHeader;
  /** In the order in which they ended. */
  events: SpanEvent[];
  state: SessionState;
}

/** `present`: the folder has a recording of this session with all these events. */
export interface WrittenSession {
  outcome: 'written' | 'present';
  path: string;
}

const ID_CHARS_MAX = 128;
const NAMES_MAX = 999;

/** A session id for a name of somebody else's: what a file name may not hold is replaced. */
export function sessionIdOf(text: string): string {
  if (SESSION_ID.test(text)) return text;
  return text.replace(/[^A-Za-z0-9._-]+/g, '_').slice(0, ID_CHARS_MAX) || 'imported';
}

/** What every imported header has. `from` is the format. */
export function importedHeader(facts: Pick<LogHeader, 'id' | 'epoch' | 'trace' | 'sdk'>, from: string): LogHeader {
  const unknown = 'unknown';
  return {
    ...facts,
    mode: 'full',
    flags: [],
    // No process of this machine: the session is nobody's to write.
    pid: 0,
    node: unknown,
    platform: unknown,
    arch: unknown,
    metadata: { importedFrom: from },
  };
}

/** Writes the session. Throws when the disk does not take all of it. */
export function writeImported(dir: string, { header, events, state }: ImportedSession, stats: SessionStats): WrittenSession {
  const present = existing(dir, header.id, new Set(events.map(({ id }) => id)));
  if (present !== undefined) return { outcome: 'present', path: present };
  const log = openLog({ dir, header });
  for (const event of events) log.event(event);
  log.end({ state, reason: 'ended', stats });
  if (log.lost > 0) throw new Error(`${log.path}: ${log.lost} lines could not be written`);
  return { outcome: 'written', path: log.path };
}

/** A recording of this session that holds all these events. */
function existing(dir: string, id: string, events: ReadonlySet<string>): string | undefined {
  for (let taken = 0; taken < NAMES_MAX; taken++) {
    const path = join(dir, `${id}${taken === 0 ? '' : `.${taken + 1}`}.jsonl`);
    if (!existsSync(path)) return undefined;
    const missing = new Set(events);
    for (const scanned of readLines(path)) if (scanned.ok && scanned.line.k === 'event') missing.delete(scanned.line.e.id);
    if (missing.size === 0) return path;
  }
  return undefined;
}
