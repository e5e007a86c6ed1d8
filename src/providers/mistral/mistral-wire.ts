/**
 * Mistral's SDK hands requests, answers and events to the app in camelCase; recordings hold what stood on the wire. Here the first is brought into the form of
 * the second, so that one decoder reads both.
 */
import type { ErrorFacts } from '../../events/model.ts';
import { fields, number, present, text, word, type Fields } from '../fields.ts';

/** Members whose own members the app, a model or a tool has named, or that are long lists of numbers. */
const OPAQUE = new Set(['arguments', 'connectors', 'embedding', 'info', 'jsonSchema', 'metadata', 'parameters', 'parsed']);
const DEPTH_MAX = 16;
const HUMP = /[A-Z]/g;

const snake = (key: string): string => key.replace(HUMP, (letter) => `_${letter.toLowerCase()}`);

/** `value` with the members of the wire, however deep; what is opaque is shared. */
export function wireForm(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth === DEPTH_MAX) return value;
  if (Array.isArray(value)) return value.map((item) => wireForm(item, depth + 1));
  if (!isPlain(value)) return value;
  const out: Fields = {};
  for (const [key, member] of Object.entries(value)) {
    if (key === '__proto__') continue;
    // There version 1 of the SDK puts what its schema does not know.
    if (key === 'additionalProperties') Object.assign(out, fields(member));
    // The SDK's word for the id of a tool call that has none.
    else if (key === 'id' && member === 'null') continue;
    else out[snake(key)] = OPAQUE.has(key) ? member : wireForm(member, depth + 1);
  }
  return out;
}

/** As `wireForm`, of the topmost members only: for the facts of a request, whose messages may be many. */
export function wireMembers(value: unknown): Fields {
  const given = fields(value);
  const out: Fields = {};
  for (const key of Object.keys(given)) if (key !== '__proto__') out[snake(key)] = given[key];
  return out;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** What an event of a stream says: the SDK hands it out with the name of the event beside it, the wire has it alone. */
export function eventData(event: any): any {
  const data = event?.data;
  return typeof data === 'object' && data !== null ? data : event;
}

/** An answer in the form of the wire, with its usage where the other dialects have it. */
export function wireAnswer(value: unknown): Fields {
  const body = fields(wireForm(value));
  const usage = usageSaid(fields(value)['usage'], body['usage']);
  return {
    ...body,
    ...present({
      usage,
      service_tier: body['service_tier'] ?? fields(usage)['service_tier'],
      error: body['error'] ?? flatError(body),
    }),
  };
}

/** The SDK says 0 where the wire says nothing; no answer has cost nothing at all. */
function usageSaid(given: unknown, wire: unknown): unknown {
  if (wire === undefined || wire === null) return undefined;
  const usage = fields(wire);
  const bySdk = 'promptTokens' in fields(given);
  if (bySdk && !usage['prompt_tokens'] && !usage['completion_tokens'] && !usage['total_tokens']) return null;
  // Spelt both ways in one answer; the one that is null counts for nothing.
  const details = usage['prompt_tokens_details'] ?? usage['prompt_token_details'];
  return { ...usage, ...present({ prompt_tokens_details: details }), ...connectorTokens(usage) };
}

/** What connectors have brought is input of the model, but counted apart: the total tells. */
function connectorTokens(usage: Fields): Fields {
  const [prompt, completion] = [number(usage['prompt_tokens']), number(usage['completion_tokens'])];
  const connector = number(usage['connector_tokens']);
  if (prompt === undefined || completion === undefined || connector === undefined) return {};
  return usage['total_tokens'] === prompt + completion + connector ? { prompt_tokens: prompt + connector } : {};
}

/** Errors lie flat in the body: `{object: 'error', message, type, code}`. */
function flatError(body: Fields): Fields | undefined {
  if (body['object'] !== 'error') return undefined;
  return present({ type: body['type'], code: codeOf(body['code']), status: body['raw_status_code'] });
}

/** A code is a text or a number. */
function codeOf(code: unknown): string | undefined {
  return typeof code === 'number' ? String(code) : word(code);
}

/** The provider's own code in the body of an error answer. */
export function errorCode(body: unknown): string | undefined {
  const given = fields(body);
  return codeOf(given['code']) ?? word(given['type']);
}

/** Facts of an error that came as an event of a stream. */
export function eventError(event: Fields): ErrorFacts {
  const code = event['code'];
  const status = number(code);
  return {
    type: text(event['type']) ?? 'error',
    ...present({ code: codeOf(code), status: status !== undefined && status >= 400 && status <= 599 ? status : undefined }),
  };
}
