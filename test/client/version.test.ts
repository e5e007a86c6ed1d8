import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SDK } from '../../src/client/version.ts';

it('the writer in the recordings is this package', () => {
  const { name, version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as Record<
    string,
    string
  >;
  expect(SDK).toBe(`${name}/${version}`);
});
