import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ensureFolder, findProjectFolder, recordingsFolder } from '../../src/recording/folder.ts';
import { eventOf, exchangeIn, logIn, scratchFolder } from './support.ts';

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

/** Makes folders (names ending in `/`) and empty files below a fresh one. */
function tree(...paths: string[]): string {
  const root = scratchFolder();
  for (const path of paths) {
    mkdirSync(path.endsWith('/') ? join(root, path) : dirname(join(root, path)), { recursive: true });
    if (!path.endsWith('/')) writeFileSync(join(root, path), '{}');
  }
  return root;
}

describe('R14 the project folder', () => {
  it('is one for a whole monorepo, from any directory below it', () => {
    const root = tree('.git/', 'package.json', 'packages/a/package.json', 'packages/a/src/deep/', 'tools/');
    for (const from of ['', 'packages/a', 'packages/a/src/deep', 'tools', 'not/there'])
      expect(findProjectFolder(join(root, from))).toBe(join(root, '.hindcast'));
  });

  it('does not leave the repository for a package.json', () => {
    const root = tree('package.json', 'repo/.git/', 'repo/app/package.json', 'repo/app/src/');
    expect(findProjectFolder(join(root, 'repo/app/src'))).toBe(join(root, 'repo/app/.hindcast'));
  });

  it('is an existing one upwards', () => {
    const root = tree('.git/', 'package.json', 'a/.hindcast/', 'a/b/package.json', 'c/.hindcast');
    expect(findProjectFolder(join(root, 'a/b'))).toBe(join(root, 'a/.hindcast'));
    expect(findProjectFolder(join(root, 'c'))).toBe(join(root, '.hindcast'));
  });

  it('works for a git worktree, whose .git is a file', () => {
    const root = tree('package.json', 'w/.git', 'w/package.json', 'w/src/');
    expect(findProjectFolder(join(root, 'w/src'))).toBe(join(root, 'w/.hindcast'));
  });

  it('is in the working directory where there is no project', () => {
    const root = tree('.git/', 'scripts/');
    expect(findProjectFolder(join(root, 'scripts'))).toBe(join(root, 'scripts/.hindcast'));
  });
});

describe('V4 nobody else reads a recording', () => {
  it('folders have mode 700, files 600, and git sees nothing of them', () => {
    const dir = recordingsFolder(join(scratchFolder(), '.hindcast'));
    const log = logIn(dir);
    exchangeIn(log, 'x'.repeat(50_000), []);
    log.event(eventOf(1));
    expect([modeOf(dirname(dir)), modeOf(dir), modeOf(log.path), modeOf(log.path.replace('.jsonl', '.blobs'))]).toEqual([
      '700',
      '700',
      '600',
      '600',
    ]);
    expect(readFileSync(join(dirname(dir), '.gitignore'), 'utf8')).toBe('*\n');
  });

  it('keeps a .gitignore that somebody has changed', () => {
    const folder = join(scratchFolder(), '.hindcast');
    ensureFolder(folder);
    writeFileSync(join(folder, '.gitignore'), 'recordings\n');
    ensureFolder(folder);
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('recordings\n');
    expect(existsSync(recordingsFolder(folder))).toBe(false);
  });
});
