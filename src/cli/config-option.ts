/** One option in the configuration file: found by its name, checked, put in, taken out. */
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { OPTIONS, type Option } from '../client/options.ts';
import { BadValue } from '../client/parse.ts';
import { CliFailure } from './failure.ts';
import { nearest } from './nearest.ts';

/** The option of that name. */
export function optionNamed(name: string): Option {
  const option = OPTIONS.find((one) => one.name === name);
  if (option !== undefined) return option;
  const members = OPTIONS.filter((one) => one.name.startsWith(`${name}.`)).map((one) => one.name);
  const meant = nearest(
    name,
    OPTIONS.map((one) => one.name),
  );
  const hint =
    members.length > 0
      ? `It has members: ${members.join(', ')}.`
      : meant === undefined
        ? 'hindcast config show lists the options.'
        : `Did you mean ${meant}?`;
  throw new CliFailure(`there is no option "${name}"`, { exitCode: 2, hint });
}

/** The option, if a file may hold it. */
export function optionOfFile(name: string): Option {
  const option = optionNamed(name);
  if (option.env.length > 0) return option;
  throw new CliFailure(`${name} can only be set in code`, { exitCode: 2, hint: `Give it to init({ ${name}: ... }).` });
}

/** What the file is to hold for a text of the command line. A relative path is meant from here, and is kept relative to the file. */
export function valueFor(option: Option, text: string, path: string): unknown {
  let value: unknown;
  try {
    value = option.kind.parse(text);
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    throw new CliFailure(`${option.name} must be ${error.message}`, { exitCode: 2, cause: error });
  }
  if (option.kind.name === 'path') return isAbsolute(text) ? text : relative(dirname(path), resolve(text)) || '.';
  // An address as it was typed: what is appended to it is appended when it is read.
  return option.kind.name === 'URL' ? text.trim() : value;
}

/** Whether the value holds, or may hold, a credential. */
export function isSecret(option: Option, value: unknown): boolean {
  if (option.secret) return true;
  if (option.kind.name !== 'URL' || typeof value !== 'string' || !URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username !== '' || password !== '';
}

/** A copy of the file's data with the option in it. */
export function withOption(data: Record<string, unknown>, name: string, value: unknown): Record<string, unknown> {
  const [first = '', second] = name.split('.');
  if (second === undefined) return { ...data, [first]: value };
  const group = data[first];
  if (group !== undefined && (typeof group !== 'object' || group === null || Array.isArray(group)))
    throw new CliFailure(`${first} in the file is no object, so ${name} cannot be put into it`, {
      hint: 'Correct it there; nothing was changed.',
    });
  return { ...data, [first]: { ...(group as object | undefined), [second]: value } };
}

/** A copy of the file's data without the option; the same object when it is not in it. */
export function withoutOption(data: Record<string, unknown>, name: string): Record<string, unknown> {
  const [first = '', second] = name.split('.');
  if (!Object.hasOwn(data, first)) return data;
  const { [first]: group, ...others } = data;
  if (second === undefined) return others;
  if (typeof group !== 'object' || group === null || !Object.hasOwn(group, second)) return data;
  const { [second]: _taken, ...left } = group as Record<string, unknown>;
  return Object.keys(left).length === 0 ? others : { ...data, [first]: left };
}
