import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { runtimePath, RUNTIME_MAJORS } from '../../scripts/runtimes.ts';
import { FORMATS } from './langchain-bench.ts';

const run = promisify(execFile);
const program = join(import.meta.dirname, '../support/langchain-child.ts');

describe.each(RUNTIME_MAJORS)('P2 fifty graphs at once on Node %s', (major) => {
  const node = runtimePath(major);
  const cases = FORMATS.flatMap((format) => ['before', 'after'].map((order) => [format, order]));
  test.skipIf(node === null).each(cases)('%s, loaded %s the patching', async (format, order) => {
    const { stdout } = await run(node!, ['--no-warnings', program, format!, order!]);
    const ending = format === 'cjs' ? 'cjs' : 'js';
    const modules = ['language_models/chat_models', 'language_models/llms', 'pregel/index', 'retrievers/index', 'runnables/base'];
    expect(JSON.parse(stdout)).toEqual({
      warnings: [],
      wrong: 0,
      types: { 'agent ok': 50, 'step ok': 100, 'action ok': 50, 'tool ok': 50, 'llm ok': 100 },
      patched: [...modules, 'tools/index', 'utils/async_caller'].map((path) => `/dist/${path}.${ending}`),
    });
  });
});
