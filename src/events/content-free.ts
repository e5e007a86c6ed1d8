/**
 * Events and headers without anything that somebody may have said: what a recording of mode `metadata` keeps, and what an exporter or a file is given without content. An allow-list:
 * each member of the model has its rule here, and what has none is left out. A text must look like the code, id or name that it should be.
 */
import type { OpenLine, SessionLine } from './lines.ts';
import type {
  AgentFacts,
  Attempt,
  ErrorFacts,
  LlmFacts,
  LlmRequest,
  LlmResponse,
  Note,
  RunFacts,
  SpanEvent,
  StepFacts,
  ToolFacts,
  Usage,
} from './model.ts';
import { codeOf, idOf, isPath, modelName, nameOf, titleOf } from './safe-words.ts';

/** What is left of a value; undefined: nothing. */
type Rule = (value: unknown) => unknown;
/** A rule for each member that may be kept. */
type Rules<T> = { readonly [K in keyof Required<T>]: Rule | null };

const text =
  (rule: (value: string | undefined) => string | undefined): Rule =>
  (value) =>
    typeof value === 'string' ? rule(value) : undefined;
const code = text(codeOf);
const id = text(idOf);
const name = text(nameOf);
const model = text(modelName);
const title = text(titleOf);
/** A name that could be where something lies. */
const place = text((value) => (value === undefined || isPath(value) ? undefined : nameOf(value)));
const number: Rule = (value) => (typeof value === 'number' ? value : undefined);
const flag: Rule = (value) => (typeof value === 'boolean' ? value : undefined);

function list(rule: Rule): Rule {
  return (value) => (Array.isArray(value) ? value.map(rule).filter((each) => each !== undefined) : undefined);
}

function object(rules: Readonly<Record<string, Rule | null>>): Rule {
  return (value) => {
    if (typeof value !== 'object' || value === null) return undefined;
    const kept: Record<string, unknown> = {};
    for (const key in value) {
      const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
      const left = rule?.((value as Record<string, unknown>)[key]);
      if (left !== undefined) kept[key] = left;
    }
    return kept;
  };
}

const AGENT: Rules<AgentFacts> = { id: name, name, version: name };

const ERROR: Rules<ErrorFacts> = { type: code, code, status: number, requestId: id, retryAfterMs: number, from: id };

const REQUEST: Rules<LlmRequest> = {
  ...{ model, stream: flag, maxTokens: number, temperature: number, topP: number, topK: number, frequencyPenalty: number },
  ...{ presencePenalty: number, seed: number, choiceCount: number, reasoningLevel: code, outputType: code },
  ...{ encodingFormats: list(code), serviceTier: code, previousResponseId: id, messageCount: number, tools: list(name) },
  toolResults: list(id),
};

const RESPONSE: Rules<LlmResponse> = {
  ...{ id, model, finishReasons: list(code), serviceTier: code, systemFingerprint: id, servedBy: title, status: code },
  dimensions: number,
  // A model may make up a tool that nobody offered it.
  toolCalls: list(object({ id, name: code })),
};

const USAGE: Rules<Usage> = {
  ...{ input: number, output: number, cacheRead: number, cacheWrite: number, cacheWriteHour: number, reasoning: number },
  ...{ audioInput: number, audioOutput: number },
};

const LLM: Rules<LlmFacts> = {
  ...{ operation: code, provider: code, api: code, server: object({ address: id, port: number }) },
  ...{ request: object(REQUEST), response: object(RESPONSE), usage: object(USAGE), firstChunkUs: number, chunks: number },
  native: object({ trace: id, span: id }),
};

const TOOL: Rules<ToolFacts> = { name, type: code, callId: id };

const RUN: Rules<RunFacts> = { status: code, reason: code, environment: name, steps: number, retries: number, errors: number };

const STEP: Rules<StepFacts> = { seq: number, type: code, unknownType: flag, attempt: number, retryOf: id };

const ATTEMPT: Rules<Attempt> = { at: number, us: number, status: number, error: code, retryAfterMs: number, requestId: id };

type Members<T> = T extends unknown ? keyof T : never;
const NOTE: { readonly [K in Members<Note>]: Rule | null } = {
  ...{ kind: code, at: number, type: code, code, reasonCode: code, confidence: number, step: id, auto: flag },
  ...{ value: flag, weight: number, unknownCode: flag, content: null },
};

const EVENT: Rules<SpanEvent> = {
  ...{ id, trace: id, parent: id, runId: id, type: code, name, agent: object(AGENT), start: number, end: number, status: code },
  ...{ error: object(ERROR), run: object(RUN), step: object(STEP), llm: object(LLM), tool: object(TOOL) },
  ...{ attempts: list(object(ATTEMPT)), notes: list(object(NOTE)), cost: object({ usd: number, priced: code }) },
  ...{ attributes: null, edited: flag, content: null },
};

const OPEN: Rules<Omit<OpenLine, 's' | 'k' | 't'>> = {
  ...{ id, parent: id, runId: id, type: code, name, agent: object(AGENT), step: object(STEP) },
  ...{ lin: id, lo: number },
};

const HEADER: Rules<SessionLine> = {
  ...{ s: number, k: code, t: number, v: number, id, epoch: number, trace: id, mode: code, sdk: code, flags: list(number) },
  ...{ pid: number, node: code, platform: code, arch: code, name, parent: id, within: object({ trace: id, span: id }) },
  ...{ agent: object(AGENT), environment: name, service: place, guarded: flag, guards: list(code) },
  ...{ tags: null, metadata: null, links: null, argv: null, cwd: null, execArgv: null, process: id, outside: flag },
  ...{ scrubbed: flag, fork: null, lin: id, lo: number },
};

const [event, open, header] = [object(EVENT), object(OPEN), object(HEADER)];

/** The event in numbers, codes, ids and names. */
export function contentFree(given: SpanEvent): SpanEvent {
  return event(given) as SpanEvent;
}

/** The beginning of an event in the same. */
export function contentFreeOpen<T extends Omit<OpenLine, 's' | 'k' | 't'>>(given: T): T {
  return open(given) as T;
}

/** The header of a recording in the same. */
export function contentFreeHeader<T extends Omit<SessionLine, 's' | 'k' | 't' | 'v'>>(given: T): T {
  return header(given) as T;
}
