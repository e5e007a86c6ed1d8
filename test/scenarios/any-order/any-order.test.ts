/**
 * P2: one line, any order. Each cell is a process of its own on its own Node release: a real SDK, a program that imports it and `hindcast` in one of the orders, one
 * call a loaded copy against a local server. It must print what it would print without us, and leave one finished LLM event a call.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isBuilt } from '../../support/trees.ts';
import { type Cell, majorsHere, planCells, runCells, startServer, tableOf } from './matrix.ts';
import { RUNTIME_MAJORS } from '../../../scripts/runtimes.ts';

const MATRIX_TIMEOUT_MS = 600_000;
const absent = RUNTIME_MAJORS.filter((major) => !majorsHere().includes(major));
if (absent.length > 0)
  console.log(`Node ${absent.join(' and ')} is not here (node scripts/runtimes.ts installs it): its column is skipped.`);

describe.skipIf(!isBuilt())('P2 one line, any order', () => {
  let server: Awaited<ReturnType<typeof startServer>>;
  let cells: Cell[] = [];

  beforeAll(async () => {
    server = await startServer();
    cells = planCells();
  });
  afterAll(async () => {
    await server.stop();
    for (const tree of new Set(cells.map((cell) => cell.tree))) tree.remove();
  });

  it(
    'leaves one event a call in every cell',
    async () => {
      const results = await runCells(cells, server.url);
      console.log(tableOf(results));
      expect(results.length).toBe(cells.length);
      expect(results.length).toBeGreaterThan(0);
      expect(
        results.filter((result) => result.fault !== null).map(({ sdk, order, major, fault }) => ({ sdk, order, major, fault })),
      ).toEqual([]);
    },
    MATRIX_TIMEOUT_MS,
  );
});
