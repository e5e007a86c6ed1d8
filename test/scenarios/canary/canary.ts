/** The canary: words that nobody else says, put wherever somebody may have said something, and looked for in every form in which they could leave. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** In every canary, whatever stands around it. */
const CORE = 'zqxCanary';

/** What was said: one word, which every check for sentences lets through. */
export const said = (place: string): string => `${CORE}-${place}`;

/** What stands where a code, an id or a model name belongs, and is none. */
export const sentence = (place: string): string => `The ${CORE} says what it knows of ${place}`;

/** The forms: as it is (JSON, URLs and SQL leave its letters alone), hex, and base64 at each of the three alignments. */
const FORMS: readonly RegExp[] = [
  new RegExp(CORE, 'i'),
  new RegExp(Buffer.from(CORE).toString('hex'), 'i'),
  ...[0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), Buffer.from(CORE)]).toString('base64');
    // Letters that hold bits of what stands around it are left out.
    const whole = text.slice(shift === 0 ? 0 : shift + 1, Math.floor(((shift + CORE.length) * 8) / 6));
    return new RegExp(whole.replaceAll(/[+/]/g, '\\$&'));
  }),
  // Two bytes a letter, as in a buffer of UTF-16.
  new RegExp(CORE.split('').join('\0')),
];

/** Each place where the canary sings, with what stands around it. */
export function songsIn(text: string | Uint8Array): string[] {
  const plain = typeof text === 'string' ? text : Buffer.from(text).toString('latin1');
  return FORMS.flatMap((form) =>
    [...plain.matchAll(new RegExp(form.source, `${form.flags}g`))].map(({ index }) =>
      plain.slice(Math.max(0, index - 60), index + 60),
    ),
  );
}

/** Every file below a folder, by its path: the name itself may sing. */
export function filesIn(dir: string): { path: string; bytes: Buffer }[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return { path, bytes: readFileSync(path) };
    });
}

/** What sings in the files of a folder, and in their names. */
export function songsInFiles(dir: string): string[] {
  return filesIn(dir).flatMap(({ path, bytes }) => [...songsIn(path.slice(dir.length)), ...songsIn(bytes)]);
}
