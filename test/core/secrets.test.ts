/** V3 and V6: what the built-in patterns find of keys made from their documented forms, what they leave alone, and that no text makes them slow. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EMAIL_RULE, findSecrets, SECRET_KINDS } from '../../src/core/secrets.ts';

const read = (name: string): unknown => JSON.parse(readFileSync(join(import.meta.dirname, 'secrets', name), 'utf8'));
const keys = read('keys.json') as { kind: string; form: string; inside?: string[] }[];
const places = read('places.json') as Record<string, { text: string; escapes: number }>;
const survivors = read('survivors.json') as Record<string, string[]>;
const TRIES = 20;

const DIGITS = '0123456789';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const ALPHABETS: Record<string, string> = {
  ...{ hex: `${DIGITS}abcdef`, digit: DIGITS, lower: LOWER + DIGITS, alnum: LOWER + UPPER + DIGITS, base32: `${UPPER}234567` },
  ...{ word: `${LOWER}${UPPER}${DIGITS}_-`, b64: `${LOWER}${UPPER}${DIGITS}+/`, aws: `${LOWER}${UPPER}${DIGITS}/+` },
};

/** The same numbers each time. */
let state = 42;
function draw(limit: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
}
const drawn = (length: number, alphabet: string): string =>
  Array.from({ length }, () => alphabet[draw(alphabet.length)]).join('');
const base64url = (text: string): string => Buffer.from(text).toString('base64url');

/** A text of a form. What is drawn ends in a letter and holds one of each class, as all but one in thousands of real ones do. */
function made(form: string): string {
  return form
    .replace(
      '{jwt}',
      () =>
        `${base64url('{"alg":"HS256","typ":"JWT"}')}.${base64url(`{"sub":"${draw(1e9)}"}`)}.${drawn(42, ALPHABETS['alnum'] ?? '')}a`,
    )
    .replace('{discord}', () => base64url(`4${drawn(17, DIGITS)}`))
    .replace('{basic}', () => Buffer.from(`user:${drawn(12, LOWER)}`).toString('base64'))
    .replace(/\{(\d+):(\w+)\}/g, (_, length: string, name: string) => {
      const text = drawn(Number(length), ALPHABETS[name] ?? '');
      return /alnum|word|b64|aws/.test(name) && text.length > 12 ? `${text.slice(0, -4)}aZ7b` : text;
    });
}

function escaped(text: string, times: number): string {
  return times === 0 ? text : escaped(JSON.stringify(text).slice(1, -1), times - 1);
}

interface Tally {
  tried: number;
  found: number;
  missed: string[];
}

function measure(): Map<string, Tally> {
  const tallies = new Map<string, Tally>();
  for (const { kind, form, inside } of keys) {
    const texts = inside ? inside.map((text) => ({ text, escapes: 0 })) : Object.values(places);
    const tally = tallies.get(kind) ?? { tried: 0, found: 0, missed: [] };
    tallies.set(kind, tally);
    for (const { text, escapes } of texts)
      for (let n = 0; n < TRIES; n++) {
        const secret = escaped(made(form), escapes);
        const whole = text.replace('{secret}', () => secret);
        const at = whole.indexOf(secret);
        const hit = findSecrets(whole).some(
          (one) =>
            one.start <= at && one.end >= at + secret.length && one.end - one.start <= secret.length + 2 && one.kind === kind,
        );
        tally.tried++;
        if (hit) tally.found++;
        else if (tally.missed.length < 3) tally.missed.push(`${whole} → ${JSON.stringify(findSecrets(whole))}`);
      }
  }
  return tallies;
}

const tallies = measure();
const wiped = Object.entries(survivors).map(([name, texts]) => {
  const tried = texts.flatMap((text) => Array.from({ length: TRIES }, () => made(text)));
  const hits = tried.flatMap((text) =>
    findSecrets(text).map(({ kind, start, end }) => `${kind}: ${text.slice(start, end)} in ${text.slice(0, 200)}`),
  );
  return { name, tried: tried.length, hits };
});

/** As it stands in docs/privacy.md. */
function tables(): string[] {
  return [
    ...[...tallies].map(([kind, { tried, found }]) => `| \`${kind}\` | ${found} of ${tried} |`),
    ...wiped.map(({ name, tried, hits }) => `| ${name} | ${hits.length} of ${tried} |`),
  ];
}

describe('V3 secrets are found', () => {
  test('the corpus has every kind', () => {
    expect([...tallies.keys()].sort()).toEqual([...SECRET_KINDS].sort());
  });
  test.each([...tallies])('%s', (_kind, { tried, found, missed }) => {
    expect(missed).toEqual([]);
    expect(found).toBe(tried);
  });
  test('e-mail addresses only on request', () => {
    const text = 'write to jane.doe+x@mail.example.com, or \\nbob@example.org';
    expect(findSecrets(text)).toEqual([]);
    expect(findSecrets(text, [EMAIL_RULE]).map(({ start, end }) => text.slice(start, end))).toEqual([
      'jane.doe+x@mail.example.com',
      'nbob@example.org',
    ]);
  });
});

describe('V6 what is no secret stays', () => {
  test.each(wiped)('$name', ({ hits }) => {
    expect(hits).toEqual([]);
  });
  test('what stands in the place of a secret is none', () => {
    const once = 'Bearer <redacted:openai-key#1> password=<redacted:password#2> {"api_key":"<redacted>"}';
    expect(findSecrets(once)).toEqual([]);
  });
});

test('docs/privacy.md says what is measured here', () => {
  const doc = readFileSync(join(import.meta.dirname, '../../docs/privacy.md'), 'utf8').split('\n');
  expect(tables().filter((row) => !doc.includes(row))).toEqual([]);
});

/** Steps, not time: a pattern that backtracks would not come back from ten times of these. */
describe('no text makes it slow', () => {
  const beginnings = [
    ...keys.flatMap(({ form }) => [form.slice(0, 8), form.replace(/\{.*/s, '')]),
    'eyJ',
    '://a:',
    'password="',
    'token=',
    'secret ',
    'mistral ',
    '\\"',
    '\\',
    'a@a.',
    '%41eyJ',
    '-----BEGIN PRIVATE KEY-----\n',
    'AA1',
    '/home/',
    'Bearer ',
    '{"token":"',
  ];
  test.each([...new Set(beginnings.filter(Boolean))])('%j, a million times over', (word) => {
    const small = word.repeat(Math.ceil(1e5 / word.length));
    const large = word.repeat(Math.ceil(1e6 / word.length));
    const cpu = (text: string): number => {
      const before = process.cpuUsage();
      findSecrets(text);
      const { user, system } = process.cpuUsage(before);
      return user + system;
    };
    cpu(small);
    // Of a square it would be a hundred times.
    expect(cpu(large)).toBeLessThan(40 * Math.max(20_000, cpu(small)));
  });
});
