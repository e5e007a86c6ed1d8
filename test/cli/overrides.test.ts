/** R14: overrides files are plain data. What is wrong with one is said with its place; nothing that anybody writes into one can break anything. */
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CliFailure } from '../../src/cli/failure.ts';
import { overridesOf, readOverrides, writeOverrides } from '../../src/cli/overrides/overrides-file.ts';
import { OVERRIDES_BYTES_MAX, renderOverridesSchema } from '../../src/cli/overrides/overrides.ts';
import type { Overrides } from '../../src/cli/overrides/overrides.ts';
import { newFolder } from './process.ts';

const ID = '00f067aa0ba902b7';
const OTHER = '10f067aa0ba902b7';
const GOOD: Overrides = {
  $schema: './node_modules/hindcast/docs/overrides.schema.json',
  version: 1,
  session: 'ses_4f1a22b30c41',
  at: ID,
  after: 'live',
  allow: ['refund', '*'],
  edits: [
    { event: ID, name: '#7 chat', set: { '/temperature': 0, '/stop': null }, replace: [{ find: 'a', with: '' }], onward: true },
    { event: OTHER, result: { saved: [true, null, 1.5] } },
    {
      event: '20f067aa0ba902b7',
      completion: { text: '', toolCalls: [{ name: 'x', arguments: {}, id: 'call_1' }], finishReason: 'stop' },
    },
    { event: '30f067aa0ba902b7', request: { model: 'b', messages: [] }, resample: true },
  ],
};

/** What is said of overrides. */
function saidOf(overrides: unknown): string {
  try {
    overridesOf(typeof overrides === 'string' ? overrides : JSON.stringify(overrides), 'e.json');
    return '';
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error;
    expect(error.exitCode).toBe(2);
    // Where JSON is on one line, its columns say little.
    return error.message.replaceAll(/^( *e\.json):1:\d+(?=: )/gm, '$1');
  }
}

const changed = (change: (overrides: any) => void): unknown => {
  const copy = structuredClone(GOOD);
  change(copy);
  return copy;
};

describe('checking', () => {
  it('takes what is right', () => expect(saidOf(GOOD)).toBe(''));

  it.each<[string, unknown]>([
    ['e.json:2:3 is no JSON', '{\n  edits: []}'],
    ['e.json: the file must be an object', []],
    ['e.json: the file must have the member version', changed((o) => delete o.version)],
    ['e.json: the file must have the member session', changed((o) => delete o.session)],
    ['e.json: /version must be 1', changed((o) => (o.version = 2))],
    ['e.json: /session must be the id of a session', changed((o) => (o.session = '../../etc'))],
    ['e.json: /at must be the id of an event', changed((o) => (o.at = 7))],
    ['e.json: /after must be "branch" or "live"', changed((o) => (o.after = 'never'))],
    ['e.json: /allow must be a list', changed((o) => (o.allow = '*'))],
    ['e.json: /edit is no member that is known: did you mean edits?', changed((o) => (o.edit = []))],
    ['e.json: /edits/0/sett is no member that is known: did you mean set?', changed((o) => (o.edits[0].sett = {}))],
    ['e.json: /edits/0/set must be an object', changed((o) => (o.edits[0].set = []))],
    ['e.json: /edits/0/replace/0 must have the member with', changed((o) => delete o.edits[0].replace[0].with)],
    ['e.json: /edits/0/replace/0/find must be text that is not empty', changed((o) => (o.edits[0].replace[0].find = ''))],
    ['e.json: /edits/0/onward must be true or false', changed((o) => (o.edits[0].onward = 'yes'))],
    [
      'e.json: /edits/2/completion/toolCalls/0 must have the member arguments',
      changed((o) => delete o.edits[2].completion.toolCalls[0].arguments),
    ],
    [
      'e.json: /edits/2/completion/temperature is no member that is known',
      changed((o) => (o.edits[2].completion.temperature = 0)),
    ],
    ['e.json: /edits/1 is of an event that has an edit', changed((o) => (o.edits[1].event = ID))],
    ['e.json: /edits/3 has both request and set', changed((o) => (o.edits[3].set = {}))],
    ['e.json: /edits/1 has a result, which is of a tool', changed((o) => (o.edits[1].resample = true))],
    ['e.json: the file must say where to fork', { version: 1, session: 's', edits: [] }],
    [
      'e.json: /edits must have no more than 100 elements',
      changed((o) => (o.edits = Array.from({ length: 101 }, () => o.edits[0]))),
    ],
    ['e.json: /edits/0/__proto__ is no member', JSON.stringify(GOOD).replace('"set":', '"__proto__":{"polluted":1},"set":')],
    ['e.json is nested too deep', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
  ])('%s', (says, overrides) => {
    expect(saidOf(overrides)).toContain(says);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('tells several faults at once, and not all of many', () => {
    const said = saidOf(changed((o) => (o.allow = Array.from({ length: 50 }, () => 1))));
    expect(said.split('\n')).toHaveLength(5);
  });
});

describe('files', () => {
  it('are written for their owner alone, do not replace another, and are read again', () => {
    const path = join(newFolder(), 'e.json');
    writeOverrides(path, GOOD, false);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readOverrides(path)).toEqual(GOOD);
    expect(() => writeOverrides(path, GOOD, false)).toThrow(/is there already/);
    writeOverrides(path, { ...GOOD, after: 'branch' }, true);
    expect(readOverrides(path).after).toBe('branch');
  });

  it('that are too large, or not there, are not read', () => {
    const path = join(newFolder(), 'e.json');
    expect(() => readOverrides(path)).toThrow(/cannot be read: there is no such file/);
    writeFileSync(path, '');
    truncateSync(path, OVERRIDES_BYTES_MAX + 1);
    expect(() => readOverrides(path)).toThrow(/too large/);
  });

  it('may begin with a byte order mark', () => expect(saidOf(`\uFEFF${JSON.stringify(GOOD)}`)).toBe(''));
});

it('docs/overrides.schema.json is what the code checks', () => {
  const doc = readFileSync(join(import.meta.dirname, '../../docs/overrides.schema.json'), 'utf8');
  expect(JSON.parse(doc)).toEqual(JSON.parse(renderOverridesSchema()));
});

/** A small generator of its own, so that a failure can be run again by its seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed >>> 0;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

const ODD = ['null', '[]', '{}', '-1', '1e999', 'true', '"x"', '"\\u0000"', '"__proto__"', '{"a":{"b":[]}}', '""', '[[[]]]'];

describe('fuzz', () => {
  it('10,000 mutations of a sound file: sound, or a failure that names the file; never anything else', () => {
    const text = JSON.stringify(GOOD, null, 1);
    let sound = 0;
    for (let seed = 1; seed <= 10_000; seed++) {
      const roll = dice(seed);
      let mutated = text;
      for (let times = 1 + roll(3); times > 0; times--) {
        const at = roll(mutated.length);
        const to = at + roll(20);
        const kind = roll(5);
        if (kind === 0) mutated = mutated.slice(0, at) + mutated.slice(to);
        else if (kind === 1) mutated = mutated.slice(0, at) + String.fromCharCode(roll(0x2000)) + mutated.slice(at + 1);
        else if (kind === 2) mutated = mutated.slice(0, at) + mutated.slice(roll(mutated.length)) + mutated.slice(at);
        else if (kind === 3) mutated = mutated.slice(0, at);
        else
          mutated = mutated.replace(/: ("[^"]*"|\d+|true)/g, (whole) => (roll(6) === 0 ? `: ${ODD[roll(ODD.length)]}` : whole));
      }
      const said = saidOf(mutated);
      if (said === '') sound++;
      else expect(said, `seed ${seed}`).toMatch(/^e\.json[: ]/);
    }
    expect(sound).toBeGreaterThan(100);
    expect(sound).toBeLessThan(9_000);
  });
});
