/**
 * Text from a recording is untrusted: a model or a tool may have said escape sequences that move the cursor, rename the window or write to the
 * clipboard. Everything that goes to a terminal passes through here first.
 */
import { stripVTControlCharacters } from 'node:util';
import { CONTROL_CHARACTERS } from '../core/control-characters.ts';

/** `text` with escape sequences and control characters removed; tabs and line ends stay. */
export function printable(text: string): string {
  return stripVTControlCharacters(text.replace(/\r\n?/g, '\n')).replace(CONTROL_CHARACTERS, '');
}

/** The same in one line: each run of white space becomes one space. */
export function oneLine(text: string): string {
  return printable(text).replace(/\s+/g, ' ').trim();
}

// Emoji and the wide East Asian blocks take two cells; combining marks and joiners none.
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|^\p{Emoji_Presentation}/u;
const NONE = /^[\p{Mn}\p{Me}\p{Cf}]/u;

function cellsOf(character: string): number {
  return NONE.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
}

/** How many terminal cells `text` takes; colours take none. */
export function cells(text: string): number {
  const plain = stripVTControlCharacters(text);
  if (/^[\u0020-\u007e]*$/.test(plain)) return plain.length;
  let sum = 0;
  for (const character of plain) sum += cellsOf(character);
  return sum;
}

/** `text`, which has no colours yet, cut to `width` cells with an ellipsis. */
export function clip(text: string, width: number): string {
  if (cells(text) <= width) return text;
  let used = 0;
  let kept = '';
  for (const character of text) {
    used += cellsOf(character);
    if (used > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/** `text` filled with spaces to `width` cells, on the right or, for figures, on the left. */
export function pad(text: string, width: number, side: 'left' | 'right' = 'left'): string {
  const fill = ' '.repeat(Math.max(0, width - cells(text)));
  return side === 'left' ? text + fill : fill + text;
}
