/** What a program may do to the world after it has gone its own way: nothing of that happens unless somebody has allowed it. */
import { writeSync } from 'node:fs';
import type { OpenEvent } from '../events/ports.ts';
import { providerOf } from '../providers/hosts.ts';
import type { SentRequest } from './sent-request.ts';
import { textOf } from './edited-request.ts';

/** The exit code of a fork that stopped before a side effect. */
export const REFUSED = 87;

/** A side effect that is about to be. */
export interface Effect {
  /** What allows it: the name of a tool, a host, `child`, `fs`. */
  name: string;
  /** The call, in one line. */
  call: string;
  /** What it is called with. */
  with?: string;
  /** `file:line` of the code that calls. */
  where?: string;
}

/** Methods that change nothing. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
const NOBODY = 'nobody';
const SHOWN_CHARS = 400;

/** What a request may do; null: nothing, it only asks, or it asks a model. */
export function requestEffect(request: SentRequest, call: OpenEvent | null, where: string | undefined): Effect | null {
  if (SAFE.has(request.method) || call?.type === 'llm') return null;
  const { origin, hostname } = new URL(request.url);
  if (isOfProvider(origin)) return null;
  const body = shown(textOf(request.body));
  return {
    name: hostname,
    call: `${request.method} ${request.url}`,
    ...(body !== '' && { with: body }),
    ...(where !== undefined && { where }),
  };
}

/** Whether a model answers at an origin or URL, whatever its protocol is. */
export function isOfProvider(url: string): boolean {
  return providerOf(url.replace(/^ws/, 'http'), NOBODY).provider !== NOBODY;
}

/** Whether a plan allows it. */
export function isAllowed({ name }: Effect, allowed: readonly string[]): boolean {
  return allowed.includes(name) || allowed.includes('*');
}

/** Asks a person for leave, on stderr: the process ends next. */
export function askLeave(effect: Effect): void {
  try {
    writeSync(2, `${renderEffect(effect)}\n`);
  } catch {
    // Closed: the exit code says it.
  }
}

/** For a person, on several lines. */
export function renderEffect({ name, call, with: given, where }: Effect): string {
  return [
    `hindcast: stopped before a side effect that the recording does not have: ${call}`,
    ...(given === undefined ? [] : [`  with ${given}`]),
    ...(where === undefined ? [] : [`  asked at ${where}`]),
    `  to let it happen, run this again with --allow ${name}`,
  ].join('\n');
}

const shown = (text: string): string => (text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text);
