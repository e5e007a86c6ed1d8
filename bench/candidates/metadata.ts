import type { Candidate } from '../candidate.ts';

/** A metadata recording, nothing exported. */
export const candidate: Candidate = {
  start: async ({ folder }) => {
    const { flush, init } = await import('hindcast');
    init({ record: 'metadata', dir: folder, quiet: true });
    return { flush: async () => void (await flush()) };
  },
};
