/** Small sessions, recorded by the real recorder, one for each thing that an explanation has to explain. Times and ids are the caller's (it mocks both). */
import type { EventStart, ExchangeRequest, NoteInput, OpenEvent, Outcome } from '../../src/events/ports.ts';
import { hub } from '../../src/events/ports.ts';
import type { ErrorFacts } from '../../src/events/model.ts';
import type { SessionEnd, SessionSettings } from '../../src/session/live-session.ts';

/** Moves the clock of the recorder. */
export interface Clock {
  us: number;
}

export interface Scene {
  /** What happens in the session. What it throws ends the session as a throw out of the program would, without an end of its own. */
  act(clock: Clock): void;
  /** How the process ends; null: it does not, and the recording stays without an end. */
  end?: SessionEnd | null;
  /** The state that the recording is read with, where that is not told by its end. */
  state?: 'recording' | 'crashed' | 'damaged';
  settings?: Partial<SessionSettings>;
}

const AGENT = { name: 'support', version: '1.4.0' };
const FAILED: SessionEnd = { state: 'failure', reason: 'exception', exitCode: 1 };
const GONE = { end: null, state: 'crashed' } as const;

/** An error with the codes that an SDK or Node gives it. */
export class Thrown extends Error {
  readonly facts: ErrorFacts;
  constructor(facts: ErrorFacts, message: string) {
    super(message);
    this.facts = facts;
  }
}

/** An event around `act`, that ends as `act` does. */
export function during(clock: Clock, start: EventStart, act: (event: OpenEvent) => Outcome | void): void {
  const event = hub.recorder!.open(start)!;
  clock.us += 1000;
  try {
    const outcome = event.run(() => act(event));
    clock.us += 1000;
    event.end(outcome ?? { status: 'ok' });
  } catch (error) {
    const { facts, message } = error as Thrown;
    event.end({ status: 'error', error: facts, thrown: error, content: () => ({ error: { message } }) });
    throw error;
  }
}

export const run = (agent: EventStart['agent'] = AGENT): EventStart => ({
  type: 'agent',
  name: `invoke_agent ${agent?.name}`,
  agent: agent!,
});
export const step = (name: string, type = 'tool', attempt = 1, retryOf?: string): EventStart => ({
  type: 'step',
  name,
  step: retryOf === undefined ? { type, attempt } : { type, attempt, retryOf },
});
export const tool = (name: string): EventStart => ({
  type: 'tool',
  name: `execute_tool ${name}`,
  tool: { name, type: 'function' },
});
export const chat = (model = 'gpt-4.1-mini', provider = 'openai'): EventStart => ({
  type: 'llm',
  name: `chat ${model}`,
  llm: { operation: 'chat', provider, request: { model } },
});
const action = (name: string): EventStart => ({ type: 'action', name });
const answered: Outcome = { status: 'ok', usage: { input: 212, output: 18 } };
const request: ExchangeRequest = { method: 'POST', url: 'http://127.0.0.1/v1', headers: [], body: '{}' };

function failWith(event: OpenEvent, [type, code]: readonly [string, string], error: Thrown): never {
  event.note({ kind: 'failure', type, code });
  throw error;
}

/** Waits, as what takes time does. */
const wait = (clock: Clock, ms: number): void => void (clock.us += ms * 1000);

/** HTTP attempts of an event, by their statuses; 0: the connection was refused. */
function attempts(clock: Clock, event: OpenEvent, statuses: number[]): void {
  for (const [i, status] of statuses.entries()) {
    if (i > 0) wait(clock, 500);
    const exchange = event.exchange(request);
    wait(clock, 40);
    if (status === 0) exchange.end('error', { type: 'TypeError', code: 'ECONNREFUSED' });
    else {
      exchange.head(status, status === 429 ? [['retry-after', '1']] : []);
      exchange.end('complete');
    }
  }
}

function swallow(act: () => void): void {
  try {
    act();
  } catch {
    // The agent goes on.
  }
}

/** What an error of a tool, a model or a source looks like, by type and code. */
const ERRORS: Record<string, [facts: ErrorFacts, message: string, statuses?: number[]]> = {
  'tool/timeout': [{ type: 'TimeoutError', code: 'ETIMEDOUT' }, 'find_order did not answer within 5 s'],
  'tool/invalid_response': [{ type: 'SyntaxError' }, 'Unexpected token < in JSON at position 0'],
  'tool/connection_error': [{ type: 'TypeError', code: 'ECONNREFUSED' }, 'connect ECONNREFUSED 127.0.0.1:9'],
  'tool/api_error': [{ type: 'OrderServiceError', status: 500 }, 'internal error'],
  'tool/auth_error': [{ type: 'OrderServiceError', status: 401 }, 'token expired'],
  'tool/schema_invalid': [{ type: 'ZodError' }, 'order: expected string, received number'],
  'model/rate_limit': [
    { type: 'RateLimitError', status: 429, code: 'rate_limit_exceeded', requestId: 'req_1', retryAfterMs: 1000 },
    'Rate limit reached for gpt-4.1-mini',
    [429, 429, 429],
  ],
  'model/context_length_exceeded': [
    { type: 'BadRequestError', status: 400, code: 'context_length_exceeded' },
    "This model's maximum context length is 1047576 tokens",
    [400],
  ],
  'model/invalid_output': [
    { type: 'LengthFinishReasonError' },
    'could not parse the answer as the length limit was reached',
    [200],
  ],
  'model/timeout': [{ type: 'APIConnectionTimeoutError' }, 'Request timed out.', [0, 0, 0]],
  'model/quota_exceeded': [
    { type: 'RateLimitError', status: 429, code: 'insufficient_quota' },
    'You exceeded your current quota',
    [429],
  ],
  'model/connection_error': [{ type: 'APIConnectionError', code: 'ECONNREFUSED' }, 'Connection error.', [0, 0, 0]],
  'model/api_error': [
    { type: 'InternalServerError', status: 500, requestId: 'req_2' },
    '500 status code (no body)',
    [503, 503, 500],
  ],
  'model/auth_error': [
    { type: 'AuthenticationError', status: 401, code: 'invalid_api_key' },
    'Incorrect API key provided',
    [401],
  ],
  'model/content_filter': [{ type: 'BadRequestError', status: 400, code: 'content_filter' }, 'The response was filtered', [400]],
  'retrieval/no_results': [{ type: 'NoResultsError' }, 'nothing found for the parcel'],
  'retrieval/connection_error': [{ type: 'TypeError', code: 'ENOTFOUND' }, 'getaddrinfo ENOTFOUND vectors.test'],
  'retrieval/timeout': [{ type: 'TimeoutError' }, 'the index did not answer'],
  'retrieval/invalid_query': [{ type: 'QueryError', status: 400 }, 'unbalanced quotes'],
  'retrieval/empty_retrieval': [{ type: 'EmptyIndexError' }, 'the index holds no documents'],
};

const EVENT_OF: Record<string, [step: EventStart, event: EventStart]> = {
  tool: [step('look up the order'), tool('find_order')],
  model: [step('answer', 'respond'), chat()],
  retrieval: [step('look for a manual', 'retrieve'), action('search_manuals')],
};

/** A run that fails in its second step with a failure of that type and code. */
function failing(type: string, code: string): Scene {
  const [facts, message, statuses] = ERRORS[`${type}/${code}`]!;
  const [around, event] = EVENT_OF[type]!;
  return {
    end: FAILED,
    act: (clock) =>
      during(clock, run(), () => {
        during(clock, step('plan', 'plan'), () => during(clock, chat(), () => (wait(clock, 200), answered)));
        during(clock, around, () =>
          during(clock, event, (open) => {
            if (statuses) attempts(clock, open, statuses);
            else wait(clock, 80);
            failWith(open, [type, code], new Thrown(facts, message));
          }),
        );
      }),
  };
}

/** What `process.on('uncaughtExceptionMonitor')` makes of an error. */
function uncaught(error: Thrown): void {
  const event = hub.recorder!.open({ type: 'error', name: 'uncaughtException' })!;
  event.note({ kind: 'failure', type: 'orchestration', code: 'uncaught_exception' });
  event.end({ status: 'error', error: error.facts, thrown: error, content: () => ({ error: { message: error.message } }) });
}

/** A step that is tried `times` times and fails until the one that is `good`. */
function tries(clock: Clock, times: number, good: number): void {
  let first: string | undefined;
  for (let attempt = 1; attempt <= times; attempt++) {
    swallow(() =>
      during(clock, step('track the parcel', 'tool', attempt, attempt > 1 ? first : undefined), (open) => {
        first ??= open.id;
        during(clock, tool('track_parcel'), (called) => {
          wait(clock, 60);
          if (attempt !== good)
            failWith(called, ['tool', 'timeout'], new Thrown({ type: 'CarrierTimeout' }, 'NordPost did not answer'));
        });
      }),
    );
    wait(clock, 250);
  }
}

const ORCHESTRATION: Record<string, Scene> = {
  max_retries_exceeded: {
    end: FAILED,
    act: (clock) =>
      during(clock, run(), (open) => {
        tries(clock, 3, 0);
        failWith(open, ['orchestration', 'max_retries_exceeded'], new Thrown({ type: 'GaveUp' }, 'three attempts failed'));
      }),
  },
  invalid_state: {
    end: FAILED,
    act: (clock) =>
      during(clock, run(), (open) => {
        during(clock, step('plan', 'plan'), () => during(clock, chat(), () => answered));
        failWith(
          open,
          ['orchestration', 'invalid_state'],
          new Thrown({ type: 'StateError' }, 'refund before an order was found'),
        );
      }),
  },
  constraint_violation: {
    end: { state: 'success', reason: 'ended', exitCode: 0 },
    act: (clock) =>
      during(clock, run(), (open) => {
        let refund = '';
        during(clock, step('issue the refund'), (each) => {
          refund = each.id;
          during(clock, tool('issue_refund'), () => wait(clock, 40));
        });
        const message = 'a refund above 100 needs a person';
        open.note({ kind: 'failure', type: 'orchestration', code: 'constraint_violation', step: refund, content: { message } });
        return { status: 'ok', run: { status: 'failure' } };
      }),
  },
  uncaught_exception: {
    end: FAILED,
    act: (clock) => {
      during(clock, run(), () => during(clock, step('plan', 'plan'), () => during(clock, chat(), () => answered)));
      wait(clock, 5);
      uncaught(new Thrown({ type: 'TypeError' }, "Cannot read properties of undefined (reading 'id')"));
    },
  },
  aborted: {
    end: FAILED,
    act: (clock) =>
      during(clock, run(), (open) => {
        during(clock, step('answer', 'respond'), () => {
          swallow(() => during(clock, chat(), () => (wait(clock, 900), { status: 'cancelled' })));
        });
        failWith(open, ['orchestration', 'aborted'], new Thrown({ type: 'AbortError' }, 'This operation was aborted'));
      }),
  },
};

/** The scene of a code of the vocabulary of failures; undefined where there is none yet. */
export function sceneOfFailure(type: string, code: string): Scene | undefined {
  return type === 'orchestration' ? ORCHESTRATION[code] : ERRORS[`${type}/${code}`] && failing(type, code);
}

const decision = (type: string, reasonCode: string, more: object = {}): NoteInput => ({
  kind: 'decision',
  type,
  reasonCode,
  ...more,
});

/** The others, by the name of their golden file. */
export const SCENES: Record<string, Scene> = {
  success: {
    act: (clock) =>
      during(clock, run(), () => {
        during(clock, step('plan', 'plan'), (open) => {
          const content = { selected: 'find_order', candidates: ['find_order', 'search_manuals'] };
          open.note(decision('tool_selection', 'fresh_data_required', { confidence: 0.8, content }));
          during(clock, chat(), () => (wait(clock, 300), answered));
        });
        during(clock, step('look up the order'), (open) => {
          during(clock, tool('find_order'), () => wait(clock, 40));
          open.note({ kind: 'signal', type: 'tool_success', code: 'first_attempt', value: true, weight: 0.5 });
        });
      }),
  },
  'partial-retry': {
    act: (clock) =>
      during(clock, run(), () => {
        tries(clock, 2, 2);
        during(clock, step('answer', 'respond'), () =>
          during(clock, chat(), (open) => {
            attempts(clock, open, [503, 429, 200]);
            return answered;
          }),
        );
      }),
  },
  'fallback-model': {
    act: (clock) =>
      during(clock, run(), (open) => {
        const error = new Thrown({ type: 'InternalServerError', status: 529, requestId: 'req_9' }, 'Overloaded');
        swallow(() =>
          during(clock, chat('claude-sonnet-4-5', 'anthropic'), (call) => failWith(call, ['model', 'api_error'], error)),
        );
        open.note(decision('orchestration_path', 'fallback_path', { content: { selected: 'gpt-4.1-mini' } }));
        during(clock, chat(), () => (wait(clock, 400), answered));
      }),
  },
  crash: {
    ...GONE,
    act: (clock) => {
      const outer = hub.recorder!.open(run())!;
      outer.run(() => {
        during(clock, step('plan', 'plan'), () => during(clock, chat(), () => answered));
        const inner = hub.recorder!.open(step('answer', 'respond'))!;
        wait(clock, 3);
        inner.run(() => hub.recorder!.open(chat())!.note(decision('response_mode', 'streaming_requested')));
      });
    },
  },
  sigterm: {
    end: { state: 'indeterminate', reason: 'signal', signal: 'SIGTERM' },
    act: (clock) => {
      const outer = hub.recorder!.open(run())!;
      outer.run(() => {
        wait(clock, 2);
        hub.recorder!.open(tool('track_parcel'));
        wait(clock, 700);
      });
    },
  },
  'uncaught-exception': {
    end: FAILED,
    act: (clock) => {
      const error = new Thrown({ type: 'CarrierError', code: 'E_PARCEL' }, 'no such parcel');
      swallow(() =>
        during(clock, run(), () => {
          during(clock, step('track the parcel'), () =>
            during(clock, tool('track_parcel'), (open) => failWith(open, ['tool', 'invalid_response'], error)),
          );
        }),
      );
      uncaught(error);
    },
  },
  running: {
    end: null,
    state: 'recording',
    act: (clock) => {
      const outer = hub.recorder!.open(run())!;
      outer.run(() => {
        swallow(() =>
          during(clock, tool('find_order'), (open) =>
            failWith(open, ['tool', 'timeout'], new Thrown({ type: 'TimeoutError' }, 'late')),
          ),
        );
        hub.recorder!.open(chat());
      });
    },
  },
  damaged: {
    state: 'damaged',
    end: null,
    act: (clock) => {
      swallow(() =>
        during(clock, run(), () =>
          during(clock, tool('find_order'), (open) =>
            failWith(open, ['tool', 'api_error'], new Thrown({ type: 'OrderServiceError' }, 'no')),
          ),
        ),
      );
      hub.recorder!.open(chat());
    },
  },
  'nested-agents': {
    end: FAILED,
    act: (clock) =>
      during(clock, run({ name: 'manager' }), () => {
        swallow(() =>
          during(clock, run({ name: 'researcher', version: '2' }), () => {
            during(clock, step('search', 'retrieve'), (open) =>
              failWith(open, ['retrieval', 'empty_retrieval'], new Thrown({ type: 'EmptyIndexError' }, 'no documents')),
            );
          }),
        );
        during(clock, run({ name: 'writer', version: '3' }), () =>
          during(clock, step('write', 'respond'), () =>
            during(clock, chat(), (open) =>
              failWith(open, ['model', 'content_filter'], new Thrown({ type: 'BadRequestError', status: 400 }, 'filtered')),
            ),
          ),
        );
      }),
  },
  'several-runs': {
    act: (clock) => {
      swallow(() =>
        during(clock, run(), () =>
          during(clock, tool('find_order'), (open) =>
            failWith(open, ['tool', 'timeout'], new Thrown({ type: 'TimeoutError' }, 'late')),
          ),
        ),
      );
      during(clock, run(), () => during(clock, tool('find_order'), () => wait(clock, 5)));
      during(clock, run({ name: 'reporter' }), () => {});
    },
  },
  'no-runs': {
    end: FAILED,
    act: (clock) => {
      during(clock, action('read the mail'), () => wait(clock, 10));
      swallow(() =>
        during(clock, action('answer the mail'), () =>
          during(clock, chat(), (open) =>
            failWith(open, ['model', 'rate_limit'], new Thrown({ type: 'RateLimitError', status: 429 }, 'slow down')),
          ),
        ),
      );
    },
  },
  'own-code': {
    end: FAILED,
    act: (clock) =>
      during(clock, run(), () => {
        swallow(() =>
          during(clock, tool('find_order'), (open) =>
            failWith(open, ['tool', 'timeout'], new Thrown({ type: 'TimeoutError' }, 'late')),
          ),
        );
        during(clock, chat(), () => answered);
        throw new Thrown({ type: 'TypeError' }, 'order is undefined');
      }),
  },
  metadata: {
    end: FAILED,
    settings: { mode: 'metadata' },
    act: (clock) =>
      during(clock, run(), (open) => {
        open.note(
          decision('tool_selection', 'cost_optimization', { content: { selected: 'SECRET-selected', candidates: ['SECRET'] } }),
        );
        during(clock, tool('find_order'), (called) => {
          called.note({ kind: 'failure', type: 'tool', code: 'timeout', content: { message: 'SECRET-note' } });
          throw new Thrown({ type: 'TimeoutError' }, 'SECRET-message');
        });
      }),
  },
  hostile: {
    end: FAILED,
    act: (clock) =>
      during(clock, run({ name: '<img src=x onerror=alert(1)>' }), () =>
        during(clock, tool('a|b`c`` [x](javascript:1) \\| end'), (open) =>
          failWith(
            open,
            ['tool', 'sandbox_denied'],
            new Thrown(
              { type: '</code><script>' },
              '`` | <script>alert(1)</script>\n# heading\n\u001b[2Jhttps://evil.test [a](b)',
            ),
          ),
        ),
      ),
  },
  empty: { act: () => {}, settings: {} },
};
