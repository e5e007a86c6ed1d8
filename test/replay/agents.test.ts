/** The agents of agents/, each recorded and replayed without a network. `scripts/replay-evidence.ts` does the same many times, under load, on other releases of Node. */
import { describe, expect, it } from 'vitest';
import { AGENTS } from './agents.ts';
import { forget, recordTrial, replayTrial } from './trials.ts';

const RUNS = Number(process.env['HINDCAST_TEST_RUNS'] ?? 2);

describe('R4, R5, R13 agents', () => {
  it.each(AGENTS)(`$name is replayed exactly, ${RUNS} of ${RUNS}, and connects to nothing`, async ({ file, drive }) => {
    for (let run = 0; run < RUNS; run++) {
      const recorded = await recordTrial(file, { drive });
      expect(recorded.calls).toBeGreaterThan(0);
      const { stdout, code, connections, summary } = await replayTrial(recorded);
      expect({ stdout, code, connections, summary }).toEqual({
        stdout: recorded.stdout,
        code: recorded.code,
        connections: 0,
        summary: expect.stringMatching(/^✓ .* answered from the recording/),
      });
      expect(summary).not.toMatch(/found by|code is not/);
      forget(recorded);
    }
  });
});
