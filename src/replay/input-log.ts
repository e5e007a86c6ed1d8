/**
 * Where what came into the process is written: into the recording of the session that began first and has not ended. Until one begins, it waits; when all have ended, the process gets a recording of
 * its own, which ends with it.
 */
import type { EnvLine, InputLine, PackedDraws } from '../events/lines.ts';
import type { LineWithout } from '../recording/session-log.ts';
import type { LiveSession, SessionEnd } from '../session/live-session.ts';

/** Before there is a session, so many lines wait. */
const WAITING_MAX = 100_000;

export class InputLog {
  #home: LiveSession | null = null;
  #waiting: { line: LineWithout<InputLine>; bytes: Uint8Array | undefined }[] = [];
  readonly #others = new Set<LiveSession>();
  /** The last one that took lines. */
  #last: LiveSession | null = null;
  #outside: LiveSession | null = null;
  #over = false;

  /** A session has begun. One that keeps no content takes no inputs. */
  begin(session: LiveSession): void {
    if (!session.full) return;
    if (this.#home !== null) {
      this.#others.add(session);
      return;
    }
    this.#home = this.#last = session;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { line, bytes } of waiting) session.log.input(line, bytes);
  }

  /** Its last line was told. */
  end(session: LiveSession): void {
    this.#others.delete(session);
    if (session !== this.#home) return;
    this.#home = null;
    const next = this.#others.values().next().value;
    if (next === undefined) return;
    this.#others.delete(next);
    this.begin(next);
  }

  /** The process's own recording, for what comes when there is no session any more; null where there never was one. */
  outside(): LiveSession | null {
    if (this.#outside !== null || this.#last === null || this.#over) return this.#outside;
    const session = this.#last.outside();
    if (!session.begin()) return null;
    this.#outside = session;
    this.begin(session);
    return session;
  }

  /** The process ends. */
  close(end: SessionEnd): void {
    this.#over = true;
    const outside = this.#outside;
    if (outside === null) return;
    outside.end(end);
    this.end(outside);
  }

  write(line: LineWithout<InputLine>, bytes?: Uint8Array): void {
    const home = this.#home ?? this.outside();
    if (home !== null) home.log.input(line, bytes);
    else if (this.#waiting.length < WAITING_MAX) this.#waiting.push({ line, bytes });
  }

  draws(d: PackedDraws[]): void {
    this.write({ k: 'draws', d });
  }

  environment(v: EnvLine['v']): void {
    this.write({ k: 'env', v });
  }
}
