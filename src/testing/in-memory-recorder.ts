/** A Recorder in memory, with the parts of the port that a test of those who see calls needs: nesting, exchanges, one end. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { hub } from '../events/ports.ts';
import type { EventContent, LlmFacts, ErrorFacts } from '../events/model.ts';
import type { EventStart, ExchangeEnd, ExchangeRequest, OpenEvent, OpenExchange, Outcome, Recorder } from '../events/ports.ts';

export class InMemoryExchange implements OpenExchange {
  readonly request: ExchangeRequest;
  readonly keepsBodies: boolean;
  readonly chunks: Uint8Array[] = [];
  status: number | undefined;
  headers: Record<string, string> = {};
  how: ExchangeEnd | undefined;
  error: ErrorFacts | undefined;
  readonly #listeners: ((how: ExchangeEnd) => void)[] = [];

  constructor(request: ExchangeRequest, keepsBodies: boolean) {
    this.request = request;
    this.keepsBodies = keepsBodies;
  }

  head(status: number, headers: Iterable<readonly [string, string]>): void {
    if (this.how !== undefined) return;
    this.status = status;
    this.headers = Object.fromEntries(headers);
  }

  chunk(bytes: Uint8Array): void {
    if (this.how === undefined) this.chunks.push(bytes);
  }

  end(how: ExchangeEnd, error?: ErrorFacts): void {
    if (this.how !== undefined) return;
    this.how = how;
    this.error = error;
    for (const listener of this.#listeners.splice(0)) listener(how);
  }

  onEnd(listener: (how: ExchangeEnd) => void): void {
    if (this.how === undefined) this.#listeners.push(listener);
    else listener(this.how);
  }

  answer(): { status: number | undefined; body: Uint8Array | undefined } {
    return { status: this.status, body: this.keepsBodies ? Buffer.concat(this.chunks) : undefined };
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }
}

export class InMemoryEvent implements OpenEvent {
  readonly id: string;
  readonly start: EventStart;
  readonly parent: InMemoryEvent | null;
  readonly exchanges: InMemoryExchange[] = [];
  readonly #recorder: InMemoryRecorder;
  readonly wantsBodies: boolean;
  llm: LlmFacts | undefined;
  firstChunks = 0;
  /** Every outcome that was told; the first counts. */
  readonly outcomes: Outcome[] = [];
  content: EventContent | undefined;

  constructor(recorder: InMemoryRecorder, start: EventStart, parent: InMemoryEvent | null) {
    this.#recorder = recorder;
    this.id = String(recorder.events.length + 1).padStart(16, '0');
    this.start = start;
    this.parent = parent;
    this.wantsBodies = recorder.options.wantsBodies;
    this.llm = start.llm;
    this.type = start.type;
    this.name = start.name;
  }

  type: string;
  name: string;
  readonly trace = 'f'.repeat(32);
  readonly session = { id: 'in-memory' };
  carriesCall = false;

  get above(): InMemoryEvent | null {
    return this.parent;
  }

  get agentRun(): InMemoryEvent | null {
    return this.type === 'agent' ? this : (this.parent?.agentRun ?? null);
  }

  become(type: string, name: string): void {
    this.type = type;
    this.name = name;
    this.llm = undefined;
  }

  get ended(): boolean {
    return this.outcomes.length > 0;
  }

  get outcome(): Outcome | undefined {
    return this.outcomes[0];
  }

  get status(): string {
    return this.outcome?.status ?? 'open';
  }

  run<T>(fn: () => T): T {
    this.#recorder.breaks('run');
    return this.#recorder.scope.run(this, fn);
  }

  exchange(request: ExchangeRequest): OpenExchange {
    this.#recorder.breaks('exchange');
    const exchange = new InMemoryExchange(request, this.wantsBodies);
    this.exchanges.push(exchange);
    return this.#recorder.breakable(exchange);
  }

  firstChunk(): void {
    this.#recorder.breaks('firstChunk');
    this.firstChunks++;
  }

  amend(facts: Partial<LlmFacts>): void {
    if (this.llm) this.llm = { ...this.llm, ...facts, request: { ...this.llm.request, ...facts.request } };
  }

  note(): void {}

  set(): void {}

  end(outcome: Outcome): void {
    this.#recorder.breaks('end');
    // What was thrown is not kept, as in a recording.
    const { thrown: _thrown, ...told } = outcome;
    this.outcomes.push(told);
    if (this.outcomes.length === 1) {
      if (this.wantsBodies) this.content = outcome.content?.();
      this.#recorder.ended.push(this);
    }
  }
}

export interface InMemoryOptions {
  wantsBodies: boolean;
  /** Member of the port that throws. */
  broken?: string;
}

export class InMemoryRecorder implements Recorder {
  readonly events: InMemoryEvent[] = [];
  /** In the order in which they ended. */
  readonly ended: InMemoryEvent[] = [];
  readonly scope = new AsyncLocalStorage<InMemoryEvent>();
  readonly options: InMemoryOptions;

  constructor(options: Partial<InMemoryOptions> = {}) {
    this.options = { wantsBodies: true, ...options };
  }

  open(start: EventStart): OpenEvent | null {
    this.breaks('open');
    const event = new InMemoryEvent(this, start, start.within instanceof InMemoryEvent ? start.within : this.#innermost());
    if (start.type === 'llm') for (let at = event.parent; at !== null; at = at.parent) at.carriesCall = true;
    this.events.push(event);
    return event;
  }

  current(): OpenEvent | null {
    this.breaks('current');
    return this.#innermost();
  }

  breaks(member: string): void {
    if (this.options.broken === member) throw new Error(`broken on purpose: ${member}`);
  }

  /** From now on nothing throws any more. */
  mend(): void {
    delete this.options.broken;
  }

  /** An exchange whose broken member throws. */
  breakable(exchange: InMemoryExchange): OpenExchange {
    const { broken } = this.options;
    if (broken === undefined || !['head', 'chunk', 'end', 'onEnd', 'answer'].includes(broken)) return exchange;
    return Object.assign(exchange, { [broken]: () => this.breaks(broken) });
  }

  get calls(): InMemoryEvent[] {
    return this.events.filter(({ type }) => type === 'llm');
  }

  get tools(): InMemoryEvent[] {
    return this.events.filter(({ type }) => type === 'tool');
  }

  #innermost(): InMemoryEvent | null {
    let found = openAtOrAbove(this.scope.getStore() ?? null);
    for (const bridge of hub.bridges) {
      const said = bridge();
      const open = said instanceof InMemoryEvent ? openAtOrAbove(said) : null;
      if (open !== null && open !== found && !isInside(found, open)) found = open;
    }
    return found;
  }
}

/** Puts a new recorder in memory into the hub, and returns it. */
export function recordInMemory(options: Partial<InMemoryOptions> = {}): InMemoryRecorder {
  const recorder = new InMemoryRecorder(options);
  hub.recorder = recorder;
  return recorder;
}

function openAtOrAbove(event: InMemoryEvent | null): InMemoryEvent | null {
  let at = event;
  while (at?.ended) at = at.parent;
  return at;
}

function isInside(event: InMemoryEvent | null, outer: InMemoryEvent): boolean {
  for (let at = event?.parent ?? null; at !== null; at = at.parent) if (at === outer) return true;
  return false;
}
