/** A source file as the tidy rules see it: its text, its syntax tree, and every place in the tree with the nodes around it. */
import { parseSync } from 'oxc-parser';

export interface Node {
  type: string;
  start: number;
  end: number;
  [member: string]: unknown;
}

interface Comment {
  text: string;
  line: number;
  start: number;
}

export interface SourceFile {
  /** From the root of the repository, with forward slashes. */
  path: string;
  text: string;
  program: Node;
  comments: Comment[];
  /** 1-based line of an offset. */
  lineAt(offset: number): number;
}

/** Parses one file; a syntax error throws, for a file that cannot be read cannot be judged. */
export function parseSource(path: string, text: string): SourceFile {
  const parsed = parseSync(path, text);
  const error = parsed.errors[0];
  if (error) throw new Error(`${path}: ${error.message}`);
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  const lineAt = (offset: number): number => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
  return {
    path,
    text,
    program: parsed.program as unknown as Node,
    comments: parsed.comments.map((comment) => ({ text: comment.value, line: lineAt(comment.end - 1), start: comment.start })),
    lineAt,
  };
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

/** Visits each node, outermost first; `ancestors` runs from the parent outwards. */
export function walk(node: Node, visit: (node: Node, ancestors: readonly Node[]) => void, ancestors: readonly Node[] = []): void {
  visit(node, ancestors);
  const inner = [node, ...ancestors];
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) walk(item, visit, inner);
    } else if (isNode(value)) walk(value, visit, inner);
  }
}

/** The dotted name of an identifier or of a chain of plain members, such as `process.stdout.write`; null for anything else. */
export function dottedName(node: unknown): string | null {
  if (!isNode(node)) return null;
  if (node.type === 'Identifier') return node['name'] as string;
  if (node.type === 'ChainExpression') return dottedName(node['expression']);
  if (node.type !== 'MemberExpression' || node['computed'] === true) return null;
  const object = dottedName(node['object']);
  return object === null ? null : `${object}.${(node['property'] as { name: string }).name}`;
}

/** What a file imports, re-exports, loads with `import()`, or names in an `import('...')` type. */
export function importsOf(file: SourceFile): { specifier: string; line: number }[] {
  const found: { specifier: string; line: number }[] = [];
  walk(file.program, (node) => {
    const source = node['source'];
    if (!isNode(source) || typeof source['value'] !== 'string') return;
    if (/^(Import|Export|TSImport)/.test(node.type)) found.push({ specifier: source['value'], line: file.lineAt(node.start) });
  });
  return found;
}
