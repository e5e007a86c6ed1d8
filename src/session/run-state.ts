/** What a run knows of itself while it goes on: the numbers of its steps, which of them are tries of the same thing, and whether all went well in it. */
import { notice } from '../core/diagnostics.ts';
import { isKnownStep } from '../events/custom-vocabulary.ts';
import type { EndReason, EventStatus, RunFacts, StepFacts } from '../events/model.ts';
import type { Outcome } from '../events/ports.ts';
import { token } from './checked-note.ts';

/** A step that the run still knows. */
interface KnownStep {
  readonly id: string;
  readonly name: string;
  readonly facts: StepFacts;
  ended: EventStatus | undefined;
  /** Another step said, or was found, to be the next attempt of it. */
  retried: boolean;
}

/** Steps that a run knows: the newest of them. One that is tried again later than that is not found. */
const STEPS_KNOWN_MAX = 1000;

export class RunState {
  #steps = 0;
  #retries = 0;
  #errors = 0;
  /** A failure was recorded in it, or an event in it failed. */
  #troubled = false;
  /** The newest steps, by their numbers. */
  readonly #known: KnownStep[] = [];
  /** What is said of it, when it has ended. */
  final: RunFacts | undefined;

  /** The facts of the step that begins now as the event `id` with `name`. */
  nextStep(id: string, name: string, start: Partial<Omit<StepFacts, 'seq'>> = {}): StepFacts {
    const seq = ++this.#steps;
    const type = token(start.type ?? 'other');
    const attempt = Number.isSafeInteger(start.attempt) ? Math.max(1, start.attempt as number) : 1;
    const before = this.#before({ type, name, attempt, retryOf: start.retryOf });
    if (before !== undefined) before.retried = true;
    const retryOf = start.retryOf ?? before?.id;
    if (attempt > 1 || retryOf !== undefined) this.#retries++;
    const facts: StepFacts = {
      seq,
      type,
      ...(isKnownStep(type) ? undefined : flagged(type)),
      attempt,
      ...(retryOf === undefined ? undefined : { retryOf: token(retryOf) }),
    };
    this.#known.push({ id, name, facts, ended: undefined, retried: false });
    if (this.#known.length > STEPS_KNOWN_MAX) this.#known.shift();
    return facts;
  }

  /**
   * The step that one is the next attempt of: the one that it names, else the newest attempt before it at the same thing. Where several
   * of one name are tried at once, one that failed and was not tried again is more likely meant than one that still runs.
   */
  #before(next: { type: string; name: string; attempt: number; retryOf: string | undefined }): KnownStep | undefined {
    if (next.retryOf !== undefined) return this.#known.findLast(({ id }) => id === next.retryOf);
    if (next.attempt === 1) return undefined;
    const same = this.#known.filter(
      ({ name, facts }) => facts.attempt === next.attempt - 1 && name === next.name && facts.type === next.type,
    );
    return (
      same.findLast(({ ended, retried }) => ended === 'error' && !retried) ??
      same.findLast(({ ended, retried }) => ended !== undefined && !retried) ??
      same.at(-1)
    );
  }

  /** Id of the step with this number. */
  stepId(seq: number): string | undefined {
    return this.#step(seq)?.id;
  }

  #step(seq: number): KnownStep | undefined {
    return this.#known[seq - 1 - (this.#steps - this.#known.length)];
  }

  /** The step with this number ended. */
  stepEnded(seq: number, status: EventStatus): void {
    const step = this.#step(seq);
    if (step !== undefined) step.ended = status;
  }

  /** An event inside it ended so. */
  saw(status: EventStatus): void {
    if (status !== 'error') return;
    this.#errors++;
    this.#troubled = true;
  }

  /** A failure was recorded in it. */
  trouble(): void {
    this.#troubled = true;
  }

  /** How it stands when it ends with `outcome`. */
  facts(outcome: Outcome, environment: string | undefined): RunFacts {
    const said = outcome.run?.status ?? STATUS[outcome.status];
    const status = said === 'success' && (this.#troubled || this.#retries > 0) ? 'partial' : said;
    const reason: EndReason = outcome.run?.reason ?? (outcome.status === 'error' && 'thrown' in outcome ? 'exception' : 'ended');
    return (this.final = {
      status,
      reason,
      ...(environment === undefined ? undefined : { environment }),
      steps: this.#steps,
      retries: this.#retries,
      errors: this.#errors,
    });
  }
}

const STATUS = { ok: 'success', error: 'failure', cancelled: 'indeterminate', unfinished: 'indeterminate' } as const;

function flagged(type: string): { unknownType: true } {
  notice(`step type ${type} is not in the vocabulary; it is kept and flagged (registerVocabulary() makes it known)`);
  return { unknownType: true };
}
