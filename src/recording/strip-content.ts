/** What is left of the lines of a full recording when it is made one of mode `metadata`. */
import type { Line } from '../events/lines.ts';
import { withoutContent, withoutNoteContent, withoutWords } from './content-free.ts';

/** The line as mode `metadata` would have written it; undefined: it would not have. */
export function withoutContentLine(line: Line): Line | undefined {
  switch (line.k) {
    case 'session': {
      const { argv: _argv, cwd: _cwd, execArgv: _execArgv, ...facts } = line;
      return { ...withoutWords(facts), mode: 'metadata' };
    }
    case 'open':
      return line;
    case 'event':
      return { ...line, e: withoutContent(line.e) };
    case 'note':
      return { ...line, n: withoutNoteContent(line.n) };
    case 'update':
      return line.tags === undefined ? undefined : withoutWords(line);
    case 'end':
      return withoutWords(line);
    default:
      return undefined;
  }
}
