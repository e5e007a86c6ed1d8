import type { Candidate } from '../candidate.ts';

/** A metadata recording, exported to the sink. */
export const candidate: Candidate = {
  start: async ({ folder, sink }) => {
    const { flush, init } = await import('hindcast');
    init({ record: 'metadata', dir: folder, endpoint: sink, quiet: true });
    return { flush: async () => void (await flush()) };
  },
};
