/** What a run knows of itself while it goes on: the numbers of its steps, and whether all went well in it. */
import type { EndReason, EventStatus, RunFacts, StepFacts } from '../events/model.ts';
import type { Outcome } from '../events/ports.ts';

export class RunState {
  #steps = 0;
  #retries = 0;
  #errors = 0;
  /** A failure was recorded in it, or an event in it failed. */
  #troubled = false;

  /** The facts of the step that begins now. */
  nextStep({ type = 'other', attempt = 1, retryOf }: Partial<Omit<StepFacts, 'seq'>> = {}): StepFacts {
    const seq = ++this.#steps;
    if (attempt > 1 || retryOf !== undefined) this.#retries++;
    return retryOf === undefined ? { seq, type, attempt } : { seq, type, attempt, retryOf };
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
    return {
      status,
      reason,
      ...(environment === undefined ? undefined : { environment }),
      steps: this.#steps,
      retries: this.#retries,
      errors: this.#errors,
    };
  }
}

const STATUS = { ok: 'success', error: 'failure', cancelled: 'indeterminate', unfinished: 'indeterminate' } as const;
