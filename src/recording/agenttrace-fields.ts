/** What the members of an AgentTrace record mean, by the names that are usual for them. */
import type { Usage } from '../events/model.ts';

/** A record, whatever is in it. */
export type Json = Record<string, unknown>;

/** How a record failed; undefined when it did not. */
export function errorOf(record: Json): { type: string; message?: string } | undefined {
  const said = record['error'] ?? record['exception'];
  const failed = /^(error|failed|failure)$/i.test(textOf(record, ['status', 'state', 'outcome']) ?? '');
  if (isObject(said)) {
    const message = textOf(said, ['message', 'detail', 'msg']);
    return { type: codeLike(textOf(said, ['type', 'name', 'code', 'class'])), ...(message !== undefined && { message }) };
  }
  if (typeof said === 'string' && said !== '')
    return { type: codeLike(textOf(record, ['error_type', 'errorType'])), message: said };
  return failed || said === true ? { type: codeLike(textOf(record, ['error_type', 'errorType'])) } : undefined;
}

const codeLike = (text: string | undefined): string => (text !== undefined && /^[\w.:/@+-]{1,128}$/.test(text) ? text : '_OTHER');

/** The tokens of a record. */
export function usageOf(record: Json): Usage | undefined {
  const from = ['usage', 'tokens', 'token_usage'].map((name) => record[name]).find(isObject) ?? record;
  const input = numberOf(from, ['input_tokens', 'prompt_tokens', 'inputTokens', 'promptTokens', 'input']);
  const output = numberOf(from, ['output_tokens', 'completion_tokens', 'outputTokens', 'completionTokens', 'output']);
  if (input === undefined && output === undefined) return undefined;
  return { ...(input !== undefined && { input }), ...(output !== undefined && { output }) };
}

/** The first text, or number as text, under one of the names. */
export function textOf(record: Json, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = record[name];
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'number') return String(value);
  }
  return undefined;
}

/** The first number under one of the names. */
export function numberOf(record: Json, names: readonly string[]): number | undefined {
  return names.map((name) => record[name]).find((value): value is number => typeof value === 'number' && Number.isFinite(value));
}

/** The year 2255: later ones are no whole numbers of microseconds any more. */
export const US_MAX = Number.MAX_SAFE_INTEGER;

/** Microseconds since 1970, of a date as ISO 8601 or a number of seconds, milli-, micro- or nanoseconds: which of them, its size tells. */
export function timeOf(record: Json, names: readonly string[]): number | undefined {
  for (const name of names) {
    const value = record[name];
    const number = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
    const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
    const us = typeof number === 'number' ? number * usPer(number) : ms * 1000;
    if (us >= 0 && us <= US_MAX) return us;
  }
  return undefined;
}

function usPer(number: number): number {
  if (number < 1e11) return 1e6;
  if (number < 1e14) return 1e3;
  return number < 1e17 ? 1 : 1e-3;
}

/** Microseconds that a record says it took. */
export function durationOf(record: Json): number {
  const ms = numberOf(record, ['duration_ms', 'durationMs', 'latency_ms', 'latencyMs', 'elapsed_ms']);
  if (ms !== undefined) return ms * 1000;
  const seconds = numberOf(record, ['duration_s', 'duration', 'latency', 'elapsed']);
  return seconds === undefined ? 0 : seconds * 1e6;
}

/** Whether a value is an object with members. */
export function isObject(value: unknown): value is Json {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
