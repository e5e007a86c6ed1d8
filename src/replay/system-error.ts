/** Errors of system calls, as facts and as errors again. */
import { getSystemErrorMap } from 'node:util';
import type { ThrownFacts } from '../events/lines.ts';
import { thrownAgain, thrownFacts } from './thrown.ts';

/** What is kept of one. */
export type SystemFacts = ThrownFacts & { spawnargs?: unknown };

/** What is kept of an error. */
export function systemFacts(error: unknown): SystemFacts {
  const { spawnargs } = (error ?? {}) as { spawnargs?: unknown };
  return { ...thrownFacts(error), ...(Array.isArray(spawnargs) && { spawnargs: spawnargs as unknown }) };
}

/** An error like the one that was kept. */
export function systemError({ spawnargs, ...facts }: SystemFacts): Error {
  return Object.assign(thrownAgain(facts) as Error, spawnargs !== undefined && { spawnargs });
}

/** `ENOENT` of the number that a system call gives, which is below 0. */
export function errorName(errno: number): string {
  return getSystemErrorMap().get(errno)?.[0] ?? String(errno);
}

/** The number of an error; undefined where this system has none of that name. */
export function errnoOf(name: string): number | undefined {
  for (const [errno, [known]] of getSystemErrorMap()) if (known === name) return errno;
  return undefined;
}
