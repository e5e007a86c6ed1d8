/** One MCP request as an event, on the side that makes it and on the side that serves it: a tool for `tools/call`, an action for what else is worth one. */
import { guard } from '../../core/diagnostics.ts';
import { hub } from '../../events/ports.ts';
import type { ErrorFacts, EventContent } from '../../events/model.ts';
import type { EventStart, OpenEvent, Outcome } from '../../events/ports.ts';
import { asText, fields, items, present, word } from '../fields.ts';
import { calledTool, failed, frameworkError, openEvent, succeeded, taken, toolStart } from '../framework-events.ts';
import type { MethodRun } from '../framework-method.ts';
import { contextOf } from './mcp-context.ts';

type Side = 'made' | 'served';

/** Requests that are events of who makes them. Pings, subscriptions and the like are the protocol's own affair. */
const MADE = new Set([
  ...['tools/list', 'prompts/list', 'prompts/get', 'resources/list', 'resources/templates/list', 'resources/read'],
  ...['completion/complete', 'sampling/createMessage', 'elicitation/create'],
]);
/** And of who serves them: those that run the app's code, which the lists do not. */
const SERVED = new Set(['prompts/get', 'resources/read', 'completion/complete', 'sampling/createMessage', 'elicitation/create']);
const TOOL = 'tools/call';

function startOf(request: any, side: Side): EventStart | null {
  const method: unknown = request?.method;
  const given: unknown = request?.params?.name;
  if (method === TOOL) {
    const name = calledTool(given);
    // Both sides of a call may be in one recording: one asks another program, the other is the function that runs.
    const start = toolStart(name, side === 'made' ? { type: 'extension' } : {});
    return side === 'made' ? start : { ...start, name: `serve_tool ${name}` };
  }
  if (typeof method !== 'string' || !(side === 'made' ? MADE : SERVED).has(method)) return null;
  const name = method === 'prompts/get' && word(given) !== undefined ? `${method} ${word(given)}` : method;
  return { type: 'action', name: side === 'made' ? name : `serve ${name}` };
}

/** A request that is being made or served. */
class McpRun implements MethodRun {
  readonly event: OpenEvent;
  /** Who makes or serves it. */
  readonly protocol: unknown;
  readonly method: unknown;
  /** It is on its way: what is asked from now on is another request. */
  sent = false;
  /** What a tool threw, before its server made an answer of it. */
  thrown: { error: unknown } | undefined;
  readonly #given: unknown;
  readonly #signal: unknown;

  constructor(event: OpenEvent, protocol: unknown, request: any, signal: unknown) {
    this.event = event;
    this.protocol = protocol;
    this.method = request.method;
    this.#signal = signal;
    this.#given = taken(event, this.method === TOOL ? request.params?.arguments : withoutMeta(request.params));
    event.owner = this;
  }

  returned(value: unknown): void {
    this.event.end(this.#stopped(fields(value)['isError'] === true ? this.#toolError(value) : this.#succeeded(value)));
  }

  threw(error: unknown): void {
    const outcome = failed(error, () => this.#said({}));
    this.event.end(this.#stopped({ ...outcome, error: mcpError(error) }));
  }

  /** A request whose caller has given up is over, whatever came of it. A signal that timed out is no wish of anybody's. */
  #stopped(outcome: Outcome): Outcome {
    const { aborted, reason } = fields(this.#signal);
    return aborted === true && fields(reason)['name'] !== 'TimeoutError' ? { ...outcome, status: 'cancelled' } : outcome;
  }

  #succeeded(value: unknown): Outcome {
    return succeeded(() => this.#said({ result: value }));
  }

  /** A tool that failed says so in its answer. */
  #toolError(value: unknown): Outcome {
    const { thrown } = this;
    const message = items(fields(value)['content'])
      .map((block) => asText(fields(block)['text']))
      .join('\n');
    const said = (): EventContent => this.#said({ result: value });
    const code = thrown === undefined ? undefined : frameworkError(thrown.error).type;
    const content = thrown === undefined ? () => ({ ...said(), error: { message } }) : failed(thrown.error, said).content;
    return { status: 'error', error: { type: 'tool_error', ...present({ code }) }, ...(content && { content }) };
  }

  #said(more: EventContent): EventContent {
    return { ...(this.#given !== undefined && { arguments: this.#given }), ...more };
  }
}

function withoutMeta(params: unknown): unknown {
  const { _meta, ...rest } = fields(params);
  return Object.keys(rest).length === 0 ? undefined : rest;
}

/** Codes of an error that came up in a request; those of JSON-RPC are numbers. */
export function mcpError(error: unknown): ErrorFacts {
  return guard(
    'mcp.error',
    () => {
      const { code } = fields(error);
      return { ...frameworkError(error), ...(Number.isSafeInteger(code) && { code: String(code) }) };
    },
    { type: 'Error' },
  );
}

/** Begins the event of a request that `protocol` makes; null for one that is none. */
export function beginMade(protocol: unknown, request: unknown, signal: unknown): McpRun | null {
  const start = startOf(request, 'made');
  const event = start === null ? null : openEvent(start);
  return event === null ? null : new McpRun(event, protocol, request, signal);
}

/** Begins the event of a request that `protocol` serves: inside of the event that makes it where that is around, as in one process, else under the one that the request names. */
export function beginServed(protocol: unknown, request: unknown, signal: unknown): McpRun | null {
  const start = startOf(request, 'served');
  if (start === null) return null;
  const event = openEvent({ ...start, ...present({ remote: contextOf(request) }) });
  if (event === null) return null;
  const run = new McpRun(event, protocol, request, signal);
  run.sent = true;
  return run;
}

/** The request that the current code is part of. */
export function currentRun(): McpRun | null {
  const owner = hub.recorder?.current()?.owner;
  return owner instanceof McpRun ? owner : null;
}
