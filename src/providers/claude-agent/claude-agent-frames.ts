/** What the messages of the Claude Agent SDK say: turns of a model, results of a run, what a run has used. */
import type { ErrorFacts, LlmRequest, Usage } from '../../events/model.ts';
import { copy, count, fields, items, number, parseJson, present, presentOrNone, text, word, type Fields } from '../fields.ts';
import { messages } from '../anthropic/messages.ts';
import { messagesInput, messagesOutput } from '../anthropic/messages-content.ts';
import { defineOperation } from '../operation.ts';

/** The messages of a request are those since the model's last answer: the child does not say what it really sends. So they are not counted. */
function request(body: unknown): LlmRequest {
  const { messageCount: _, ...facts } = messages.request(body);
  return facts;
}

/** One turn of a model, as the child of a run tells of it: in the shape of Anthropic's messages. */
export const claudeAgent = defineOperation({
  operation: 'chat',
  api: 'claude_agent',
  request,
  response: messages.response,
  input: messagesInput,
  output: messagesOutput,
});

/** What the child says itself, in the place of a model. */
const SYNTHETIC = '<synthetic>';

/** Whether an assistant message is no model's. */
export function isSynthetic(frame: unknown): boolean {
  return fields(fields(frame)['message'])['model'] === SYNTHETIC;
}

/** The error of a call that failed, of which the child makes a message; undefined of any other message. */
export function callError(frame: unknown): ErrorFacts | undefined {
  const { error, request_id: requestId, api_error_status: status } = fields(frame);
  if (word(error) === undefined) return undefined;
  return { type: 'api_error', ...present({ code: word(error), status: count(status), requestId: word(requestId) }) };
}

/** The text of a message's blocks. */
export function saidIn(message: unknown): string {
  const { content } = fields(message);
  if (typeof content === 'string') return content;
  return items(content)
    .map((block) => text(fields(block)['text']) ?? '')
    .join('');
}

/**
 * One answer of a model, of which the child sends each block as a message of its own, as soon as it has it. Their usage is that of the stream's beginning: the output tokens in there are
 * no count, and there is no stop reason (0.3.330, checked). Both come with the stream's events, where the app has asked for them.
 */
export class Turn {
  readonly id: string | undefined;
  readonly #keeps: boolean;
  readonly #content: unknown[] = [];
  #message: Fields = {};
  #usage: Fields = {};
  #stopReason: unknown;

  /** `keeps`: what was said as well, not the facts alone. */
  constructor(id: string | undefined, keeps: boolean) {
    this.id = id;
    this.#keeps = keeps;
  }

  /** Whether the provider said how it ended. */
  get closed(): boolean {
    return this.#stopReason !== undefined;
  }

  /** The message of one block, or the one that a stream begins with. */
  add(given: unknown): void {
    const { id, model, role, content, usage, stop_reason: stopReason } = fields(given);
    this.#message = { id, type: 'message', role, model };
    for (const block of items(content)) this.#content.push(this.#keeps ? copy(block) : factsOf(block));
    if (this.closed) return;
    const { output_tokens: _, output_tokens_details: __, ...input } = fields(usage);
    this.#usage = text(stopReason) === undefined ? input : fields(usage);
    this.#stopReason = text(stopReason);
  }

  /** The event `message_delta` of a stream. */
  close(delta: unknown): void {
    const said = Object.entries(fields(fields(delta)['usage'])).filter(([, value]) => value !== null);
    this.#usage = { ...this.#usage, ...Object.fromEntries(said) };
    this.#stopReason = text(fields(fields(delta)['delta'])['stop_reason']) ?? this.#stopReason;
  }

  /** What the result of the run says of its last turn, where it said nothing itself. */
  closeLate(stopReason: unknown, output: number | undefined): void {
    if (this.closed) return;
    this.#stopReason = text(stopReason);
    if (output !== undefined) this.#usage = { ...this.#usage, output_tokens: output };
  }

  /** The answer as the provider would have given it in one piece. */
  body(): Fields {
    return present({ ...this.#message, content: this.#content, stop_reason: this.#stopReason, usage: this.#usage });
  }
}

function factsOf(block: unknown): Fields {
  const { type, id, name } = fields(block);
  return { type, id, name };
}

/** The result of a run, or of one turn of the app's in it. */
export interface Result {
  /** The app has interrupted it. */
  stopped: boolean;
  error?: ErrorFacts;
  /** Why it failed, in words. */
  message?: string;
  value: unknown;
}

/** Reads a message of type `result`. */
export function readResult(frame: unknown): Result {
  const { subtype, is_error: isError, result, errors, structured_output: structured, ...rest } = fields(frame);
  const reason = word(rest['terminal_reason']);
  const failed = isError === true || (typeof subtype === 'string' && subtype.startsWith('error'));
  const value = structured ?? result;
  if (!failed) return { stopped: false, value };
  // A run whose last call failed is of subtype `success`.
  const type = subtype === 'success' ? (reason ?? 'api_error') : (word(subtype) ?? 'error');
  const message = text(result) ?? items(errors).filter(text).join('; ');
  return {
    stopped: reason?.startsWith('aborted') === true,
    error: { type, ...present({ status: count(rest['api_error_status']) }) },
    message,
    value,
  };
}

type Totals = Required<Pick<Usage, 'input' | 'output' | 'cacheRead' | 'cacheWrite' | 'reasoning'>>;
const NONE: Totals = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 };
const KINDS = ['input', 'output', 'cacheRead', 'cacheWrite', 'reasoning'] as const;

/** Tokens of all models in `modelUsage`, which counts cached input apart. */
function totalsOf(models: unknown): Totals {
  const sum = { ...NONE };
  for (const each of Object.values(fields(models)).map(fields)) {
    const cacheRead = count(each['cacheReadInputTokens']) ?? 0;
    const cacheWrite = count(each['cacheCreationInputTokens']) ?? 0;
    sum.input += (count(each['inputTokens']) ?? 0) + cacheRead + cacheWrite;
    sum.output += count(each['outputTokens']) ?? 0;
    sum.cacheRead += cacheRead;
    sum.cacheWrite += cacheWrite;
    sum.reasoning += count(each['thinkingTokens']) ?? 0;
  }
  return sum;
}

/**
 * What a run has used. The usage of a result is that of the main thread since the result before; `modelUsage` is of everything, sub-agents and the child's own calls too, and of a session that
 * is resumed it has what was used before as well. What is new since the result before is said apart, by releases that do.
 */
export class Spending {
  readonly #told: Totals = { ...NONE };
  readonly #resumed: boolean;
  #used: Totals | undefined;
  #costUsd: number | undefined;

  constructor(resumed: boolean) {
    this.#resumed = resumed;
  }

  /** An event tells of these tokens. */
  tell(usage: Usage | undefined): void {
    for (const kind of KINDS) this.#told[kind] += usage?.[kind] ?? 0;
  }

  result(frame: unknown): void {
    const { modelUsage, model_usage_since_last_result: since, total_cost_usd: total } = fields(frame);
    if (since !== undefined) {
      const used = totalsOf(since);
      const before = this.#used ?? NONE;
      this.#used = { ...NONE };
      for (const kind of KINDS) this.#used[kind] = before[kind] + used[kind];
      const costs = Object.values(fields(since)).map((each) => number(fields(each)['costUSD']) ?? 0);
      this.#costUsd = costs.reduce((sum, cost) => sum + cost, this.#costUsd ?? 0);
    } else if (!this.#resumed) {
      this.#used = totalsOf(modelUsage);
      this.#costUsd = number(total);
    }
  }

  /** What it cost by the child's own reckoning. */
  get costUsd(): number | undefined {
    return this.#costUsd;
  }

  /** Tokens that no event tells of. */
  rest(): Usage | undefined {
    const used = this.#used ?? NONE;
    const left = (kind: keyof Totals): number | undefined => Math.max(0, used[kind] - this.#told[kind]) || undefined;
    return presentOrNone({
      input: left('input'),
      output: left('output'),
      cacheRead: left('cacheRead'),
      cacheWrite: left('cacheWrite'),
      reasoning: left('reasoning'),
    });
  }
}

/** What a line that goes to the child has the user say; undefined of a line that is something else. */
export function promptOf(line: unknown): Fields | undefined {
  const { type, message } = fields(typeof line === 'string' ? parseJson(line) : undefined);
  return type === 'user' ? fields(message) : undefined;
}
