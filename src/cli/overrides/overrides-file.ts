/** Overrides as a file: read with the place of what is wrong, written so that an editor knows its members. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { isDeeper, PART_NESTING_MAX } from '../../recording/line-shape.ts';
import { CliFailure } from '../failure.ts';
import { jsonFault, jsonPlace } from '../json-fault.ts';
import { OVERRIDES_BYTES_MAX, overridesFaults } from './overrides.ts';
import type { Overrides } from './overrides.ts';
import type { Fault, Shape } from './shape.ts';

const SCHEMA = './node_modules/hindcast/docs/overrides.schema.json';

/** The overrides of a file. Whatever is wrong with it is a failure that names the place and says what is allowed there. */
export function readOverrides(path: string): Overrides {
  return overridesOf(textAt(path, 'hindcast fork <session> --at <event> --write-edits <file> writes one.'), path);
}

/** A value of a JSON file, which may be so large as overrides may be, of that shape. `hint` says what it is. */
export function readShaped(path: string, shape: Shape, hint: string): unknown {
  const text = textAt(path, hint);
  const value = parsed(text, path);
  const faults: Fault[] = [];
  shape.check(value, '', (fault) => faults.push(fault));
  if (faults.length > 0) throw new CliFailure(faultText(path, faults, text), { hint, exitCode: 2 });
  return value;
}

function textAt(path: string, hint: string): string {
  try {
    const { size } = statSync(path);
    if (size > OVERRIDES_BYTES_MAX)
      throw new CliFailure(`${path} is too large: ${size} bytes, of ${OVERRIDES_BYTES_MAX} at most`, {
        hint: 'Leave out what is not changed: "set" and "replace" need no whole request.',
        exitCode: 2,
      });
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof CliFailure) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new CliFailure(`${path} cannot be read: ${code === 'ENOENT' ? 'there is no such file' : (code ?? 'unknown error')}`, {
      hint,
      exitCode: 2,
      cause: error,
    });
  }
}

/** The overrides that a text says; `name` is what errors call it. */
export function overridesOf(text: string, name: string): Overrides {
  const value = parsed(text, name);
  const faults = overridesFaults(value);
  if (faults.length > 0)
    throw new CliFailure(faultText(name, faults, text), {
      hint: 'Nothing was run. docs/overrides.schema.json says what may be there.',
      exitCode: 2,
    });
  return value as Overrides;
}

/** `edits.json:7:12: /edits/0/sett is no member that is known: did you mean set?` Without a line where there is no `json` that says it. */
export function faultText(name: string, faults: readonly Fault[], json?: string): string {
  const clean = json === undefined ? undefined : withoutMark(json);
  const placeOf = (at: string): string => {
    if (clean === undefined) return '';
    const { line, column } = jsonPlace(clean, at);
    return `:${line}:${column}`;
  };
  return faults.map(({ at, text }) => `${name}${placeOf(at)}: ${at === '' ? 'the file' : at} ${text}`).join('\n  ');
}

const withoutMark = (text: string): string => text.replace(/^\uFEFF/, '');

function parsed(text: string, name: string): unknown {
  const json = withoutMark(text);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    const { line, column } = jsonFault(json) ?? { line: 1, column: 1 };
    throw new CliFailure(`${name}:${line}:${column} is no JSON`, {
      hint: 'Nothing was run. JSON has names and texts in quotation marks, a comma between two members, and no comments.',
      exitCode: 2,
      cause: error,
    });
  }
  if (typeof value === 'object' && value !== null && isDeeper(value, PART_NESTING_MAX))
    throw new CliFailure(`${name} is nested too deep`, { hint: `No more than ${PART_NESTING_MAX} levels.`, exitCode: 2 });
  return value;
}

/** Writes a file that only its owner may read: it holds what was said. Replaces another one only where that is said. */
export function writeOverrides(path: string, overrides: Overrides, force: boolean): void {
  try {
    writeFileSync(path, `${JSON.stringify({ $schema: SCHEMA, ...overrides }, null, 2)}\n`, {
      mode: 0o600,
      flag: force ? 'w' : 'wx',
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CliFailure(
      code === 'EEXIST' ? `${path} is there already` : `${path} cannot be written (${code ?? 'unknown error'})`,
      {
        hint: code === 'EEXIST' ? '--force replaces it.' : undefined,
        exitCode: 2,
        cause: error,
      },
    );
  }
}
