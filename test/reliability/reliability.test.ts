/** The short form of what scripts/reliability.ts measures. */
import { describe, expect, it } from 'vitest';
import { BACKENDS, deliveryOf } from './delivery.ts';
import { FAULTS, faultOf, HOOKS } from './faults.ts';
import { loadOf } from './loads.ts';
import { placeOf, PLACES } from './surroundings.ts';
import { waysOut } from './ways.ts';
import { WAYS } from '../scenarios/ways-out/ways.ts';

const LONG = { timeout: 120_000 };

describe('T4 T5 killed at random points, and started again when the backend is well', () => {
  it.each(BACKENDS.map((backend, index) => [backend.name, index % 2 === 0 ? 'full' : 'metadata', backend] as const))(
    'backend: %s (%s)',
    LONG,
    async (_name, mode, backend) => {
      const row = await deliveryOf(backend, mode, 2);
      expect(row).toMatchObject({ lost: 0, doubled: 0, flushed: true });
      expect(row.finished).toBeGreaterThan(2);
      expect(row.delivered + row.refused).toBeGreaterThanOrEqual(row.finished);
      // An answer that nobody heard is the only reason to send a span again.
      if (backend.name === 'up') expect(row.sentAgain).toBeLessThanOrEqual(row.kills * 512);
      if (['503', '500', 'down: nobody listens'].includes(backend.name)) expect(row.sentAgain).toBe(0);
    },
  );
});

describe('S5 T7 a backend that never answers', () => {
  const ways = WAYS.filter(([way]) => ['natural', 'throw', 'exit3', 'worker', 'childFails', 'flushed'].includes(way));
  it('changes no way out', LONG, async () => {
    const rows = await waysOut(ways);
    expect(rows.map(({ way, same, delivered }) => [way, same, delivered])).toEqual(
      ways.map(([way]) => [way, [true, true, true], true]),
    );
  });
});

describe('T5 P12 places', () => {
  it.each(PLACES.map((place) => [place.name, place] as const))('%s', LONG, async (name, place) => {
    const row = await placeOf(place);
    if (row === null) return;
    expect(row).toMatchObject({ same: true, delivered: row.finished, doubled: 0 });
    const keeps = !/disk|read-only/.test(name);
    if (keeps) expect(row).toMatchObject({ recorded: row.finished, problems: 0, said: [] });
    else expect(row.said.join('\n')).toMatch(/cannot write|no space|ENOSPC/);
    if (!keeps) expect(row.recorded).toBeLessThan(row.finished);
  });
});

describe('P12 code of the app that is at fault', () => {
  it.each(HOOKS)('%s', LONG, async (hook) => {
    for (const fault of FAULTS) {
      const row = await faultOf(hook, fault);
      expect(row).toMatchObject({ hook, fault, same: true, events: 8 });
      expect(row.said.length, `${hook} ${fault}: ${row.said.join('\n')}`).toBeLessThanOrEqual(2);
      if (['throws', 'rejects', 'throwsNothing'].includes(fault)) expect(row.said.length, `${hook} ${fault}`).toBeGreaterThan(0);
    }
  });
});

describe('C6 loads', () => {
  it.each([
    ['flood', 20_000],
    ['payload', 20_000_000],
    ['chunks', 20_000],
    ['values', 2_000],
    ['sessions', 500],
  ] as const)('%s of %d', LONG, async (load, count) => {
    const row = await loadOf(load, count);
    expect(row).toMatchObject({ same: true, problems: 0, dropped: 0 });
    expect(row.recorded.files - row.bare.files).toBeLessThanOrEqual(3);
    expect(row.recorded.peakMb - row.bare.peakMb).toBeLessThan(200);
  });
});
