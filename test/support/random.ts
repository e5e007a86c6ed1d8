/** Randomness that can be had again: each round of a fuzz test has a seed, which its failure names. */

/** Choices that follow from a seed alone (mulberry32). */
export class Random {
  readonly seed: number;
  #state: number;

  constructor(seed: number) {
    this.seed = seed;
    this.#state = seed | 0;
  }

  /** A whole number from 0 to `limit`, that not included. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }
}

/** Rounds of the short form, in which nobody asked for a time. */
const SECONDS = Number(process.env['HINDCAST_FUZZ'] ?? 0);
const SEED = Number(process.env['HINDCAST_FUZZ_SEED'] ?? Number.NaN);

/** How long a test that runs `fuzz` may take. */
export const FUZZ_TIMEOUT_MS = (SECONDS + 120) * 1000;

/**
 * Runs `round` with one seed after the other: `rounds` times, or for HINDCAST_FUZZ seconds where that is set, or once with HINDCAST_FUZZ_SEED. The failure of a round names its seed.
 */
export async function fuzz(rounds: number, round: (random: Random) => unknown): Promise<void> {
  const until = performance.now() + SECONDS * 1000;
  // The long form goes on where no run before it has been.
  const first = SECONDS > 0 ? Date.now() % 1_000_000_000 : 1;
  for (let done = 0; SECONDS > 0 ? performance.now() < until : done < rounds; done++) {
    const seed = Number.isNaN(SEED) ? first + done : SEED;
    try {
      await round(new Random(seed));
    } catch (error) {
      throw new Error(`HINDCAST_FUZZ_SEED=${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
    if (!Number.isNaN(SEED)) return;
  }
}

/** Texts that programs trip over. */
export const HOSTILE_TEXTS: readonly string[] = [
  '',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '../../../etc/passwd',
  'a/b\\c',
  '\u001b]0;owned\u0007\u001b[2J',
  '\u009b31m',
  '\u202egnp.exe',
  'line\nbreak\r\ncr\rtab\t',
  '\ud800',
  '\u0000',
  '</script><script>alert(1)</script>',
  '`````\n# heading | cell\n',
  '=cmd|calc',
  'x'.repeat(5000),
  '🦅'.repeat(300),
  '9'.repeat(400),
  '$&$1',
];

/** Numbers that programs trip over. */
export const HOSTILE_NUMBERS: readonly number[] = [
  0,
  -0,
  -1,
  1,
  0.5,
  1e-320,
  1e21,
  1e308,
  -1e308,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
];

/** A JSON value that nobody expects. */
export function hostileJson(random: Random, depth = 0): unknown {
  switch (random.below(depth > 3 ? 5 : 8)) {
    case 0:
      return random.pick(HOSTILE_TEXTS);
    case 1:
      return random.pick(HOSTILE_NUMBERS);
    case 2:
      return random.once(2);
    case 3:
      return null;
    case 4:
      return random.below(1_000_000);
    case 5:
      return Array.from({ length: random.below(4) }, () => hostileJson(random, depth + 1));
    case 6:
      return Object.fromEntries(
        Array.from({ length: random.below(4) }, () => [random.pick(HOSTILE_TEXTS), hostileJson(random, depth + 1)]),
      );
    default:
      return nested(random.pick([10, 300, 20_000]));
  }
}

/** Lists in lists. */
export function nested(levels: number): unknown {
  let value: unknown = 'deep';
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

/** Changes one member somewhere in `value`, in place. */
export function mutateJson(value: object, random: Random): void {
  const places: { of: Record<string, unknown>; name: string }[] = [];
  const visit = (of: object, depth: number): void => {
    for (const name of Object.keys(of)) {
      places.push({ of: of as Record<string, unknown>, name });
      const member = (of as Record<string, unknown>)[name];
      if (typeof member === 'object' && member !== null && depth < 12) visit(member, depth + 1);
    }
  };
  visit(value, 0);
  if (places.length === 0) return;
  const { of, name } = random.pick(places);
  const other = random.pick(places);
  switch (random.below(5)) {
    case 0:
      delete of[name];
      break;
    case 1:
      of[name] = other.of[other.name];
      break;
    case 2:
      Object.defineProperty(of, random.pick(HOSTILE_TEXTS), {
        value: hostileJson(random),
        enumerable: true,
        configurable: true,
        writable: true,
      });
      break;
    default:
      of[name] = hostileJson(random);
  }
}

/** JSON of `value`, also where it is nested deeper than `JSON.stringify` goes, or goes round in a circle; those are cut. */
export function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch {
    return deepJson(value);
  }
}

/** What goes round in circles has no end. */
const PARTS_MAX = 200_000;

function deepJson(value: unknown): string {
  const parts: string[] = [];
  const stack: (string | { value: unknown; depth: number })[] = [{ value, depth: 0 }];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (typeof at === 'string') {
      parts.push(at);
      continue;
    }
    const { value: one, depth } = at;
    if (typeof one !== 'object' || one === null || depth > 50_000 || parts.length > PARTS_MAX) {
      parts.push(typeof one === 'object' ? 'null' : (JSON.stringify(one) ?? 'null'));
      continue;
    }
    const isList = Array.isArray(one);
    const entries = Object.entries(one);
    const [open, close] = isList ? ['[', ']'] : ['{', '}'];
    stack.push(close);
    for (let i = entries.length - 1; i >= 0; i--) {
      const [name, member] = entries[i]!;
      stack.push({ value: member, depth: depth + 1 });
      stack.push(`${i > 0 ? ',' : ''}${isList ? '' : `${JSON.stringify(name)}:`}`);
    }
    stack.push(open);
  }
  return parts.join('');
}

/** Fails when something has put a member on the prototype of all objects. */
export function checkPrototypes(): void {
  const found = [Object.prototype, Array.prototype, Function.prototype].flatMap((of) => Object.keys(of));
  if (found.length > 0) throw new Error(`a prototype was given ${found.join(', ')}`);
}
