import type { Operation } from '../../../src/providers/contract.ts';

/** One call of one operation: what was asked, what was answered, and the same answer as a stream. */
export interface Sample {
  name: string;
  operation: Operation;
  request: unknown;
  answer: unknown;
  /** Chunks as the SDK hands them out. */
  stream?: unknown[];
}
