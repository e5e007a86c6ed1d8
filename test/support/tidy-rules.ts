/**
 * The rules of the house as functions: a file goes in, problems come out. test/tidy.test.ts runs them over every source file, and over a bad example for each
 * rule, so that none of them can rot into one that always passes.
 */
import { posix } from 'node:path';
import { dottedName, importsOf, walk, type Node, type SourceFile } from './source-file.ts';

/** Folders of src/ by layer. A file imports from lower layers and from its own folder; folders of one layer never import one another. */
const LAYERS: Readonly<Record<string, number>> = {
  core: 0,
  events: 1,
  patch: 2,
  recording: 2,
  otel: 2,
  analysis: 2,
  'host-env': 2,
  session: 3,
  providers: 3,
  replay: 4,
  client: 5,
  testing: 5,
  cli: 6,
};
/** The entry files: they may import `client` and what is below it; what an app loads imports no testing. */
const ENTRIES = new Set(['src/index.ts', 'src/register.ts', 'src/testing.ts']);
/** The entries that are an API: they hand on what others export. */
const APIS = new Set(['src/index.ts', 'src/testing.ts']);
const ENTRY_LAYER = 5.5;
const LINES_MAX = 400;

const at = (file: SourceFile, line: number, problem: string): string => `${file.path}:${line}: ${problem}`;
const folderOf = (path: string): string | null => /^src\/([^/]+)\//.exec(path)?.[1] ?? null;
const layerOf = (path: string): number | undefined => {
  const folder = folderOf(path);
  return folder === null ? (ENTRIES.has(path) ? ENTRY_LAYER : undefined) : LAYERS[folder];
};

/** Imports go down the layers only, type imports too; no import leaves src/. */
function layers(file: SourceFile): string[] {
  const own = layerOf(file.path);
  if (own === undefined) return [`${file.path}: stands in no layer; LAYERS in test/support/tidy-rules.ts says which there are`];
  const problems: string[] = [];
  for (const { specifier, line } of importsOf(file)) {
    if (!specifier.startsWith('.')) continue;
    const target = posix.join(posix.dirname(file.path), specifier);
    const folder = folderOf(target);
    if (folder !== null && folder === folderOf(file.path)) continue;
    const layer = target.startsWith('src/') ? layerOf(target) : undefined;
    if (layer === undefined) problems.push(at(file, line, `imports ${target}, which stands in no layer`));
    else if (layer >= own) problems.push(at(file, line, `imports ${target}, which is not below it`));
    else if (ENTRIES.has(file.path) && (file.path === 'src/testing.ts') !== (folder === 'testing'))
      problems.push(at(file, line, `testing is for src/testing.ts alone, which imports nothing else`));
  }
  return problems;
}

const PURE = new Set(['src/providers/operation.ts', 'src/providers/answer-shape.ts']);

/**
 * Files of providers/ that tie an SDK to patch/. Every other file there is decoding: pure functions on plain data, which replay, import and the wire tests use where no SDK is.
 */
/**
 * Decoding is pure, and so is what makes answers: whatever an operation is made of, however far in, has no patch, no I/O, and nothing that has them. A file that defines one is known by what it
 * imports.
 */
export function impureDecoding(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const problems = new Set<string>();
  const seen = new Set<SourceFile>();
  const targetsOf = (file: SourceFile): { target: string; line: number }[] =>
    importsOf(file).map(({ specifier, line }) => ({
      target: specifier.startsWith('.') ? posix.join(posix.dirname(file.path), specifier) : specifier,
      line,
    }));
  const visit = (file: SourceFile): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const { target, line } of targetsOf(file)) {
      const next = byPath.get(target);
      if (target.startsWith('src/providers/') && next) visit(next);
      else if (target.startsWith('node:') || /^src\/(?!providers\/|events\/|core\/)/.test(target)) {
        problems.add(at(file, line, `is part of an operation, decoding is pure, and imports ${target}`));
      }
    }
  };
  for (const file of files) {
    if (folderOf(file.path) !== 'providers') continue;
    if (targetsOf(file).some(({ target }) => PURE.has(target))) visit(file);
  }
  return [...problems];
}

/** A file over the limit answers more than one question. */
function size(file: SourceFile): string[] {
  const lines = file.text.split('\n').length - 1;
  return lines > LINES_MAX ? [`${file.path}: ${lines} lines, more than ${LINES_MAX}`] : [];
}

/** No default exports, enums, namespaces or decorators. */
export function plainSyntax(file: SourceFile): string[] {
  const problems: string[] = [];
  walk(file.program, (node) => {
    const line = file.lineAt(node.start);
    if (node.type === 'ExportDefaultDeclaration') problems.push(at(file, line, 'default export'));
    if (node.type === 'TSExportAssignment') problems.push(at(file, line, 'export ='));
    if (node.type === 'TSEnumDeclaration') problems.push(at(file, line, 'enum'));
    if (node.type === 'TSModuleDeclaration' && node['declare'] !== true) problems.push(at(file, line, 'namespace'));
    if (node.type === 'Decorator') problems.push(at(file, line, 'decorator syntax'));
    const specifiers = node.type === 'ExportNamedDeclaration' ? (node['specifiers'] as { exported: { name?: string } }[]) : [];
    if (specifiers.some((specifier) => specifier.exported.name === 'default')) problems.push(at(file, line, 'default export'));
  });
  return problems;
}

/** A file that only hands on what others export is a barrel; the public APIs are the ones there are. `export *` is not for them either. */
function noBarrels(file: SourceFile): string[] {
  const body = file.program['body'] as Node[];
  const problems = body
    .filter((node) => node.type === 'ExportAllDeclaration')
    .map((node) => at(file, file.lineAt(node.start), 'export * hides what is exported'));
  const handsOn = body.some((node) => node.type === 'ExportNamedDeclaration' && node['source'] !== null);
  const own = body.some(
    (node) => !(node.type === 'ImportDeclaration' || (node.type === 'ExportNamedDeclaration' && node['declaration'] === null)),
  );
  if (handsOn && !own && !APIS.has(file.path) && problems.length === 0) problems.push(`${file.path}: a barrel`);
  return problems;
}

/** Files are kebab-case nouns, and none is a drawer for odds and ends. */
export function names(path: string): string[] {
  const problems: string[] = [];
  for (const part of path.replace(/\.(test-d|test|bench|config)?\.?[cm]?ts$/, '').split('/')) {
    if (/^(utils?|helpers?|misc|common|shared|lib)$/i.test(part))
      problems.push(`${path}: "${part}" says nothing about what is in it`);
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(part)) problems.push(`${path}: "${part}" is not kebab-case`);
  }
  return problems;
}

const TIMERS = new Set(['setTimeout', 'setInterval']);
/** Says, on the line of a timer or the one above, why it may keep the process alive. */
const HELD_TIMER = /timer held: \S+/;

function isUnreferenced(file: SourceFile, call: Node, ancestors: readonly Node[]): boolean {
  const parent = ancestors[0];
  if (parent?.type === 'MemberExpression' && (parent['property'] as { name?: string }).name === 'unref') return true;
  const options = (call['arguments'] as Node[])[2];
  if (options && /\bref:\s*false\b/.test(file.text.slice(options.start, options.end))) return true;
  const target =
    parent?.type === 'VariableDeclarator' ? parent['id'] : parent?.type === 'AssignmentExpression' ? parent['left'] : null;
  if (!target) return false;
  const { start, end } = target as Node;
  const name = parent?.type === 'VariableDeclarator' ? ((target as Node)['name'] as string) : file.text.slice(start, end);
  const soon = file.text.slice(call.end).split('\n').slice(0, 4).join('\n');
  return soon.includes(`${name}.unref(`) || soon.includes(`${name}?.unref(`);
}

/** Every timer is unreferenced, or says why not. A timer function under another name would escape the rule, so there is none. */
function timers(file: SourceFile): string[] {
  const problems: string[] = [];
  const excused = (line: number): boolean =>
    file.comments.some((comment) => HELD_TIMER.test(comment.text) && (comment.line === line || comment.line === line - 1));
  walk(file.program, (node, ancestors) => {
    if (node.type !== 'Identifier' || !TIMERS.has(node['name'] as string)) return;
    const line = file.lineAt(node.start);
    if (
      file.path === 'src/otel/shipper-time.ts' ||
      excused(line) ||
      ancestors.some((ancestor) => /^(Import|TS)/.test(ancestor.type))
    )
      return;
    const member = ancestors[0]?.type === 'MemberExpression' && ancestors[0]['property'] === node;
    const around = member ? ancestors.slice(1) : ancestors;
    const callee = member ? ancestors[0] : node;
    const call = around[0];
    if (call?.type === 'CallExpression' && call['callee'] === callee) {
      if (!isUnreferenced(file, call, around.slice(1)))
        problems.push(at(file, line, `${node['name'] as string} keeps the process alive`));
    } else if (!(call?.type === 'Property' && call['key'] === node && around[1]?.type !== 'ObjectPattern')) {
      problems.push(at(file, line, `${node['name'] as string} under another name`));
    }
  });
  for (const { specifier, line } of importsOf(file)) {
    if (/^(node:)?timers\/promises$/.test(specifier) && !/\bref:\s*false\b/.test(file.text) && !excused(line)) {
      problems.push(at(file, line, 'timers/promises without ref: false keeps the process alive'));
    }
  }
  return problems;
}

/** What each name is, and the only files that may use it. The shipper's time is a door of its own: an outage of hours is tested in virtual time, and what an app sees of a calendar goes by the clock that the app sees. */
const DOORS: readonly { names: RegExp; what: string; allowed: RegExp }[] = [
  { names: /^console(\.|$)/, what: 'prints', allowed: /^src\/(cli\/|replay\/calendar\.ts$)/ },
  { names: /^(globalThis\.)?process\.stdout(\.|$)/, what: 'prints to stdout', allowed: /^src\/cli\// },
  {
    names: /^(globalThis\.)?(Date\.now|performance\.now|process\.hrtime)(\.|$)/,
    what: 'reads the clock past core/clock.ts',
    allowed: /^src\/(core\/clock|otel\/shipper-time|replay\/calendar)\.ts$/,
  },
  {
    names: /^(globalThis\.)?(Math\.random|(crypto\.)?(randomUUID|randomBytes|randomFillSync|getRandomValues))$/,
    what: 'draws randomness past core/ids.ts',
    allowed: /^src\/(core\/ids|otel\/shipper-time)\.ts$/,
  },
];

/** Time, randomness and output go through their doors. */
function doors(file: SourceFile): string[] {
  const problems: string[] = [];
  walk(file.program, (node, ancestors) => {
    const line = file.lineAt(node.start);
    if (node.type === 'NewExpression' && dottedName(node['callee']) === 'Date' && (node['arguments'] as Node[]).length === 0) {
      if (file.path !== 'src/core/clock.ts') problems.push(at(file, line, 'new Date() reads the clock past core/clock.ts'));
    }
    if (node.type !== 'MemberExpression' && node.type !== 'Identifier') return;
    const parent = ancestors[0];
    if (parent?.type === 'MemberExpression') return;
    if (
      (parent?.type === 'Property' || /^(TS|Import|Method|PropertyDefinition)/.test(parent?.type ?? '')) &&
      parent?.['key'] === node
    )
      return;
    const name = dottedName(node);
    if (name === null) return;
    const door = DOORS.find((entry) => entry.names.test(name) && !entry.allowed.test(file.path));
    if (door) problems.push(at(file, line, `${name} ${door.what}`));
  });
  return problems;
}

/** Files carry no licence header: LICENSE and NOTICE speak for all of them. */
function noLicenceHeader(file: SourceFile): string[] {
  const head = file.comments.filter(
    (comment) => comment.line <= 30 && /^[\s#!/*]*(SPDX-|Copyright|Licensed under|@license)/im.test(comment.text),
  );
  return head.map((comment) => at(file, comment.line, 'licence header'));
}

// A word in brackets is not the word: this file would break its own rule otherwise.
const HOSTS = /\bregistry\.[a-z0-9-]+\.(com|org|net|io|dev)\b|\b(www\.)?np[m]js\.(com|org)\b|\bpyp[i]\.org\b/i;

/** No file names the host of a package registry: a build works with whichever one the machine has. */
export function noRegistryHosts(path: string, text: string): string[] {
  return text.split('\n').flatMap((line, index) => {
    const host = HOSTS.exec(line)?.[0];
    return host === undefined ? [] : [`${path}:${index + 1}: names ${host}`];
  });
}

/** What a table in code and its table in the docs do not have in common. */
export function tableDrift(what: string, inCode: Iterable<string>, inDocs: Iterable<string>): string[] {
  const code = new Set(inCode);
  const docs = new Set(inDocs);
  return [
    ...[...code].filter((name) => !docs.has(name)).map((name) => `${what} ${name} is not in the docs`),
    ...[...docs].filter((name) => !code.has(name)).map((name) => `${what} ${name} is in the docs only`),
  ];
}

/** First cells of the rows of the Markdown table whose first heading is `heading`, without backticks; none when there is no such table. */
export function firstColumn(markdown: string, heading: string): string[] {
  const lines = markdown.split('\n');
  const cells = (line: string): string => (line.split('|')[1] ?? '').trim();
  const head = lines.findIndex((line) => line.startsWith('|') && cells(line) === heading);
  if (head === -1) return [];
  const end = lines.findIndex((line, index) => index > head && !line.startsWith('|'));
  return lines.slice(head + 2, end === -1 ? undefined : end).map((line) => /`([^`]+)`/.exec(cells(line))?.[1] ?? cells(line));
}

/** Names that a file takes from an object: `x.name`, `x?.name`, `x['name']`, `{ name } = x`, and those of a list of names to go through. */
export function membersRead(file: SourceFile): Set<string> {
  const found = new Set<string>();
  walk(file.program, (node, ancestors) => {
    const name = (member: unknown): string | undefined =>
      (member as { name?: string }).name ?? (member as { value?: string }).value;
    const isRead = node.type === 'MemberExpression' || (node.type === 'Property' && ancestors[0]?.type === 'ObjectPattern');
    const member = isRead ? name(node.type === 'MemberExpression' ? node['property'] : node['key']) : undefined;
    const listed = node.type === 'Literal' && ancestors[0]?.type === 'ArrayExpression' ? node['value'] : undefined;
    if (member !== undefined) found.add(member);
    if (typeof listed === 'string') found.add(listed);
  });
  return found;
}

/** The rules that every file of src/ keeps. */
export const SOURCE_RULES = { layers, size, plainSyntax, noBarrels, timers, doors, noLicenceHeader } as const;
