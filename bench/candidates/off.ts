import type { Candidate } from '../candidate.ts';

/** The package is loaded, and `init()` was never called. */
export const candidate: Candidate = {
  start: async () => {
    const { flush } = await import('hindcast');
    return { flush: async () => void (await flush()) };
  },
};
