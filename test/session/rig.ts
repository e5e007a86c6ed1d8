import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EndLine, EventLine, Line, NoteLine, SessionLine } from '../../src/events/lines.ts';
import type { SpanEvent } from '../../src/events/model.ts';
import { hub } from '../../src/events/ports.ts';
import type { SessionSettings } from '../../src/session/live-session.ts';
import { DEFAULT_PRICES } from '../../src/analysis/prices.ts';
import { useSessions } from '../../src/session/sessions.ts';
import { createSessions } from '../../src/session/store.ts';
import type { SessionStore } from '../../src/session/store.ts';

/** The recordings of a folder, by file name without its ending. */
export class Recordings {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  ids(): string[] {
    return readdirSync(this.dir)
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => name.slice(0, -'.jsonl'.length))
      .sort();
  }

  lines(id: string): Line[] {
    const text = readFileSync(join(this.dir, `${id}.jsonl`), 'utf8');
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
  }

  header(id: string): SessionLine {
    return this.lines(id)[0] as SessionLine;
  }

  events(id: string): SpanEvent[] {
    return this.lines(id)
      .filter((line): line is EventLine => line.k === 'event')
      .map((line) => line.e);
  }

  notes(id: string): NoteLine[] {
    return this.lines(id).filter((line): line is NoteLine => line.k === 'note');
  }

  end(id: string): EndLine | undefined {
    return this.lines(id).find((line): line is EndLine => line.k === 'end');
  }
}

export interface Rig {
  store: SessionStore;
  recordings: Recordings;
  stop(): void;
}

/** A store of sessions behind the hub and the public functions, without a client. */
export function startRig(over: Partial<SessionSettings> = {}): Rig {
  const dir = mkdtempSync(join(tmpdir(), 'hindcast-session-'));
  const recordings = join(dir, 'recordings');
  const store = createSessions({ mode: 'full', dir: recordings, sdk: 'hindcast/test', prices: DEFAULT_PRICES, ...over });
  hub.recorder = store.recorder;
  useSessions(store);
  return {
    store,
    recordings: new Recordings(recordings),
    stop() {
      store.close({ state: 'success', reason: 'ended' });
      hub.recorder = null;
      useSessions(null);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
