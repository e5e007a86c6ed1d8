/** Where what came into the process is written: into the recording of the session that began first and has not ended. Until one begins, it waits. */
import type { EnvLine, InputLine, PackedDraws } from '../events/lines.ts';
import type { LineWithout } from '../recording/session-log.ts';
import type { LiveSession } from '../session/live-session.ts';

/** Before there is a session, so many lines wait. */
const WAITING_MAX = 100_000;

export class InputLog {
  #home: LiveSession | null = null;
  #waiting: { line: LineWithout<InputLine>; bytes: Uint8Array | undefined }[] = [];
  readonly #others = new Set<LiveSession>();

  /** A session has begun. */
  begin(session: LiveSession): void {
    if (this.#home !== null) {
      this.#others.add(session);
      return;
    }
    this.#home = session;
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

  write(line: LineWithout<InputLine>, bytes?: Uint8Array): void {
    if (this.#home !== null) this.#home.log.input(line, bytes);
    else if (this.#waiting.length < WAITING_MAX) this.#waiting.push({ line, bytes });
  }

  draws(d: PackedDraws[]): void {
    this.write({ k: 'draws', d });
  }

  environment(v: EnvLine['v']): void {
    this.write({ k: 'env', v });
  }
}
