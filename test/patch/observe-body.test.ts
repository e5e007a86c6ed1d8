import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runtimePath } from '../../scripts/runtimes.ts';

const WHOLE = '{"a":"one","b":2}';
const FIRST = '{"a":';
const child = fileURLToPath(new URL('../support/body-child.ts', import.meta.url));

const all = { got: WHOLE, seen: WHOLE, ends: ['complete'] };
const left = { got: FIRST, seen: FIRST, ends: ['cancelled'] };
/** Read inside the stream, where it cannot be watched: the app gets all, and the watch says that it saw nothing. */
const unseen = { got: WHOLE, seen: '', ends: ['unread'] };
const EXPECTED = {
  text: all,
  json: all,
  arrayBuffer: all,
  blob: all,
  bytes: all,
  'for await': all,
  values: all,
  reader: all,
  'reader, lock given up': all,
  consumers: all,
  fromWeb: all,
  break: left,
  'break, preventCancel': all,
  'reader, cancelled': left,
  cancel: { got: '', seen: '', ends: ['cancelled'] },
  clone: all,
  'two clones': { ...all, got: WHOLE + WHOLE },
  'clone of a clone': { ...all, got: WHOLE.repeat(4) },
  'clone, one left': all,
  'clone, both left': left,
  tee: { ...all, got: WHOLE + WHOLE },
  'byte reader': unseen,
  pipeThrough: unseen,
  'not read': { got: '', seen: '', ends: ['unread'] },
};

/** From Node 26 on these go past the methods of the stream: the watch ends when the body is collected, or with the call. */
const inside = { seen: '', ends: [] };
const EXPECTED_26 = {
  ...EXPECTED,
  fromWeb: { got: WHOLE, ...inside },
};

describe.each([
  { label: 'this Node', node: process.execPath },
  { label: 'Node 22', node: runtimePath(22) },
  { label: 'Node 26', node: runtimePath(26) },
])('P4 bodies watched in place, $label', ({ node }) => {
  test.skipIf(node === null)('each way of reading gets what it got, and is seen', () => {
    if (node === null) return;
    const output = execFileSync(node, [child], { encoding: 'utf8', timeout: 60_000 });
    const major = Number(execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).split('.')[0]);
    const results = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(Object.fromEntries(results.map(({ name, ...rest }) => [name, rest]))).toEqual(major >= 26 ? EXPECTED_26 : EXPECTED);
  });
});
