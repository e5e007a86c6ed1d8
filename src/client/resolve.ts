/** Puts options together: defaults < configuration file < environment < code. Each value knows where it came from. */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CONTROL_CHARACTERS } from '../core/control-characters.ts';
import { findProjectFolder } from '../recording/folder.ts';
import { OPTIONS } from './options.ts';
import type { Option, Options, Values } from './options.ts';
import { BadValue } from './parse.ts';
import type { Kind } from './parse.ts';

export const CONFIG_FILE = 'hindcast.config.json';
const CONFIG_BYTES_MAX = 1_048_576;

export interface Resolved {
  values: Values;
  /** By option name: `default`, the path of the file, the environment variable, or `init()`. */
  origins: Record<string, string>;
  /** One sentence each: what could not be used, and what to do. */
  problems: string[];
}

interface Source {
  origin: string;
  kind: Kind<unknown>;
  value: unknown;
  isText: boolean;
  /** A relative path is relative to this. */
  base: string;
}

type Env = Record<string, string | undefined>;

/** The options of a process that called `init(options)` in `cwd`. Reads the configuration file and nothing else; never throws. */
export function resolveOptions(options: Options = {}, env: Env = process.env, cwd: string = process.cwd()): Resolved {
  const problems: string[] = [];
  const given = readGiven(options, problems);
  const folder = findProjectFolder(cwd);
  const file = readConfig(join(dirname(folder), CONFIG_FILE), problems);
  const names = new Set(OPTIONS.map((option) => option.name));
  for (const name of memberNames(given)) {
    if (!names.has(name)) problems.push(`init() knows no option "${shown(name)}"; it is ignored`);
  }
  for (const name of memberNames(file.data)) {
    if (!names.has(name)) problems.push(`${file.path} has an unknown option "${shown(name)}"; take it out or correct its name`);
  }
  const values: Record<string, unknown> = {};
  const origins: Record<string, string> = {};
  for (const option of OPTIONS) {
    const found = firstUsable(option, sourcesOf(option, { given, env, file, cwd, origins }), problems);
    origins[option.name] = found?.origin ?? 'default';
    put(values, option.name, found?.value ?? option.default);
  }
  values['agent'] ??= {};
  values['session'] ??= {};
  if (values['dir'] === undefined) values['dir'] = folder;
  return {
    values: values as unknown as Values,
    origins,
    problems: [...problems, ...contradictions(values as unknown as Values, env, origins)],
  };
}

const NAME_CHARS_MAX = 1000;

/** A name that somebody else made up, as it goes into a message. */
const shown = (name: string): string => name.slice(0, NAME_CHARS_MAX).replace(/\s/g, ' ').replace(CONTROL_CHARACTERS, '');

/** A copy of the argument of `init()`, whatever JavaScript lets through: a getter or a proxy of the app may throw, and does so here and nowhere else. */
function readGiven(options: unknown, problems: string[]): Record<string, unknown> {
  const given: Record<string, unknown> = Object.create(null);
  try {
    if (typeof options !== 'object' || options === null || Array.isArray(options)) throw new BadValue('an object of options');
    for (const name of Object.keys(options)) {
      try {
        const value = (options as Record<string, unknown>)[name];
        given[name] = GROUPS.has(name) ? readGroup(name, value) : value;
      } catch {
        problems.push(`${shown(name)} in init() cannot be read; it is ignored`);
      }
    }
  } catch {
    problems.push('the argument of init() must be an object of options; it is ignored');
  }
  return given;
}

/** Options that hold options: `agent`, `session`. */
const GROUPS = new Set(OPTIONS.flatMap(({ name }) => (name.includes('.') ? [name.slice(0, name.indexOf('.'))] : [])));

function readGroup(name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const known = OPTIONS.filter((option) => option.name.startsWith(`${name}.`)).map((option) =>
    option.name.slice(name.length + 1),
  );
  const group: Record<string, unknown> = Object.create(null);
  for (const member of new Set([...Object.keys(value), ...known])) {
    const said = (value as Record<string, unknown>)[member];
    if (said !== undefined) group[member] = said;
  }
  return group;
}

/** What an option is set to and by whom, highest precedence first. */
function sourcesOf(
  option: Option,
  from: { given: Record<string, unknown>; env: Env; file: ConfigFile; cwd: string; origins: Record<string, string> },
): Source[] {
  const { given, env, file, cwd, origins } = from;
  const sources: Source[] = [];
  const inCode = pick(given, option.name);
  if (inCode !== undefined) sources.push({ origin: 'init()', kind: option.kind, value: inCode, isText: false, base: cwd });
  for (const variable of option.env) {
    const text = env[variable.name];
    if (text === undefined || text.trim() === '') continue;
    if (variable.only && !origins[variable.only.with]?.startsWith(variable.only.prefix)) continue;
    sources.push({ origin: variable.name, kind: variable.kind ?? option.kind, value: text, isText: true, base: cwd });
  }
  const inFile = pick(file.data, option.name);
  if (inFile !== undefined) {
    sources.push({ origin: file.path, kind: option.kind, value: inFile, isText: false, base: dirname(file.path) });
  }
  return sources;
}

/** The first value that passes its check; what does not is a problem, and the next one counts. */
function firstUsable(option: Option, sources: Source[], problems: string[]): { value: unknown; origin: string } | undefined {
  for (const source of sources) {
    try {
      const value = source.isText ? source.kind.parse(source.value as string) : source.kind.check(source.value);
      return { value: option.kind.name === 'path' ? resolve(source.base, value as string) : value, origin: source.origin };
    } catch (error) {
      const expected = error instanceof BadValue ? error.message : 'a usable value';
      const where = source.isText ? source.origin : `${option.name} in ${source.origin}`;
      problems.push(`${where} must be ${expected}; it is ignored`);
    }
  }
  return undefined;
}

/** Settings that are right by themselves and do not go together. */
function contradictions(values: Values, env: Env, origins: Record<string, string>): string[] {
  const problems: string[] = [];
  const protocol = env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] ?? env['OTEL_EXPORTER_OTLP_PROTOCOL'];
  if (protocol === 'grpc' && origins['endpoint']?.startsWith('OTEL_')) {
    delete values.endpoint;
    origins['endpoint'] = 'default';
    values.headers = {};
    problems.push(
      'the OTLP endpoint is set to gRPC, and hindcast sends OTLP over HTTP: set HINDCAST_ENDPOINT to an OTLP/HTTP URL',
    );
  }
  if (values.exporter !== undefined && values.endpoint !== undefined && origins['endpoint'] === 'init()')
    problems.push('endpoint is not used, because exporter is set: leave one of them out');
  if (values.captureContent && recordMode(values, env) === 'metadata') {
    problems.push('captureContent has nothing to send, because recordings hold no content here: set record to "full"');
  }
  return problems;
}

/** What `record` comes to in this environment. */
export function recordMode(values: Pick<Values, 'record'>, env: Env): 'full' | 'metadata' | 'off' {
  if (values.record !== 'auto') return values.record;
  return env['NODE_ENV'] === 'production' ? 'metadata' : 'full';
}

interface ConfigFile {
  path: string;
  data: Record<string, unknown>;
}

function readConfig(path: string, problems: string[]): ConfigFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      problems.push(`${path} cannot be read (${code ?? 'unknown error'}); it is ignored`);
    return { path, data: {} };
  }
  try {
    const data: unknown = text.length <= CONFIG_BYTES_MAX ? JSON.parse(text) : undefined;
    if (typeof data === 'object' && data !== null && !Array.isArray(data)) return { path, data: data as Record<string, unknown> };
  } catch {
    // Said below.
  }
  problems.push(`${path} must be a JSON object; it is ignored`);
  return { path, data: {} };
}

/** `agent.id` for `{ agent: { id } }`: the names of the table. */
export function memberNames(data: Record<string, unknown>): string[] {
  return Object.entries(data).flatMap(([name, value]) => {
    if (name === '$schema' || value === undefined) return [];
    const nested = OPTIONS.some((option) => option.name.startsWith(`${name}.`)) && typeof value === 'object' && value !== null;
    return nested ? Object.keys(value).map((key) => `${name}.${key}`) : [name];
  });
}

/** The member that a dotted name names. */
export function pick(data: Record<string, unknown>, name: string): unknown {
  const [first = '', second] = name.split('.');
  const value = Object.hasOwn(data, first) ? data[first] : undefined;
  if (second === undefined) return value;
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[second] : undefined;
}

/** Sets the member that a dotted name names; undefined only with `always`. */
export function put(values: Record<string, unknown>, name: string, value: unknown, always = false): void {
  if (value === undefined && !always) return;
  const [first = '', second] = name.split('.');
  if (second === undefined) values[first] = value;
  else ((values[first] ??= {}) as Record<string, unknown>)[second] = value;
}

/** A value as `config show` prints it: credentials are not. */
export function showValue(option: Option, values: Values): string {
  const value = pick(values as unknown as Record<string, unknown>, option.name);
  if (value === undefined) return '(none)';
  if (option.secret)
    return (
      Object.keys(value as object)
        .map((name) => `${name}=<redacted>`)
        .join(', ') || '(none)'
    );
  if (typeof value === 'function') return '(a function)';
  if (option.name === 'instrument') return Object.keys(value as object).join(', ') || '(none)';
  if (option.name === 'processors')
    return (value as unknown[]).length === 0 ? '(none)' : `(${(value as unknown[]).length} functions)`;
  if (option.name === 'exporter') return '(an exporter)';
  if (option.name === 'endpoint') return withoutCredentials(String(value));
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function withoutCredentials(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  if (url.password !== '') url.password = 'redacted';
  return url.href;
}
