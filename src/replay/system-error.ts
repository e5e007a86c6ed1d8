/** Errors of system calls, as facts and as errors again. */
import { getSystemErrorMap } from 'node:util';
import type { ThrownFacts } from '../events/lines.ts';
import { thrownAgain, thrownFacts } from './thrown.ts';

/** What is kept of one: the number of an error differs between systems, its name does not. */
export type SystemFacts = ThrownFacts & { syscall?: string; path?: string; spawnargs?: unknown };

/** What is kept of an error. */
export function systemFacts(error: unknown): SystemFacts {
  const { syscall, path, spawnargs } = (error ?? {}) as { syscall?: unknown; path?: unknown; spawnargs?: unknown };
  return {
    ...thrownFacts(error),
    ...(typeof syscall === 'string' && { syscall }),
    ...(typeof path === 'string' && { path }),
    ...(Array.isArray(spawnargs) && { spawnargs: spawnargs as unknown }),
  };
}

/** An error like the one that was kept. */
export function systemError({ syscall, path, spawnargs, ...facts }: SystemFacts): Error {
  const error = thrownAgain(facts) as Error;
  const { code } = facts;
  const errno = errnoOf(String(code));
  // In the order in which Node puts them.
  if (errno !== undefined) Reflect.deleteProperty(error, 'code');
  return Object.assign(error, {
    ...(errno !== undefined && { errno, code }),
    ...(syscall !== undefined && { syscall }),
    ...(path !== undefined && { path }),
    ...(spawnargs !== undefined && { spawnargs }),
  });
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
