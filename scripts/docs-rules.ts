/** What is checked in a Markdown page, as functions: a page goes in, problems come out. */
import { dirname, join, normalize } from 'node:path/posix';

export interface Page {
  /** From the root of the repository, with forward slashes. */
  path: string;
  text: string;
}

export interface CodeBlock {
  language: string;
  /** Words after the language in the fence. */
  info: string;
  /** 1-based line of the first line of code. */
  line: number;
  code: string;
}

/** What the commands in the docs may name. */
export interface Known {
  scripts: ReadonlySet<string>;
  verbs: Pick<ReadonlySet<string>, 'has'>;
  /** Flags of a verb, or of the program itself for ''. */
  flags(verb: string): ReadonlySet<string>;
  exists(path: string): boolean;
}

const FENCE = /^(\s*)(`{3,}|~{3,})\s*([\w-]*)\s*(.*)$/;

/** Fenced blocks of code, in order. */
export function codeBlocks(page: Page): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { fence: string; indent: number; block: CodeBlock; lines: string[] } | null = null;
  for (const [index, line] of page.text.split('\n').entries()) {
    const [, indent = '', fence = '', language = '', info = ''] = FENCE.exec(line) ?? [];
    if (open) {
      if (fence.startsWith(open.fence) && language === '') {
        blocks.push({ ...open.block, code: open.lines.join('\n') });
        open = null;
      } else open.lines.push(line.slice(Math.min(open.indent, line.length - line.trimStart().length)));
    } else if (fence !== '') {
      open = {
        fence,
        indent: indent.length,
        block: { language: language.toLowerCase(), info, line: index + 2, code: '' },
        lines: [],
      };
    }
  }
  return blocks;
}

/** The text with every fenced block blanked, line for line. */
function prose(page: Page): string {
  const lines = page.text.split('\n');
  for (const block of codeBlocks(page)) lines.fill('', block.line - 2, block.line + block.code.split('\n').length);
  return lines.join('\n');
}

/** Anchors that headings make. */
export function anchors(page: Page): Set<string> {
  const seen = new Map<string, number>();
  const found = new Set<string>();
  for (const [, title = ''] of prose(page).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const slug = title
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    found.add(times === 0 ? slug : `${slug}-${times}`);
  }
  return found;
}

/** Links between pages, and into them, lead somewhere. Links to other hosts are not followed. */
export function brokenLinks(page: Page, pages: ReadonlyMap<string, Page>, exists: (path: string) => boolean): string[] {
  const problems: string[] = [];
  for (const [index, line] of prose(page).split('\n').entries()) {
    for (const [, target = ''] of line.replace(/`[^`]*`/g, '').matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)) {
      if (/^[a-z][a-z0-9+.-]*:/i.test(target)) continue;
      const [file = '', anchor] = target.split('#');
      const path = file === '' ? page.path : normalize(join(dirname(page.path), decodeURIComponent(file)));
      const other = file === '' ? page : pages.get(path);
      if (file !== '' && (path.startsWith('..') || !exists(path))) problems.push(`${page.path}:${index + 1}: no file ${target}`);
      else if (anchor !== undefined && other && !anchors(other).has(anchor))
        problems.push(`${page.path}:${index + 1}: no heading ${target}`);
    }
  }
  return problems;
}

/** Programs of other people that a reader is expected to have. */
const PROGRAMS = new Set([
  'git',
  'cd',
  'cat',
  'jq',
  'export',
  'kill',
  'ls',
  'tail',
  'head',
  'grep',
  'curl',
  'docker',
  'rm',
  'mkdir',
  'echo',
  'bash',
]);
const NPM = new Set(['ci', 'install', 'i', 'pack', 'exec']);
/** Folders of ours: a path that begins with one must be there. */
const OURS = /^(?:\.\/)?((?:dist|examples|bench|scripts|src|test|docs|\.ci)\/\S+)$/;

function checkHindcast(words: readonly string[], known: Known): string | null {
  const own = words.includes('--') ? words.slice(0, words.indexOf('--')) : words;
  const verb = own.find((word) => !word.startsWith('-')) ?? '';
  if (verb !== '' && !known.verbs.has(verb)) return `hindcast has no verb ${verb}`;
  const flag = own.find(
    (word) => word.startsWith('-') && !known.flags(verb).has(word.split('=')[0] ?? '') && !known.flags('').has(word),
  );
  return flag === undefined ? null : `hindcast ${verb} has no flag ${flag}`;
}

/** What is wrong with one command, or null. */
function checkCommand(words: readonly string[], known: Known): string | null {
  const [program = '', ...rest] = words;
  const missing = words.map((word) => OURS.exec(word)?.[1]).find((path) => path !== undefined && !known.exists(path));
  if (missing !== undefined) return `no file ${missing}`;
  if (program === 'hindcast') return checkHindcast(rest, known);
  if (program === 'npx') return rest[0] === 'hindcast' ? checkHindcast(rest.slice(1), known) : null;
  if (program === 'npm') {
    const [command = '', name = ''] = rest;
    const script =
      command === 'run'
        ? rest.slice(1).find((word) => !word.startsWith('-'))
        : ['test', 't', 'start'].includes(command)
          ? command
          : null;
    if (script === undefined) return `npm run ${name} names no script`;
    if (script === null) return NPM.has(command) ? null : `npm ${command} is not one of ${[...NPM].join(', ')}`;
    return known.scripts.has(script) ? null : `package.json has no script ${script}`;
  }
  if (program === 'node' || PROGRAMS.has(program) || OURS.test(program)) return null;
  return `${program} is no program that a reader is known to have`;
}

/** The words of each command of a line of shell. */
function commandsOf(line: string): string[][] {
  const bare = line.replace(/^\s*\$\s+/, '').replace(/(^|\s)#.*$/, '');
  return bare.split(/&&|\|\||[|;]/).flatMap((part) => {
    const words = part.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
    const program = words.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
    return program === -1 ? [] : [words.slice(program)];
  });
}

/** Commands in shell blocks, and `hindcast ...` and `npm run ...` in running text, exist. */
export function unknownCommands(page: Page, known: Known): string[] {
  const problems: string[] = [];
  const check = (line: number, words: readonly string[]): void => {
    const problem = checkCommand(words, known);
    if (problem !== null) problems.push(`${page.path}:${line}: ${problem}`);
  };
  for (const block of codeBlocks(page)) {
    if (!['sh', 'bash', 'shell', 'console', 'zsh'].includes(block.language)) continue;
    const lines = block.code.split('\n');
    // Of a console block, the lines without a prompt are what the command printed.
    const prompts = lines.some((line) => /^\s*\$\s/.test(line));
    for (const [index, line] of lines.entries()) {
      if (prompts && !/^\s*\$\s/.test(line)) continue;
      if (lines[index - 1]?.endsWith('\\')) continue;
      let whole = line;
      for (let next = index + 1; whole.endsWith('\\'); next++) whole = `${whole.slice(0, -1)} ${lines[next] ?? ''}`;
      for (const words of commandsOf(whole)) check(block.line + index, words);
    }
  }
  for (const [index, line] of prose(page).split('\n').entries()) {
    for (const [, code = ''] of line.matchAll(/`([^`]+)`/g)) {
      if (!/^((npx )?hindcast [a-z]|npm (run|test))/.test(code)) continue;
      // Placeholders stand for what the reader has: <session>, [--json], ...
      const words = code.split(/\s+/).filter((word) => !/^[<[.(|]/.test(word));
      check(index + 1, words);
    }
  }
  return problems;
}
