/** What of an event is compared with that of another session: what it was asked, what came of it, and its facts; without ids, times and what follows from other events. */
import type { ErrorFacts, LlmFacts, Note, SpanEvent } from '../events/model.ts';
import type { TreeEvent } from './explain-tree.ts';
import { withoutVolatile } from './volatile.ts';

/** What was said in an event, as a recording holds it; absent members are not there. */
export interface SaidContent {
  /** The body of the request as JSON. */
  body?: unknown;
  /** What was asked in messages, where the body is not there or the other session has none. */
  messages?: unknown;
  /** What was answered. */
  answer?: unknown;
}

/** Finds what was said in an event; undefined where nobody knows. */
export type SaidIn = (event: SpanEvent) => SaidContent | undefined;

/** One event as it is compared. A member that is undefined is not there. */
export interface EventView {
  /** Facts that are known when it begins. */
  begin: Record<string, unknown>;
  request?: unknown;
  /** Whether `request` is messages, as it is where there is no body. */
  isInMessages: boolean;
  /** The messages of a body, for another session that has no body. */
  messages?: unknown;
  arguments?: unknown;
  /** Facts that are known when it has ended. */
  end: Record<string, unknown>;
  answer?: unknown;
  result?: unknown;
}

/** Views of events; `saidIn` is absent where one of two sessions holds no content: then both are compared by their facts. */
export function viewOf(
  { event, open, status, error, type, name, step, notes }: TreeEvent,
  saidIn: SaidIn | undefined,
): EventView {
  const content = saidIn === undefined ? undefined : event?.content;
  const said = event === undefined || type !== 'llm' ? undefined : saidIn?.(event);
  const body = said?.body ?? (isMessages(content?.request) ? undefined : content?.request);
  const answer = said?.answer ?? content?.response;
  const asked = body !== undefined || said?.messages !== undefined;
  const llm = event?.llm;
  return present({
    begin: present({
      name,
      agent: event?.agent ?? open?.agent,
      call: llm && callFacts(llm, asked),
      tool: event?.tool && present({ name: event.tool.name, type: event.tool.type }),
      step: step && present({ type: step.type, attempt: step.attempt, retry: step.retryOf === undefined ? undefined : true }),
      attributes: saidIn === undefined ? undefined : event?.attributes,
    }),
    request: body === undefined ? withoutVolatile(said?.messages) : withoutVolatile(body),
    isInMessages: body === undefined,
    messages: body === undefined ? undefined : withoutVolatile(said?.messages),
    arguments: content?.arguments,
    end: present({
      status,
      error: error && errorFacts(error, content?.error?.message),
      run: event?.run && present({ status: event.run.status, reason: event.run.reason, environment: event.run.environment }),
      answer: llm && answerFacts(llm, answer !== undefined),
      // What was not said cannot be compared: then tokens are the only trace of it.
      tokens:
        saidIn !== undefined || llm?.usage === undefined
          ? undefined
          : present({ input: llm.usage.input, output: llm.usage.output }),
      attempts: event?.attempts?.map((attempt) => present({ status: attempt.status, error: attempt.error })),
      notes: notes.length === 0 ? undefined : notes.map((note) => noteFacts(note, saidIn !== undefined)),
    }),
    answer: withoutVolatile(answer),
    result: content?.result,
  });
}

/** Messages in the shape that an import keeps them in: no body of a provider. */
const isMessages = (value: unknown): boolean => typeof value === 'object' && value !== null && 'genai' in value;

function callFacts({ operation, provider, api, server, request }: LlmFacts, asked: boolean): object {
  const { previousResponseId: _id, toolResults: _results, ...facts } = request;
  // Of a server of one's own the port is another one each time.
  return present({ operation, provider, api, server: server?.address, ...(asked ? {} : { request: facts }) });
}

function answerFacts({ response }: LlmFacts, said: boolean): object | undefined {
  if (response === undefined) return undefined;
  const { id: _id, systemFingerprint: _print, finishReasons, toolCalls, ...facts } = response;
  return said ? facts : present({ ...facts, finishReasons, toolCalls: toolCalls?.map(({ name }) => name) });
}

function errorFacts({ type, code, status, from }: ErrorFacts, message: string | undefined): object {
  // The event that the error came from says what it was.
  return present({ type, code, status, message: from === undefined ? message : undefined });
}

function noteFacts(note: Note, withContent: boolean): object {
  const { at: _at, ...facts } = note;
  const { step: _step, content, ...rest } = facts as typeof facts & { step?: string; content?: object };
  return withContent ? { ...rest, ...(content && { content }) } : rest;
}

/** Without members that are undefined. */
function present<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
