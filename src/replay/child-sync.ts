/** Child processes that are waited for: `spawnSync`, `execFileSync` and `execSync`. What came of one is recorded as a whole; in a replay none is started. */
import { guard } from '../core/diagnostics.ts';
import { wordsOf } from './channel-words.ts';
import type { Channels, Opening } from './channels.ts';
import { commandOf, inputOf } from './child-what.ts';
import { envOfStarted } from './environment.ts';
import type { Arrival } from './source.ts';
import { systemError, systemFacts } from './system-error.ts';
import type { SystemFacts } from './system-error.ts';

/** What a descriptor of the child was given back as. */
interface Output {
  length: number;
  isText: boolean;
}

/** What came of the call: in the bytes of the arrival stand the outputs, then what Node printed of the child's errors. */
interface Outcome {
  /** Members of the result, or of the error, in their order. */
  members: string[];
  pid?: number;
  status?: number | null;
  signal?: string | null;
  outputs?: (Output | null)[];
  /** The result is this alone: what the child printed. */
  returned?: Output | null;
  thrown?: SystemFacts;
  /** The error that stands in the result. */
  error?: SystemFacts;
  printed: number;
}

type Result = Record<string, unknown>;

/** Answers a call of the function `name` with `args`; `real` makes it with those that it is given. */
export function answerSync(
  name: string,
  args: readonly unknown[],
  { channels, real }: { channels: Channels; real: (args: readonly unknown[]) => unknown },
): unknown {
  const opening: Opening = { kind: 'child', what: { ...whatOfSync(name, args), sync: name } };
  if (!channels.real) {
    const answer = channels.ask(opening, () => ({ event: 'done' }));
    if (answer !== null) return again(answer);
    const really = channels.refuse(opening, wordsOf(opening));
    return answerSync(name, args, { channels: really, real: () => real(ofItsOwn(args)) });
  }
  let end: { value: unknown } | { error: unknown } | undefined;
  channels.ask(opening, () => {
    const printed = watchingErrors(() => {
      end = outcomeOf(() => real(args));
    });
    return guard('replay.child', () => packed(end ?? { value: undefined }, printed), { event: 'done' });
  });
  if (end !== undefined && 'error' in end) throw end.error;
  return end?.value;
}

/** Arguments by which a process is started that is none of the replay. */
function ofItsOwn(args: readonly unknown[]): unknown[] {
  const at = args.findLastIndex(isOptions);
  const options = (args[at] ?? {}) as { env?: NodeJS.ProcessEnv };
  const changed = { ...options, env: envOfStarted(options.env ?? process.env) };
  return at < 0 ? [...args, changed] : args.with(at, changed);
}

const isOptions = (each: unknown): boolean => typeof each === 'object' && each !== null && !Array.isArray(each);

function whatOfSync(name: string, [command, ...rest]: readonly unknown[]): object {
  const args = name !== 'execSync' && Array.isArray(rest[0]) ? rest[0].map(String) : [];
  const last = rest.findLast(isOptions);
  const { cwd, input, stdio } = (last ?? {}) as { cwd?: unknown; input?: unknown; stdio?: unknown };
  const entries = Array.isArray(stdio) ? stdio : [stdio, stdio, stdio];
  const kinds = entries.map((entry: unknown) => (isInherited(entry) ? 'inherit' : 'none'));
  return { ...commandOf(String(command), args, cwd), ...inputOf(input), ...(kinds.includes('inherit') && { stdio: kinds }) };
}

function isInherited(entry: unknown): boolean {
  const fd = typeof entry === 'object' && entry !== null ? (entry as { fd?: unknown }).fd : entry;
  return fd === 'inherit' || (typeof fd === 'number' && fd >= 0 && fd <= 2);
}

function outcomeOf(real: () => unknown): { value: unknown } | { error: unknown } {
  try {
    return { value: real() };
  } catch (error) {
    return { error };
  }
}

/** What `run` prints on stderr: Node does so with the errors of a child that has no descriptor for them. */
function watchingErrors(run: () => void): Uint8Array[] {
  const printed: Uint8Array[] = [];
  const stream = guard('replay.child.stderr', () => process.stderr, undefined);
  if (stream === undefined) {
    run();
    return printed;
  }
  const before = Object.getOwnPropertyDescriptor(stream, 'write');
  const write = stream.write as (...args: unknown[]) => boolean;
  const watched = (...args: unknown[]): boolean => {
    printed.push(bytesOf(args[0]));
    return Reflect.apply(write, stream, args);
  };
  Object.defineProperty(stream, 'write', { value: watched, writable: true, configurable: true, enumerable: false });
  try {
    run();
  } finally {
    if (before === undefined) Reflect.deleteProperty(stream, 'write');
    else Object.defineProperty(stream, 'write', before);
  }
  return printed;
}

const bytesOf = (value: unknown): Uint8Array => (typeof value === 'string' ? Buffer.from(value) : (value as Uint8Array));

function packed(end: { value: unknown } | { error: unknown }, printed: Uint8Array[]): Arrival {
  const pieces: Uint8Array[] = [];
  const put = (value: unknown): Output | null => {
    if (typeof value !== 'string' && !(value instanceof Uint8Array)) return null;
    const bytes = bytesOf(value);
    pieces.push(bytes);
    return { length: bytes.length, isText: typeof value === 'string' };
  };
  const given = 'error' in end ? end.error : end.value;
  const isPlain = 'value' in end && (typeof given !== 'object' || given === null || given instanceof Uint8Array);
  const result = (isPlain ? {} : given) as Result;
  const { pid, status, signal, output, error } = result;
  const outcome: Outcome = {
    members: Object.keys(result),
    ...(typeof pid === 'number' && { pid }),
    ...(status !== undefined && { status: status as number | null }),
    ...(signal !== undefined && { signal: signal as string | null }),
    ...(Array.isArray(output) && { outputs: output.map(put) }),
    ...(isPlain && { returned: put(given) }),
    ...('error' in end && { thrown: withoutOutputs(systemFacts(end.error)) }),
    ...('value' in end && error instanceof Error && { error: systemFacts(error) }),
    printed: 0,
  };
  const errors = Buffer.concat(printed);
  return { event: 'done', data: { ...outcome, printed: errors.length }, bytes: Buffer.concat([...pieces, errors]) };
}

/** What the child printed is kept once. */
function withoutOutputs({ members, ...facts }: SystemFacts): SystemFacts {
  const { stdout: _stdout, stderr: _stderr, ...others } = members ?? {};
  return { ...facts, ...(Object.keys(others).length > 0 && { members: others }) };
}

/** What the call gave: returned, or thrown. */
function again({ data, bytes = new Uint8Array() }: Arrival): unknown {
  const outcome = data as Outcome;
  let at = 0;
  const take = (output: Output | null): string | Buffer | null => {
    if (output === null) return null;
    const piece = Buffer.from(bytes.subarray(at, (at += output.length)));
    return output.isText ? piece.toString() : piece;
  };
  const outputs = outcome.outputs?.map(take) ?? null;
  const returned = take(outcome.returned ?? null);
  if (outcome.printed > 0) process.stderr.write(Buffer.from(bytes.subarray(at, at + outcome.printed)));
  const { thrown, error } = outcome;
  if (thrown === undefined && outcome.returned !== undefined) return returned;
  const into = (thrown === undefined ? {} : systemError(thrown)) as Result;
  const members: Result = {
    ...into,
    pid: outcome.pid,
    status: outcome.status,
    signal: outcome.signal,
    output: outputs,
    stdout: outputs?.[1] ?? null,
    stderr: outputs?.[2] ?? null,
    error: thrown === undefined ? error && systemError(error) : into,
  };
  // In the order in which Node puts them.
  for (const name of outcome.members) {
    const value = name in members ? members[name] : into[name];
    Reflect.deleteProperty(into, name);
    into[name] = value;
  }
  if (thrown !== undefined) throw into as unknown as Error;
  return into;
}
