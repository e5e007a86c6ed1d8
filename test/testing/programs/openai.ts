/** The contract suite under node:test, as a user of the package runs it. */
import { test } from 'node:test';
import { providerContract } from '../../../src/testing.ts';
import { openaiSpec } from '../../providers/openai-spec.ts';

for (const { name, skip, run } of providerContract({ ...openaiSpec, load: () => import('openai') })) {
  void test(name, { skip }, run);
}
