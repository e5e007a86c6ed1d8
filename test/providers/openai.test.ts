import { createRequire } from 'node:module';
import { contractOf } from './contract.ts';
import { openaiSpec } from './openai-spec.ts';

const require = createRequire(import.meta.url);

contractOf(openaiSpec, [
  { label: '7, CommonJS', load: () => require('openai') },
  { label: '7, ES module', load: () => import('openai') },
  { label: '6', load: () => require('openai-6') },
  { label: '5', load: () => require('openai-5') },
  { label: '4', load: () => require('openai-4') },
]);
