/** The checks of the docs can fail (npm run check:docs runs them over the pages). */
import { describe, expect, test } from 'vitest';
import { anchors, brokenLinks, codeBlocks, unknownCommands, type Known, type Page } from '../scripts/docs-rules.ts';

const known: Known = {
  scripts: new Set(['demo', 'test']),
  verbs: new Set(['ls', 'run']),
  flags: (verb) => new Set(verb === 'ls' ? ['--json', '-n'] : ['--help']),
  exists: (path) => ['docs/there.md', 'examples/agent.ts'].includes(path),
};
const page = (text: string, path = 'README.md'): Page => ({ path, text });
const fence = (language: string, code: string): Page => page(`text\n\n\`\`\`${language}\n${code}\n\`\`\`\n`);

describe('links', () => {
  const there = page('# There is one\n\n## Twice\n\n## Twice\n\n```sh\n# not a heading\n```\n', 'docs/there.md');
  const pages = new Map([[there.path, there]]);
  const broken = (text: string): string[] => brokenLinks(page(text), pages, known.exists);
  test('anchors are those of headings', () => {
    expect([...anchors(there)]).toEqual(['there-is-one', 'twice', 'twice-1']);
  });
  test.each(['[a](docs/gone.md)', '[a](docs/there.md#gone)', '[a](#gone)', '[a](../outside.md)'])('%s is broken', (text) => {
    expect(broken(text)).toHaveLength(1);
  });
  test.each(['[a](docs/there.md#twice-1)', '[a](https://example.com/x)', '`[a](gone.md)`', '```md\n[a](gone.md)\n```'])(
    '%s is not',
    (text) => {
      expect(broken(text)).toEqual([]);
    },
  );
});

describe('commands', () => {
  test.each([
    ['npm run gone', 'no script gone'],
    ['npx hindcast gone', 'no verb gone'],
    ['hindcast ls --gone', 'no flag --gone'],
    ['FOO=1 npm run demo && hindcast gone', 'no verb gone'],
    ['node examples/gone.ts', 'no file examples/gone.ts'],
    ['frobnicate', 'no program'],
    ['npm run \\\n  gone', 'no script gone'],
    ['npm publish', 'npm publish'],
  ])('%s is unknown', (code, problem) => {
    expect(unknownCommands(fence('sh', code), known).join()).toContain(problem);
  });
  test.each([
    'npm ci && npm test',
    'npm run demo # shows it',
    'hindcast ls --json | jq .',
    'hindcast run -- node agent.js --flag',
    'node examples/agent.ts',
  ])('%s is known', (code) => {
    expect(unknownCommands(fence('sh', code), known)).toEqual([]);
  });
  test('of a block with prompts, only what stands behind a prompt is a command', () => {
    expect(unknownCommands(fence('console', '$ hindcast ls\nses_1 ok\n$ hindcast gone'), known)).toEqual([
      'README.md:6: hindcast has no verb gone',
    ]);
  });
  test('running text counts, with its placeholders', () => {
    expect(unknownCommands(page('Try `hindcast ls <session>`, then `hindcast gone`.'), known)).toEqual([
      'README.md:1: hindcast has no verb gone',
    ]);
  });
});

test('blocks carry their line, their language and their info', () => {
  expect(codeBlocks(page('a\n\n```ts no-check\nconst b = 1;\n```\n\n- c\n\n  ~~~JS\n  d()\n  ~~~\n'))).toEqual([
    { language: 'ts', info: 'no-check', line: 4, code: 'const b = 1;' },
    { language: 'js', info: '', line: 10, code: 'd()' },
  ]);
});
