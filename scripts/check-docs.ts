/**
 * Checks the pages that a reader gets: links lead somewhere, commands exist (verbs and flags are those that `hindcast --help` prints), TypeScript parses, and whole programs, the
 * blocks that import something, type-check against the built package. A block fenced as `ts no-check` is only parsed. Needs `npm run build` before.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { parseSync } from 'oxc-parser';
import { brokenLinks, codeBlocks, unknownCommands, type Known, type Page } from './docs-rules.ts';

const root = join(import.meta.dirname, '..');
const scratch = join(root, '.cache/docs');
const IGNORED = new Set(['node_modules', 'dist', '.git', '.cache', '.hindcast', 'coverage', 'fixtures']);

function listPages(folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (IGNORED.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? listPages(path) : path.endsWith('.md') ? [relative(root, path).split(sep).join('/')] : [];
  });
}

const helps = new Map<string, string>();

/** What `hindcast [verb] --help` prints; for verbs of verbs, theirs too. */
function help(verb: string): string {
  const known = helps.get(verb);
  if (known !== undefined) return known;
  const args = [join(root, 'dist/cli/main.js'), ...verb.split(' ').filter((word) => word !== ''), '--help'];
  const run = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 });
  const text = run.status === 0 ? run.stdout : '';
  helps.set(verb, text);
  return text;
}

const verbsOf = (text: string): string[] =>
  [...(text.split(/^Commands:$/m)[1] ?? '').matchAll(/^ {2}([a-z][\w|-]*)/gm)].flatMap(([, names = '']) => names.split('|'));
const flagsOf = (text: string): string[] => [...text.matchAll(/(?<=^|\s)--?[A-Za-z][\w-]*/gm)].map(([flag]) => flag);

function known(): Known {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  const top = help('');
  if (verbsOf(top).length === 0) throw new Error('hindcast --help names no verbs: run npm run build first');
  // A verb that is only an alias is not in the help, and has a help of its own.
  const verbs = new Set(verbsOf(top));
  return {
    scripts: new Set(Object.keys(manifest.scripts)),
    verbs: { has: (name) => verbs.has(name) || help(name) !== '' },
    flags: (verb) => new Set([help(verb), ...verbsOf(help(verb)).map((inner) => help(`${verb} ${inner}`))].flatMap(flagsOf)),
    exists: (path) => existsSync(join(root, path)),
  };
}

const SCRIPTS: Record<string, string> = {
  ts: 'ts',
  typescript: 'ts',
  mts: 'ts',
  js: 'mjs',
  javascript: 'mjs',
  mjs: 'mjs',
  cjs: 'cjs',
};

/** Parses every block of code, and type-checks those that are whole programs. */
function checkPrograms(pages: readonly Page[]): string[] {
  const problems: string[] = [];
  const origins = new Map<string, { page: Page; line: number }>();
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  for (const page of pages) {
    for (const block of codeBlocks(page)) {
      const extension = SCRIPTS[block.language];
      if (extension === undefined) continue;
      const error = parseSync(`block.${extension}`, block.code).errors[0];
      if (error) problems.push(`${page.path}:${block.line}: ${error.message}`);
      else if (extension === 'ts' && /^\s*import\b/m.test(block.code) && !block.info.includes('no-check')) {
        const name = `${page.path.replaceAll(/[^a-z0-9]+/gi, '-')}-${block.line}.ts`;
        writeFileSync(join(scratch, name), `${block.code}\nexport {};\n`);
        origins.set(name, { page, line: block.line });
      }
    }
  }
  if (origins.size === 0) return problems;
  const settings = {
    extends: '../../tsconfig.test.json',
    compilerOptions: { rootDir: '../..', noUnusedLocals: false },
    include: ['*.ts'],
    exclude: [],
  };
  writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify(settings));
  const tsc = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', scratch, '--pretty', 'false'], {
    cwd: scratch,
    encoding: 'utf8',
  });
  for (const line of tsc.stdout.split('\n').filter((text) => / error TS\d+/.test(text))) {
    const [, name = '', at = '0', message = ''] = /^(.+?)\((\d+),\d+\): error (.*)$/.exec(line) ?? [];
    const origin = origins.get(name);
    problems.push(origin ? `${origin.page.path}:${origin.line + Number(at) - 1}: ${message}` : line);
  }
  if (tsc.status !== 0 && problems.length === 0) problems.push(`tsc: ${tsc.stdout}${tsc.stderr}`);
  return problems;
}

const pages = listPages().map((path): Page => ({ path, text: readFileSync(join(root, path), 'utf8') }));
const byPath = new Map(pages.map((page) => [page.path, page]));
const vocabulary = known();
const problems = [
  ...pages.flatMap((page) => brokenLinks(page, byPath, vocabulary.exists)),
  ...pages.flatMap((page) => unknownCommands(page, vocabulary)),
  ...checkPrograms(pages),
];
for (const problem of problems) console.log(problem);
console.log(`${pages.length} pages: ${problems.length === 0 ? 'no problems' : `${problems.length} problems`}`);
process.exitCode = problems.length === 0 ? 0 : 1;
